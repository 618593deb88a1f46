"""Features of what others know: merchants, shared devices, chains, benefits, invitations, loans."""

from typing import Final

from features.definitions import CREDIT, FRAUD, MARKETING, Feature, Formula, Window
from features.families import SPANS_MS, counts, each, sums
from features.kinds import kinds

MERCHANT: Final[tuple[Feature, ...]] = (
    *sums(
        "settle_sum_minor_{}",
        "30d",
        "90d",
        where=kinds("settle"),
        why="What the card network settled to the customer's enterprises.",
        use=MARKETING | CREDIT,
    ),
    Formula(
        name="settle_growth_ratio",
        unit="ratio",
        over=("settle_sum_minor_30d",),
        under=("settle_sum_minor_60d",),
        under_less=("settle_sum_minor_30d",),
        why="A merchant that grows: settled in 30 days over the 30 days before, so that 1.2 is a "
        "fifth more. Missing without sales in the earlier window.",
        permitted_use=MARKETING | CREDIT,
    ),
    Window(
        name="settle_active_days_30d",
        unit="count",
        aggregation="distinct",
        where=kinds("settle"),
        window_ms=SPANS_MS["30d"],
        of="business_day",
        why="On how many days (UTC+8) something was settled: growth of a shop that is open.",
        permitted_use=MARKETING | CREDIT,
    ),
    Formula(
        name="refund_ratio_30d",
        unit="ratio",
        over=("refund_sum_minor_30d",),
        under=("settle_sum_minor_30d",),
        why="Refunds over settlements: sales that were none. Missing without settlements.",
        permitted_use=MARKETING | CREDIT,
    ),
)

SHARING: Final[tuple[Feature, ...]] = (
    *each(
        "device_customer_cnt_{}",
        "7d",
        unit="count",
        aggregation="max",
        where=kinds("device_customers"),
        why="The most customers on one of the customer's devices, as a device told it in 7 days. "
        "Missing where no device told of a second one.",
        use=FRAUD,
    ),
    *each(
        "ip_customer_cnt_{}",
        "1h",
        unit="count",
        aggregation="max",
        where=kinds("ip_customers"),
        why="The most customers at one of the customer's network addresses, as told within the "
        "hour. Missing where no address told of a second one.",
        use=FRAUD,
    ),
    Window(
        name="referral_invited_cnt_30d",
        unit="count",
        aggregation="distinct",
        where=kinds("referral_invited"),
        window_ms=SPANS_MS["30d"],
        of="counterparty",
        why="How many people the customer invited; very many are a ring or a robot.",
        permitted_use=MARKETING | FRAUD,
    ),
    Window(
        name="referral_drawn_cnt_180d",
        unit="count",
        aggregation="distinct",
        where=kinds("referral_drawn"),
        window_ms=SPANS_MS["180d"],
        of="counterparty",
        why="How many of the invited drew a loan: a customer whose word counts.",
        permitted_use=MARKETING,
    ),
    Window(
        name="chain_partner_drawn_cnt_90d",
        unit="count",
        aggregation="distinct",
        where=kinds("chain_drawn"),
        window_ms=SPANS_MS["90d"],
        of="counterparty",
        at_least=3,
        why="How many trading partners' owners drew their first loan: what the chain needs now. "
        "Missing below three, so that nobody can be recognised in it.",
        permitted_use=MARKETING,
    ),
)

BENEFITS: Final[tuple[Feature, ...]] = (
    Window(
        name="benefit_unused_cnt",
        unit="count",
        aggregation="last",
        where=kinds("benefit"),
        window_ms=SPANS_MS["90d"],
        of="account",
        why="Benefits granted or claimed within 90 days and neither used nor expired since, each "
        "by its last word: a hook that is already paid for. Missing where none was granted.",
        permitted_use=MARKETING,
    ),
    *counts(
        "branch_visit_cnt_{}",
        "30d",
        where=kinds("branch_visit"),
        why="Comes to the branch: where to meet the customer.",
        use=MARKETING,
    ),
)

LOANS: Final[tuple[Feature, ...]] = (
    Window(
        name="own_application_cnt_180d",
        unit="count",
        aggregation="distinct",
        where=kinds("loan_applied"),
        window_ms=SPANS_MS["180d"],
        of="counterparty",
        why="Applications that the bank took up, each once.",
        permitted_use=MARKETING | CREDIT | FRAUD,
    ),
    Window(
        name="own_decline_cnt_180d",
        unit="count",
        aggregation="distinct",
        where=kinds("loan_declined"),
        window_ms=SPANS_MS["180d"],
        of="counterparty",
        why="Applications that the bank refused, each once.",
        permitted_use=MARKETING | CREDIT,
    ),
    *each(
        "days_since_own_decline",
        "180d",
        unit="days",
        aggregation="since_last",
        where=kinds("loan_declined"),
        why="Leave alone after our own no. Missing after 180 days.",
        use=MARKETING | CREDIT,
    ),
    *each(
        "own_dpd_max_days_{}",
        "180d",
        unit="days",
        aggregation="max",
        where=kinds("own_dpd"),
        why="The worst days past due that a loan with us was reported with. Missing without a "
        "loan under monitoring.",
        use=CREDIT,
    ),
)

BUREAU: Final[tuple[Feature, ...]] = (
    *each(
        "days_since_bureau_report",
        "90d",
        unit="days",
        aggregation="since_last",
        where=kinds("bureau_query"),
        why="How old the bureau's word is. Missing after 90 days.",
        use=CREDIT,
    ),
)

TERMS_OF_SIGNALS: Final[tuple[Feature, ...]] = (
    *sums(
        "settle_sum_minor_{}",
        "60d",
        where=kinds("settle"),
        why="A term of settle_growth_ratio.",
        use=MARKETING | CREDIT,
        served=False,
    ),
    *sums(
        "refund_sum_minor_{}",
        "30d",
        where=kinds("refund"),
        why="A term of refund_ratio_30d.",
        use=MARKETING | CREDIT,
        served=False,
    ),
)
