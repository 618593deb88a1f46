"""`loan_intent_browse`: the customer looks for a loan: be the bank that is asked first."""

from collections.abc import Mapping

from contracts.topics import Topic
from decisions.moments.amounts import counted
from decisions.moments.rule import (
    HOUR_MS,
    EventKind,
    Evidence,
    MomentRule,
    Thresholds,
    at_least,
    known,
)
from decisions.situation import Situation, Trigger

_VIEWS = "loan_page_view_cnt_24h"
_CALCULATOR = "calculator_cnt_24h"
_LIMIT = "limit_query_cnt_24h"


def _evidence(situation: Situation, _trigger: Trigger, limits: Thresholds) -> Evidence | None:
    if (
        at_least(situation.number(_VIEWS), limits["loan_page_views_24h_at_least"])
        or at_least(situation.number(_CALCULATOR), limits["calculator_uses_24h_at_least"])
        or at_least(situation.number(_LIMIT), limits["limit_queries_24h_at_least"])
    ):
        return Evidence(known(situation, _VIEWS, _CALCULATOR, _LIMIT))
    return None


def _counts(numbers: Mapping[str, float]) -> tuple[int, int, int]:
    return (
        int(numbers.get(_VIEWS, 0)),
        int(numbers.get(_CALCULATOR, 0)),
        int(numbers.get(_LIMIT, 0)),
    )


def _why_zh(numbers: Mapping[str, float]) -> str:
    views, calculator, limit = _counts(numbers)
    said = [
        f"浏览贷款页{views}次" if views else "",
        f"试算{calculator}次" if calculator else "",
        f"查询额度{limit}次" if limit else "",
    ]
    return "近24小时" + "、".join(part for part in said if part)


def _why_en(numbers: Mapping[str, float]) -> str:
    views, calculator, limit = _counts(numbers)
    said = [
        counted(views, "loan page view", "loan page views"),
        counted(calculator, "use of the calculator", "uses of the calculator"),
        counted(limit, "limit query", "limit queries"),
    ]
    return "in the last 24 hours: " + ", ".join(part for part in said if part)


LOAN_INTENT_BROWSE = MomentRule(
    name="loan_intent_browse",
    on=(EventKind(Topic.APP_EVENTS, "page"), EventKind(Topic.APP_EVENTS, "calculator")),
    states=frozenset(
        {
            "no_account",
            "account_no_loan",
            "approved_undrawn",
            "drawn_active",
            "settled",
            "declined",
        }
    ),
    thresholds={
        "loan_page_views_24h_at_least": 3,
        "calculator_uses_24h_at_least": 1,
        "limit_queries_24h_at_least": 1,
    },
    evidence=_evidence,
    why_zh=_why_zh,
    why_en=_why_en,
    refractory_ms=48 * HOUR_MS,
    expiry_ms=24 * HOUR_MS,
)
"""Not while `applying`: that customer has asked already; nor while `overdue` or in `collection`."""
