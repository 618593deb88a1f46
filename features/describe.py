"""A feature in words, for the reference page and for whoever asks what a number means."""

from features.catalogue import BY_NAME
from features.definitions import Formula, Window
from features.describe_relations import relation_words
from features.kinds import KINDS

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


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
    where = ", ".join(kind for kind in KINDS if kind in window.where)
    of = f" {window.of}" if window.of else ""
    span = (
        f"{window.window_ms // _DAY_MS} days"
        if window.window_ms > _DAY_MS
        else f"{window.window_ms // _HOUR_MS} h"
    )
    return f"{window.aggregation}{of} of {where}\n  in the last {span}"


def _formula(formula: Formula) -> str:
    over = _difference(formula.over, formula.less)
    times = f" * {formula.times}" if formula.times != 1 else ""
    under = _difference(formula.under, formula.under_less) if formula.under else ""
    per = str(formula.per) if formula.per != 1 else ""
    divisor = " * ".join(part for part in (under, per) if part)
    plus = f" {formula.plus:+d}" if formula.plus else ""
    return f"{over}{times}{' / ' + divisor if divisor else ''}{plus}"


def _difference(terms: tuple[str, ...], less: tuple[str, ...]) -> str:
    text = " - ".join([" + ".join(terms), *less])
    return f"({text})" if len(terms) + len(less) > 1 else text
