"""Features of behaviour: what the customer does in the app, and what we did to the customer."""

from typing import Final

from features.definitions import CREDIT, FRAUD, MARKETING, Feature, Formula, Window
from features.families import SPANS_MS, counts, each
from features.kinds import APPLY, TOUCH, kinds

APP: Final[tuple[Feature, ...]] = (
    *counts(
        "loan_page_view_cnt_{}",
        "1h",
        "24h",
        "7d",
        where=kinds("loan_page_view"),
        why="Interest in a loan.",
        use=MARKETING,
    ),
    Window(
        name="loan_page_day_cnt_7d",
        unit="count",
        aggregation="distinct",
        where=kinds("loan_page_view"),
        window_ms=SPANS_MS["7d"],
        of="business_day",
        why="Interest that returns: on how many days (UTC+8) a loan page was seen.",
        permitted_use=MARKETING,
    ),
    *counts(
        "calculator_cnt_{}",
        "24h",
        where=kinds("calculator"),
        why="Interest with numbers in mind.",
        use=MARKETING,
    ),
    *counts(
        "limit_query_cnt_{}",
        "24h",
        where=kinds("limit_query"),
        why="Asks how much; many at night may be a takeover.",
        use=MARKETING | FRAUD,
    ),
    *counts(
        "apply_start_cnt_{}",
        "30d",
        where=kinds("apply_start"),
        why="Applications begun.",
        use=MARKETING | FRAUD,
    ),
    *each(
        "minutes_since_apply_activity",
        "30d",
        unit="minutes",
        aggregation="since_last",
        where=APPLY,
        why="How warm an application is: since it was begun, moved on or submitted in the app. "
        "Missing after 30 days.",
        use=MARKETING,
    ),
    Formula(
        name="night_session_ratio_7d",
        unit="ratio",
        over=("night_session_cnt_7d",),
        under=("session_cnt_7d",),
        why="Share of app openings between 00:00 and 05:59 (UTC+8): stress, or a takeover.",
        permitted_use=CREDIT | FRAUD,
    ),
    *counts(
        "face_fail_cnt_{}",
        "24h",
        where=kinds("face_fail"),
        why="Face checks that failed: a takeover.",
        use=FRAUD,
    ),
)

CONTACT: Final[tuple[Feature, ...]] = (
    *counts(
        "touch_cnt_{}",
        "1d",
        "7d",
        "30d",
        where=TOUCH,
        why="Our own pressure: app and sms messages sent, WeCom messages and calls by "
        "a manager, calls dialled.",
        use=MARKETING,
    ),
    *counts(
        "touch_app_cnt_{}",
        "1d",
        "7d",
        "30d",
        where=kinds("touch_app"),
        why="Our pressure in the app: messages sent there.",
        use=MARKETING,
    ),
    *counts(
        "touch_sms_cnt_{}",
        "1d",
        "7d",
        "30d",
        where=kinds("touch_sms"),
        why="Our pressure by text: messages sent.",
        use=MARKETING,
    ),
    *counts(
        "touch_wecom_cnt_{}",
        "1d",
        "7d",
        "30d",
        where=kinds("touch_wecom"),
        why="Our pressure in WeCom: messages and calls by a manager.",
        use=MARKETING,
    ),
    *counts(
        "touch_call_cnt_{}",
        "1d",
        "7d",
        "30d",
        where=kinds("touch_call"),
        why="Our pressure by telephone: calls dialled, whoever dialled.",
        use=MARKETING,
    ),
    *each(
        "days_since_last_touch",
        "90d",
        unit="days",
        aggregation="since_last",
        where=TOUCH,
        why="Fatigue. Missing after 90 days.",
        use=MARKETING,
    ),
    *each(
        "days_since_reject",
        "180d",
        unit="days",
        aggregation="since_last",
        where=kinds("reject"),
        why="Cool-off after the customer said no. Missing after 180 days.",
        use=MARKETING,
    ),
    *counts(
        "complaint_cnt_{}",
        "90d",
        where=kinds("complaint"),
        why="Leave alone. It must never count against credit.",
        use=MARKETING,
    ),
    Formula(
        name="wecom_reply_ratio_30d",
        unit="ratio",
        over=("wecom_reply_cnt_30d",),
        under=("touch_wecom_cnt_30d",),
        why="Dialogue: WeCom messages in over messages and calls out.",
        permitted_use=MARKETING,
    ),
)
