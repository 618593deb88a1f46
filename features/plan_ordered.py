"""The tables of the windows that need their events one by one, and what such a window must say."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from features.business_time import DAY_MS, MINUTE_MS
from features.definitions import Aggregation, Window
from features.errors import CatalogueError
from features.kinds import KINDS

ORDERED: Final[dict[Aggregation, int]] = {
    "latest": 0,
    "std": 1,
    "slope": 2,
    "percentile": 3,
    "gap_percentile": 4,
    "month_median": 5,
    "sum": 6,  # with a floor; without one it is a sum per kind
    "round_trip": 7,
    "lowest_total": 8,
}
UNIT_MS: Final = {"days": DAY_MS, "minutes": MINUTE_MS}
LONGEST_SLOPE_MS: Final = (1 << 34) - 1
"""198 days: an age in ms has 34 bits, like an amount."""
MOST_SOURCES: Final = 62

_NEEDS: Final[dict[str, frozenset[Aggregation]]] = {
    "of": frozenset({"distinct", "last", "lowest_total"}),
    "q_pct": frozenset({"percentile", "gap_percentile"}),
    "months": frozenset({"month_median"}),
    "floor_minor": frozenset({"round_trip"}),
    "against": frozenset({"round_trip"}),
}
_MAY: Final[dict[str, frozenset[Aggregation]]] = {
    "floor_minor": frozenset({"sum"}),
    "at_least": frozenset({"count", "distinct"}),
}


class Ordered(NamedTuple):
    """Tables of the kernel: what a source is, whose record concerns which, a row per window.

    Attributes:
        sources: The longest window in ms of each source: first those that need a list, then those
            of which only the newest event is asked for.
        lists: How many need a list.
        sources_of: The sources of a kind, as bits.
        group_of: The group of a kind: kinds of the same sources share one.
        groups_at: Where the groups of a source begin and, in the next word, end, counted from the
            table's own first word; then the groups of each source.
        scans: A row per window.
    """

    sources: list[int]
    lists: int
    sources_of: list[int]
    group_of: list[int]
    groups_at: list[int]
    scans: list[int]


def is_ordered(window: Window) -> bool:
    """Return whether a window needs each of its events, and not only sums per kind.

    >>> from features.catalogue import BY_NAME
    >>> window = BY_NAME["inflow_sum_minor_7d"]
    >>> isinstance(window, Window) and is_ordered(window)
    False
    """
    if window.aggregation == "sum":
        return window.floor_minor is not None
    return window.aggregation in ORDERED


def check_window(window: Window) -> None:
    """Refuse a window whose fields do not say what its aggregation needs, or say more.

    Raises:
        CatalogueError: naming the field.
    """
    for field, needing in _NEEDS.items():
        value = getattr(window, field)
        given = value is not None and value != frozenset()
        allowed = needing | _MAY.get(field, frozenset())
        if (given and window.aggregation not in allowed) or (
            not given and window.aggregation in needing
        ):
            raise CatalogueError(
                f"{window.name} needs `{field}` exactly where it is {_either(needing)}; "
                f"got {window.aggregation!r} with {field}={value!r}."
            )
    if window.at_least and window.aggregation not in _MAY["at_least"]:
        raise CatalogueError(
            f"{window.name} needs no `at_least`: only a count or distinct has one; "
            f"got {window.aggregation!r} with at_least={window.at_least!r}."
        )
    _check_numbers(window)


def _either(aggregations: frozenset[Aggregation]) -> str:
    return " or ".join(f"`{name}`" for name in sorted(aggregations))


def _check_numbers(window: Window) -> None:
    wrong = {
        "q_pct (1 to 100)": window.q_pct is not None and not 1 <= window.q_pct <= 100,  # noqa: PLR2004 - per cent
        "months (1 or more)": window.months is not None and window.months < 1,
        "floor_minor (1 or more)": window.floor_minor is not None and window.floor_minor < 1,
        "at_least (0 or more)": window.at_least < 0,
        "against (other kinds than where)": bool(window.against & window.where),
        "of (counterparty or account)": window.aggregation == "lowest_total"
        and window.of not in {"counterparty", "account"},
        "window_ms (at most 198 days)": window.aggregation == "slope"
        and window.window_ms > LONGEST_SLOPE_MS,
        "unit (days or minutes)": window.aggregation in {"gap_percentile", "since_last"}
        and window.unit not in UNIT_MS,
    }
    if bad := [name for name, is_wrong in wrong.items() if is_wrong]:
        raise CatalogueError(f"{window.name} needs another {', '.join(bad)}; got {window!r}.")


def ordered_tables(windows: Sequence[Window], column: dict[str, int]) -> Ordered:
    """Return the tables of the windows that need their events one by one.

    Raises:
        CatalogueError: there are more different filters among them than bits in a word.
    """
    mine = [window for window in windows if is_ordered(window)]
    readers: dict[frozenset[str], list[Window]] = {}
    for window in mine:
        for where in (window.where, window.against):
            if where:
                readers.setdefault(where, []).append(window)
    if len(readers) > MOST_SOURCES:
        raise CatalogueError(
            f"a plan lists events for {MOST_SOURCES} filters at most; got {len(readers)}. "
            "Let windows share a filter."
        )
    filters = sorted(readers, key=lambda where: _newest_only(readers[where]))
    number = {where: i for i, where in enumerate(filters)}
    of_kind = [tuple(number[where] for where in filters if kind in where) for kind in KINDS]
    group = {sources: i for i, sources in enumerate(dict.fromkeys(of_kind))}
    of_source = [[g for sources, g in group.items() if s in sources] for s in number.values()]
    ends = accumulate((len(each) for each in of_source), initial=len(filters) + 1)
    scans: list[int] = []
    for window in mine:
        parameter = window.q_pct or window.months or window.floor_minor or 0
        other = number[window.against] if window.against else -1
        per = UNIT_MS.get(window.unit, 1)
        place = (ORDERED[window.aggregation], number[window.where], column[window.name])
        scans += [*place, window.window_ms, parameter, per, other]
    return Ordered(
        sources=[max(window.window_ms for window in readers[where]) for where in filters],
        lists=sum(not _newest_only(readers[where]) for where in filters),
        sources_of=[sum(1 << source for source in each) for each in of_kind],
        group_of=[group[each] for each in of_kind],
        groups_at=[*ends, *(g for each in of_source for g in each)],
        scans=scans,
    )


def _newest_only(readers: Sequence[Window]) -> bool:
    return all(window.aggregation == "latest" for window in readers)
