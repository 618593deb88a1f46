"""What a posting was for, where its source does not say: one table of rules, first match counts.

The rules read codes alone, never a text. Merchant categories are those of ISO 18245. A rule says
how often it is right, as a starting value without data behind it; what is left is `other`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from contracts.transactions import PurposeClass

LEAST_BPS: Final = 5_000
"""A purpose of which its source is less sure than this is inferred anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the table; what is None or empty is not looked at.

    `mcc` are ranges of merchant categories, both ends included.
    """

    purpose: PurposeClass
    confidence_bps: int
    direction: Literal["in", "out"] | None = None
    counterparty: str | None = None
    channels: frozenset[str] = frozenset()
    mcc: tuple[tuple[int, int], ...] = ()


def _shop(purpose: PurposeClass, confidence_bps: int, *mcc: int | tuple[int, int]) -> Rule:
    ranges = tuple((code, code) if isinstance(code, int) else code for code in mcc)
    return Rule(purpose=purpose, confidence_bps=confidence_bps, direction="out", mcc=ranges)


RULES: Final[tuple[Rule, ...]] = (
    # who is on the other side
    Rule(purpose="own_transfer", confidence_bps=9_000, counterparty="self"),
    Rule(
        purpose="loan_inflow_external",
        confidence_bps=9_000,
        direction="in",
        counterparty="lender",
    ),
    Rule(
        purpose="loan_repayment_external",
        confidence_bps=9_000,
        direction="out",
        counterparty="lender",
    ),
    # what is sold there
    _shop("gambling_like", 9_000, 7_995, (7_800, 7_802)),
    _shop("medical", 9_000, (8_011, 8_099), 5_912, 4_119),
    _shop("education", 9_000, (8_211, 8_299), 8_351),
    _shop("travel", 8_000, (3_000, 3_999), 4_112, 4_411, 4_511, 4_722, 7_011, 7_012),
    _shop("vehicle", 8_000, (5_511, 5_599), (7_531, 7_538), 5_172, 7_542),
    _shop("renovation", 7_000, (1_520, 1_799), (5_200, 5_251), (5_712, 5_722), 7_641),
    _shop("property", 7_000, 6_513, 6_531, 7_013),
    _shop("utilities", 9_000, 4_900, 4_812, 4_814, 4_899),
    _shop("insurance", 9_000, 6_300, 5_960),
    _shop("securities", 9_000, 6_211),
    _shop("tax", 9_000, 9_311),
    _shop("fee", 6_000, 9_211, 9_222, 9_399),
    # how it was paid
    Rule(
        purpose="customer_receipt",
        confidence_bps=7_000,
        direction="in",
        counterparty="person",
        channels=frozenset({"pos", "qr"}),
    ),
)


@lru_cache(maxsize=4_096)
def infer_purpose(
    direction: str,
    counterparty: str | None = None,
    channel: str | None = None,
    mcc: str | None = None,
) -> tuple[PurposeClass, int]:
    """Return what a posting was probably for, and how sure that is in ten-thousandths.

    >>> infer_purpose("out", mcc="8062")
    ('medical', 9000)
    >>> infer_purpose("in", counterparty="person", channel="qr")
    ('customer_receipt', 7000)
    >>> infer_purpose("in", counterparty="person")
    ('other', 0)
    """
    category = int(mcc) if mcc is not None and mcc.isascii() and mcc.isdigit() else None
    for rule in RULES:
        if (
            rule.direction in {None, direction}
            and rule.counterparty in {None, counterparty}
            and (not rule.channels or channel in rule.channels)
            and (not rule.mcc or (category is not None and _within(rule, category)))
        ):
            return rule.purpose, rule.confidence_bps
    return "other", 0


def _within(rule: Rule, category: int) -> bool:
    return any(low <= category <= high for low, high in rule.mcc)
