"""The table of the windows: a row each, over groups of kinds; and what a window must say."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from features.business_time import DAY_MS, MINUTE_MS
from features.definitions import Aggregation, Window
from features.errors import CatalogueError
from features.kernel import ROW_WORDS
from features.kinds import CODES, KINDS

CODED: Final[tuple[Aggregation, ...]] = (
    "count",
    "sum",
    "min",
    "max",
    "since_last",
    "latest",
    "distinct",
    "last",
    "std",
    "slope",
    "month_median",
    "percentile",
    "gap_percentile",
    "round_trip",
    "lowest_total",
)
"""An aggregation's place is its code in the kernel; a sum from a floor has the next code."""

UNIT_MS: Final = {"days": DAY_MS, "minutes": MINUTE_MS}
LONGEST_SLOPE_MS: Final = (1 << 34) - 1
"""198 days: an age in ms has 34 bits, like an amount."""

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


class Rows(NamedTuple):
    """Tables of the kernel.

    Attributes:
        spans: The lengths in ms of the windows, shortest first.
        groups: How many groups of kinds there are: kinds that the same filters name share one.
        group_of: The group of a kind.
        members: The groups of each filter, one filter after the other.
        rows_at: Where the rows of each aggregation begin, and where the last one ends.
        rows: What is computed from which of them: `ROW_WORDS` a window.
    """

    spans: list[int]
    groups: int
    group_of: list[int]
    members: list[int]
    rows_at: list[int]
    rows: list[int]


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


def window_rows(
    windows: Sequence[Window], column: Mapping[str, int], flag: Callable[[Window], int]
) -> Rows:
    """Return the tables of the windows, those of one aggregation one after the other.

    `flag` says which flag of a record means "the latest of its key", where a window counts keys.
    """
    filters = list(dict.fromkeys(f for window in windows for f in (window.where, window.against)))
    naming = [tuple(kind in each for each in filters) for kind in KINDS]
    number = {names: group for group, names in enumerate(dict.fromkeys(naming))}
    group_of = [number[names] for names in naming]
    spans = sorted({window.window_ms for window in windows})
    members: list[int] = []
    place: dict[frozenset[str], tuple[int, int]] = {}
    for each in filters:
        first = len(members)
        members += sorted({group_of[CODES[kind]] for kind in each})
        place[each] = (first, len(members))
    rows = [
        (
            _code(window),
            *place[window.where],
            column[window.name],
            spans.index(window.window_ms),
            window.q_pct or window.months or window.floor_minor or window.at_least,
            UNIT_MS.get(window.unit, 1),
            flag(window),
            *place[window.against],
        )
        for window in windows
    ]
    rows.sort()
    codes = [row[0] for row in rows]
    rows_at = [ROW_WORDS * bisect_left(codes, code) for code in range(len(CODED) + 2)]
    return Rows(spans, len(number), group_of, members, rows_at, [*chain.from_iterable(rows)])


def _code(window: Window) -> int:
    if window.aggregation == "sum" and window.floor_minor is not None:
        return len(CODED)
    return CODED.index(window.aggregation)
