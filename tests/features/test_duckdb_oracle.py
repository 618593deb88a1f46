"""Three ways to every feature agree in every bit: compiled, by loops, and by SQL over raw lines."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import get_args

import pytest

from features import CATALOGUE, EMPTY, PLAN, SlowLog, update_and_read
from features.definitions import Aggregation, Feature, Window
from features.kernel import P_GROUP_OF, P_ROWS_AT, P_WINDOWS, ROW_WORDS
from features.kinds import CODES
from features.log import Step
from features.log_event import ADD, CORRECTION, REVERSAL
from features.plan import Plan, compile_catalogue
from features.plan_ordered import CODED
from tests.features.broad_windows import BROAD
from tests.features.duckdb_oracle import AGGREGATIONS, Coordinate, DuckDbOracle
from tests.features.every_aggregation import EVERY
from tests.features.random_histories import SPANS_MS, random_histories

Values = dict[Coordinate, list[float]]
HISTORIES = 200


@pytest.fixture(scope="module")
def histories() -> list[list[Step]]:
    """Two hundred hostile histories."""
    return random_histories(HISTORIES, seed=20_260_105)


@pytest.fixture(scope="module")
def duckdb(histories: list[list[Step]]) -> Iterator[DuckDbOracle]:
    """Their lines in DuckDB."""
    oracle = DuckDbOracle(histories)
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def by_sql(duckdb: DuckDbOracle) -> Values:
    """Every feature of the catalogue after every step, by SQL."""
    return duckdb.read(CATALOGUE)


def by_loops(histories: Sequence[Sequence[Step]], catalogue: Sequence[Feature]) -> Values:
    """The slow definition after every step."""
    values: Values = {}
    for history, steps in enumerate(histories):
        slow = SlowLog(catalogue=catalogue)
        for step, (events, at_ms) in enumerate(steps):
            slow.apply(events)
            values[history, step] = list(slow.read(at_ms).values())
    return values


def compiled(histories: Sequence[Sequence[Step]], plan: Plan = PLAN) -> Values:
    """The compiled log after every step."""
    values: Values = {}
    for history, steps in enumerate(histories):
        log = EMPTY
        for step, (events, at_ms) in enumerate(steps):
            log, row = update_and_read(log, events, at_ms, plan=plan)
            values[history, step] = row.tolist()
    return values


def differing(names: Sequence[str], a: Values, b: Values) -> dict[str, int]:
    """How often each feature differs in some bit; the two must speak of the same coordinates."""
    assert a.keys() == b.keys()
    found: dict[str, int] = defaultdict(int)
    for coordinate, values in a.items():
        for name, x, y in zip(names, values, b[coordinate], strict=True):
            found[name] += x.hex() != y.hex()
    return {name: count for name, count in found.items() if count}


def test_the_histories_have_every_kind_of_disorder(histories: list[list[Step]]) -> None:
    """Two hundred tidy customers would agree on anything."""
    lines = [line for steps in histories for events, _ in steps for line in events]
    stated = [
        (history, line.stated_at_ms, line.id_hash, line.kind, line.amount_minor)
        for history, steps in enumerate(histories)
        for events, _ in steps
        for line in events
    ]
    late = [
        line
        for steps in histories
        for events, at_ms in steps
        for line in events
        if line.occurred_at_ms < at_ms
    ]

    assert {line.op for line in lines} == {ADD, REVERSAL, CORRECTION}
    assert len(set(stated)) < len(stated) - HISTORIES, "said twice"
    assert len(late) > 5 * HISTORIES
    assert sum(line.stated_at_ms > line.occurred_at_ms for line in lines) > HISTORIES, "clamped"


def test_every_aggregation_has_its_sql() -> None:
    """A new aggregation comes with its second definition, or it is not checked twice."""
    assert set(AGGREGATIONS) == set(get_args(Aggregation))
    assert {f.aggregation for f in BROAD if isinstance(f, Window)} == set(AGGREGATIONS)


def test_loops_and_sql_agree_on_the_catalogue(histories: list[list[Step]], by_sql: Values) -> None:
    """Two definitions by different means are one meaning."""
    assert differing(PLAN.names, by_loops(histories, CATALOGUE), by_sql) == {}


def test_the_compiled_log_and_sql_agree_on_the_catalogue(
    histories: list[list[Step]], by_sql: Values
) -> None:
    """What decides about people equals what a bank's own analyst gets from the raw events."""
    assert differing(PLAN.names, compiled(histories), by_sql) == {}


@pytest.mark.parametrize("catalogue", [BROAD, EVERY], ids=["broad", "every"])
def test_all_three_agree_on_every_aggregation(
    histories: list[list[Step]], duckdb: DuckDbOracle, catalogue: Sequence[Feature]
) -> None:
    """Also where the catalogue does not ask for it yet, the definitions mean one thing."""
    plan = compile_catalogue(catalogue)
    by_sql = duckdb.read(catalogue)

    assert differing(plan.names, by_loops(histories, catalogue), by_sql) == {}
    assert differing(plan.names, compiled(histories, plan), by_sql) == {}


def test_the_comparison_sees_numbers(by_sql: Values, duckdb: DuckDbOracle) -> None:
    """A feature that is 0 or missing in every history was compared with nothing."""
    catalogues = {compile_catalogue(BROAD).names: BROAD, compile_catalogue(EVERY).names: EVERY}
    found = {names: duckdb.read(catalogue) for names, catalogue in catalogues.items()}
    for names, values in {PLAN.names: by_sql, **found}.items():
        seen: dict[str, set[float]] = {name: set() for name in names}
        for row in values.values():
            for name, value in zip(names, row, strict=True):
                if value and not math.isnan(value):
                    seen[name].add(value)
        assert [name for name, numbers in seen.items() if not numbers] == []


def planted(table: int, index: int, change: int) -> Plan:
    """The plan with one number changed."""
    words = PLAN.words.copy()
    words[words[table] + index] += change
    return PLAN._replace(words=words)


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("span", range(len(SPANS_MS)))
def test_a_window_edge_off_by_one_is_found_by_sql(
    histories: list[list[Step]], by_sql: Values, span: int, change: int
) -> None:
    """One millisecond at the edge of a window is one event, now and then."""
    wrong = compiled(histories, planted(P_WINDOWS, span, change))

    assert differing(PLAN.names, wrong, by_sql) != {}


@pytest.mark.parametrize("kind", ["supplier_payment", "salary", "loan_page_view", "balance"])
def test_a_swapped_filter_is_found_by_sql(
    histories: list[list[Step]], by_sql: Values, kind: str
) -> None:
    """Another kind gives a plausible number."""
    words = PLAN.words.copy()
    places = [words[P_GROUP_OF] + CODES[each] for each in (kind, "rent")]
    words[places] = words[places[::-1]]
    swapped = PLAN._replace(words=words)

    assert differing(PLAN.names, compiled(histories, swapped), by_sql) != {}


def test_a_swapped_aggregation_is_found_by_sql(histories: list[list[Step]], by_sql: Values) -> None:
    """A sum where a count belongs, or a count for a sum, is plausible too."""
    swapped = planted(P_ROWS_AT, CODED.index("sum"), -ROW_WORDS)

    assert differing(PLAN.names, compiled(histories, swapped), by_sql) != {}


@pytest.mark.parametrize("lost", [REVERSAL, CORRECTION])
def test_a_lost_reversal_is_found_by_sql(
    histories: list[list[Step]], by_sql: Values, lost: int
) -> None:
    """Money that never was must not count."""
    deaf = [
        [
            (
                [
                    line._replace(op=ADD) if line.op == lost else line
                    for line in events
                    if not line.op == lost == REVERSAL
                ],
                at_ms,
            )
            for events, at_ms in steps
        ]
        for steps in histories
    ]

    assert differing(PLAN.names, compiled(deaf), by_sql) != {}


def test_a_duplicate_that_counts_twice_is_found_by_sql(
    histories: list[list[Step]], by_sql: Values
) -> None:
    """A source that repeats itself after a failure must not make anybody richer."""
    credulous = [
        [
            ([line._replace(id_hash=line.id_hash + 1_000_000 * step) for line in events], at_ms)
            for step, (events, at_ms) in enumerate(steps)
        ]
        for steps in histories
    ]

    assert differing(PLAN.names, compiled(credulous), by_sql) != {}


def test_the_tables_that_errors_are_planted_in_are_those_of_the_catalogue() -> None:
    """A control that changes nothing proves nothing."""
    assert compile_catalogue(CATALOGUE).plan_hash == PLAN.plan_hash
    assert planted(P_ROWS_AT, 0, 1).words.tolist() != PLAN.words.tolist()
