"""Families of windows that differ only in how far back they reach."""

from typing import Final

from contracts.uses import Use
from features.business_time import DAY_MS, HOUR_MS
from features.definitions import ANY_USE, Aggregation, Unit, Window

SPANS_MS: Final = {
    "1h": HOUR_MS,
    "24h": DAY_MS,
    **{f"{n}d": n * DAY_MS for n in (1, 7, 14, 30, 60, 90, 180)},
}


def each(
    pattern: str,
    *spans: str,
    unit: Unit,
    aggregation: Aggregation,
    where: frozenset[str],
    why: str,
    use: frozenset[Use],
    served: bool = True,
) -> tuple[Window, ...]:
    """Return one window per span, the span written into the name."""
    return tuple(
        Window(
            name=pattern.format(span),
            unit=unit,
            aggregation=aggregation,
            where=where,
            window_ms=SPANS_MS[span],
            why=why,
            permitted_use=use,
            served=served,
        )
        for span in spans
    )


def sums(
    pattern: str,
    *spans: str,
    where: frozenset[str],
    why: str,
    use: frozenset[Use] = ANY_USE,
    served: bool = True,
) -> tuple[Window, ...]:
    """Return sums of money in minor units, one per span."""
    return each(
        pattern,
        *spans,
        unit="minor",
        aggregation="sum",
        where=where,
        why=why,
        use=use,
        served=served,
    )


def counts(
    pattern: str,
    *spans: str,
    where: frozenset[str],
    why: str,
    use: frozenset[Use],
    served: bool = True,
) -> tuple[Window, ...]:
    """Return counts of events, one per span."""
    return each(
        pattern,
        *spans,
        unit="count",
        aggregation="count",
        where=where,
        why=why,
        use=use,
        served=served,
    )
