"""The second oracle: every feature by SQL over the lines as they arrived, all histories at once.

The statement is written from the definitions and runs in DuckDB. It shares nothing with the slow
definition or the kernel but the words of `features.definitions`, and works most things out another
way: sets instead of loops, DuckDB's calendar, round trips as the largest suffix sum. Money that
comes in is taken by what goes out later; what is left at the end is the largest amount by which,
from some inflow on, more came in than went out (Lindley 1952, "The theory of queues with a single
server", Math. Proc. Camb. Phil. Soc. 48).
"""

# ruff: noqa: S608 - the statements are made of our own catalogue's names and numbers

import math
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from features.definitions import Aggregation, Feature, Formula, Window
from features.kinds import KINDS
from features.log import Step
from features.log_event import ADD, REVERSAL, LogEvent

Coordinate = tuple[int, int]
"""Which history, and after which of its steps."""

_TABLES = """
CREATE TABLE lines (
    history INTEGER, step INTEGER, arrival INTEGER, kind VARCHAR, occurred_ms BIGINT,
    stated_ms BIGINT, key BIGINT, amount BIGINT, id BIGINT, op INTEGER, ref_ms BIGINT, ref BIGINT
);
CREATE TABLE reads (read INTEGER, history INTEGER, step INTEGER, at_ms BIGINT);
"""

_SEEN = f"""
CREATE TABLE seen AS
WITH once AS (
    SELECT * FROM lines WHERE op <> {REVERSAL}
    QUALIFY row_number() OVER (
        PARTITION BY history, stated_ms, id, kind, amount ORDER BY arrival
    ) = 1
), struck AS (
    SELECT history, ref_ms, ref, min(step) AS step
    FROM lines WHERE op <> {ADD} GROUP BY history, ref_ms, ref
), placed AS (
    SELECT
        once.*,
        struck.step AS gone,
        row_number() OVER (PARTITION BY once.history ORDER BY occurred_ms, arrival) AS place,
        epoch_ms(occurred_ms + 8 * 3600000) AS business_time
    FROM once LEFT JOIN struck
        ON struck.history = once.history AND struck.ref_ms = once.stated_ms AND struck.ref = once.id
)
SELECT
    reads.read, reads.at_ms, placed.kind, placed.occurred_ms, placed.amount, placed.place,
    placed.key AS counterparty, placed.key AS account,
    placed.business_time::DATE AS business_day,
    date_trunc('month', placed.business_time) AS business_month
FROM reads JOIN placed
    ON placed.history = reads.history
    AND placed.step <= reads.step
    AND (placed.gone IS NULL OR placed.gone > reads.step)
    AND placed.occurred_ms <= reads.at_ms
"""


class DuckDbOracle:
    """Lines of many histories in DuckDB, and every feature after every step of each.

    Args:
        histories: The steps of each; `ops` says of a line whether it adds, reverses or corrects.
    """

    def __init__(self, histories: Sequence[Sequence[Step]]) -> None:
        self._coordinates = [
            (history, step) for history, steps in enumerate(histories) for step in range(len(steps))
        ]
        lines = [
            (history, step, event)
            for history, steps in enumerate(histories)
            for step, (events, _) in enumerate(steps)
            for event in events
        ]
        reads = [at_ms for steps in histories for _, at_ms in steps]
        self._duckdb = duckdb.connect()
        self._duckdb.execute("SET threads = 1")
        self._duckdb.execute(_TABLES)
        self._insert("lines", _columns_of(lines))
        self._insert(
            "reads",
            {
                "read": np.arange(len(reads)),
                "history": np.array([history for history, _ in self._coordinates]),
                "step": np.array([step for _, step in self._coordinates]),
                "at_ms": np.array(reads),
            },
        )
        self._duckdb.execute(_SEEN)

    def read(self, catalogue: Sequence[Feature]) -> dict[Coordinate, list[float]]:
        """Return every served feature after every step, in the order of the catalogue."""
        windows = [feature for feature in catalogue if isinstance(feature, Window)]
        formulas = [feature for feature in catalogue if isinstance(feature, Formula)]
        served = [f.name for f in catalogue if isinstance(f, Formula) or f.served]
        said = "\nUNION ALL ".join(_window(window, i) for i, window in enumerate(windows))
        columns = ", ".join(f"v[{i + 1}] AS {window.name}" for i, window in enumerate(windows))
        worked_out = "".join(f", {_formula(formula)} AS {formula.name}" for formula in formulas)
        found = self._duckdb.execute(
            f"""
            WITH said AS ({said}), lists AS (
                SELECT read, list(value ORDER BY number) AS v FROM said GROUP BY read
            ), wide AS (SELECT read, {columns} FROM lists)
            SELECT {", ".join(served)} FROM (SELECT *{worked_out} FROM wide) ORDER BY read
            """
        ).fetchall()
        return {
            coordinate: [math.nan if value is None else value for value in row]
            for coordinate, row in zip(self._coordinates, found, strict=True)
        }

    def close(self) -> None:
        """Let go of the tables."""
        self._duckdb.close()

    def _insert(self, table: str, columns: dict[str, npt.NDArray[Any]]) -> None:
        self._duckdb.register("given", columns)
        self._duckdb.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        self._duckdb.unregister("given")


def _columns_of(lines: Sequence[tuple[int, int, LogEvent]]) -> dict[str, npt.NDArray[Any]]:
    return {
        "history": np.array([history for history, _, _ in lines]),
        "step": np.array([step for _, step, _ in lines]),
        "arrival": np.arange(len(lines)),
        "kind": np.array([KINDS[event.kind] for *_, event in lines], dtype=object),
        "occurred_ms": np.array([event.occurred_at_ms for *_, event in lines]),
        "stated_ms": np.array([event.stated_at_ms for *_, event in lines]),
        "key": np.array([event.key_hash for *_, event in lines]),
        "amount": np.array([event.amount_minor for *_, event in lines]),
        "id": np.array([event.id_hash for *_, event in lines]),
        "op": np.array([event.op for *_, event in lines]),
        "ref_ms": np.array([event.ref_at_ms for *_, event in lines]),
        "ref": np.array([event.ref_id_hash for *_, event in lines]),
    }


def _window(window: Window, number: int) -> str:
    """Return a query of (read, number, value): one row per read, also where nothing happened."""
    inside = _inside(window.where | window.against, window.window_ms)
    found = AGGREGATIONS[window.aggregation](window, inside)
    value = "found.value"
    if window.at_least:
        value = f"CASE WHEN found.value >= {window.at_least} THEN found.value END"
    elif window.null_policy == "zero":
        value = "coalesce(found.value, 0)"
    return (
        f"SELECT reads.read, {number} AS number, {value}::DOUBLE AS value "
        f"FROM reads LEFT JOIN ({found}) AS found ON found.read = reads.read"
    )


def _inside(kinds: frozenset[str], window_ms: int) -> str:
    names = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    return f"(SELECT * FROM seen WHERE kind IN ({names}) AND occurred_ms > at_ms - {window_ms})"


def _formula(formula: Formula) -> str:
    over = _one_by_one(formula.over, formula.less)
    per = f"{formula.per}::DOUBLE"
    if formula.under:
        per = f"nullif({_one_by_one(formula.under, formula.under_less)} * {per}, 0)"
    value = f"({over} * {formula.times}::DOUBLE / {per} + {formula.plus}::DOUBLE)"
    if formula.at_most is None:
        return value
    return f"CASE WHEN {value} > {formula.at_most} THEN {formula.at_most}::DOUBLE ELSE {value} END"


def _one_by_one(plus: Sequence[str], less: Sequence[str]) -> str:
    text = "0.0::DOUBLE"
    for name in plus:
        text = f"({text} + {name})"
    for name in less:
        text = f"({text} - {name})"
    return text


def _nearest(whole: str) -> str:
    """Return the nearest double of a whole number: DuckDB's cast of 128 bits rounds twice."""
    return f"({whole})::VARCHAR::DOUBLE"


def _per(unit: str) -> int:
    return {"days": 86_400_000, "minutes": 60_000}[unit]


def _simple(value: str) -> Callable[[Window, str], str]:
    return lambda _, inside: f"SELECT read, {value} AS value FROM {inside} GROUP BY read"


def _sum(window: Window, inside: str) -> str:
    floor = "" if window.floor_minor is None else f" FILTER (amount >= {window.floor_minor})"
    return f"SELECT read, sum(amount){floor}::BIGINT AS value FROM {inside} GROUP BY read"


def _since_last(window: Window, inside: str) -> str:
    age = "max(at_ms) - max(occurred_ms)"
    return f"SELECT read, ({age}) / {_per(window.unit)} AS value FROM {inside} GROUP BY read"


def _distinct(window: Window, inside: str) -> str:
    return f"SELECT read, count(DISTINCT {window.of}) AS value FROM {inside} GROUP BY read"


def _last(window: Window, inside: str) -> str:
    latest = f"SELECT read, arg_max(amount, place) AS x FROM {inside} GROUP BY read, {window.of}"
    return f"SELECT read, sum(x)::BIGINT AS value FROM ({latest}) GROUP BY read"


def _ranked(window: Window, what: str, source: str) -> str:
    rank = f"greatest(1, ({window.q_pct} * count({what}) + 99) // 100)"
    return f"SELECT read, list_sort(list({what}))[{rank}] AS value FROM {source} GROUP BY read"


def _percentile(window: Window, inside: str) -> str:
    return _ranked(window, "amount", inside)


def _gap_percentile(window: Window, inside: str) -> str:
    gaps = f"""(
        SELECT read, occurred_ms - lag(occurred_ms) OVER (PARTITION BY read ORDER BY place) AS gap
        FROM {inside} QUALIFY gap IS NOT NULL
    )"""
    ranked = _ranked(window, "gap", gaps)
    return f"SELECT read, value / {_per(window.unit)} AS value FROM ({ranked})"


def _month_median(window: Window, inside: str) -> str:
    return f"""
        SELECT read, (x[(len(x) + 1) // 2] + x[len(x) // 2 + 1]) / 2 AS value
        FROM (
            SELECT read, list_sort(list(total)) AS x
            FROM (
                SELECT read, sum(amount)::BIGINT AS total
                FROM {inside} GROUP BY read, business_month
                QUALIFY row_number() OVER (PARTITION BY read ORDER BY business_month DESC)
                    <= {window.months}
            ) GROUP BY read
        )
    """


def _round_trip(window: Window, inside: str) -> str:
    incoming = ", ".join(f"'{kind}'" for kind in sorted(window.where))
    return f"""
        SELECT
            read,
            (sum(flow) FILTER (flow > 0) - greatest(0, max(left_over)))::BIGINT AS value
        FROM (
            SELECT read, flow, sum(flow) OVER (
                PARTITION BY read ORDER BY occurred_ms DESC, comes_in, place
                ROWS UNBOUNDED PRECEDING
            ) AS left_over
            FROM (
                SELECT
                    read, occurred_ms, place, kind IN ({incoming}) AS comes_in,
                    CASE
                        WHEN NOT comes_in THEN -amount
                        WHEN amount >= {window.floor_minor or 0} THEN amount
                        ELSE 0
                    END AS flow
                FROM {inside}
            )
        ) GROUP BY read
    """


def _lowest_total(window: Window, inside: str) -> str:
    return f"""
        WITH inside AS ({inside}), moments AS (
            SELECT DISTINCT read, occurred_ms AS moment_ms FROM inside
        ), held AS (
            SELECT read, moment_ms, arg_max(amount, place) AS x
            FROM moments JOIN inside USING (read)
            WHERE occurred_ms <= moment_ms
            GROUP BY read, moment_ms, {window.of}
        ), totals AS (
            SELECT read, sum(x)::BIGINT AS total, count(*) AS accounts
            FROM held GROUP BY read, moment_ms
        )
        SELECT read, min(total) AS value
        FROM totals
        WHERE accounts = (SELECT max(t.accounts) FROM totals AS t WHERE t.read = totals.read)
        GROUP BY read
    """


_N, _X, _T = "count(*)::HUGEINT", "amount::HUGEINT", "occurred_ms::HUGEINT"
_SQUARES = f"{_N} * sum({_X} * {_X}) - sum({_X}) * sum({_X})"
_RISE = f"{_N} * sum({_T} * {_X}) - sum({_T}) * sum({_X})"
_RUN = f"{_N} * sum({_T} * {_T}) - sum({_T}) * sum({_T})"

AGGREGATIONS: dict[Aggregation, Callable[[Window, str], str]] = {
    "count": _simple("count(*)"),
    "sum": _sum,
    "min": _simple("min(amount)"),
    "max": _simple("max(amount)"),
    "since_last": _since_last,
    "distinct": _distinct,
    "last": _last,
    "latest": _simple("arg_max(amount, place)"),
    "std": _simple(f"sqrt({_nearest(_SQUARES)} / nullif({_nearest(f'{_N} * ({_N} - 1)')}, 0))"),
    "slope": _simple(f"{_nearest(_RISE)} / nullif({_nearest(_RUN)}, 0) * 86400000::DOUBLE"),
    "percentile": _percentile,
    "gap_percentile": _gap_percentile,
    "month_median": _month_median,
    "round_trip": _round_trip,
    "lowest_total": _lowest_total,
}
"""Aggregation: a query of (read, value) over the events inside a window; it may leave reads out."""
