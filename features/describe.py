"""A feature in words, for the reference page and for whoever asks what a number means."""

from features.catalogue import BY_NAME
from features.definitions import Formula, Window
from features.describe_relations import relation_words
from features.kinds import KINDS

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_WORDS = {
    "since_last": "time since the last",
    "last": "latest amount of each",
    "latest": "latest amount",
    "std": "standard deviation",
    "slope": "least-squares slope per day",
    "lowest_total": "lowest total of the latest amounts of each",
}
"""Where the aggregation's name does not say it already."""


def describe(name: str) -> str:
    """Return what a feature is, in a few lines of text.

    Raises:
        KeyError: no feature has that name.

    >>> print(describe("touch_cnt_7d"))
    touch_cnt_7d (count): count of touch_app, touch_sms, touch_call, touch_wecom
      in the last 7 days. Nothing happened: 0. Permitted use: marketing.
      Our own pressure: ...
    """
    feature = BY_NAME[name]
    uses = ", ".join(sorted(feature.permitted_use)) or "none"
    nothing = "0" if feature.null_policy == "zero" else "missing"
    match feature:
        case Window():
            what = _window(feature)
        case Formula():
            what = _formula(feature)
        case _:
            what = relation_words(feature)
    return (
        f"{name} ({feature.unit}): {what}. Nothing happened: {nothing}. "
        f"Permitted use: {uses}.\n  {feature.why}"
    )


def _window(window: Window) -> str:
    where = _kinds(window.where)
    match window.aggregation:
        case "round_trip":
            what = (
                f"what outflows ({_kinds(window.against)})\n  can take, each after it and once, of "
                f"inflows of {window.floor_minor} or more ({where})"
            )
        case "sum" if window.floor_minor is not None:
            what = f"sum of what is {window.floor_minor} or more of {where}"
        case "percentile":
            what = f"percentile {window.q_pct} (nearest rank) of {where}"
        case "gap_percentile":
            what = f"percentile {window.q_pct} (nearest rank) of the {window.unit} between {where}"
        case "month_median":
            what = f"median of the last {window.months} monthly totals (UTC+8) of {where}"
        case _:
            of = f" {window.of}" if window.of else ""
            what = f"{_WORDS.get(window.aggregation, window.aggregation)}{of} of {where}"
    enough = f", missing below {window.at_least}" if window.at_least else ""
    return f"{what}\n  in the last {_span(window.window_ms)}{enough}"


def _kinds(of: frozenset[str]) -> str:
    return ", ".join(kind for kind in KINDS if kind in of)


def _span(window_ms: int) -> str:
    if window_ms > _DAY_MS:
        return f"{window_ms // _DAY_MS} days"
    if window_ms >= _HOUR_MS:
        return f"{window_ms // _HOUR_MS} h"
    return f"{window_ms // _MINUTE_MS} min"


def _formula(formula: Formula) -> str:
    over = _difference(formula.over, formula.less)
    times = f" * {formula.times}" if formula.times != 1 else ""
    under = _difference(formula.under, formula.under_less) if formula.under else ""
    per = str(formula.per) if formula.per != 1 else ""
    divisor = " * ".join(part for part in (under, per) if part)
    plus = f" {formula.plus:+d}" if formula.plus else ""
    most = "" if formula.at_most is None else f", at most {formula.at_most:g}"
    return f"{over}{times}{' / ' + divisor if divisor else ''}{plus}{most}"


def _difference(terms: tuple[str, ...], less: tuple[str, ...]) -> str:
    text = " - ".join([" + ".join(terms), *less])
    return f"({text})" if len(terms) + len(less) > 1 else text
