"""Three ways to the features of relations agree in every bit: as kept, by loops, and by SQL."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import msgspec
import numpy as np
import pytest

from contracts.relations import RelationEnded, RelationStated
from features.catalogue import LOG_NAMES
from features.catalogue_relations import RELATED
from features.log import Row
from features.relation_definitions import EdgeFeature, RelationFeature
from features.relation_rows import add_relations, add_relations_many
from features.relations import Relations, note_relation
from features.slow_relations import SlowRelations
from tests.features.duckdb_relations import SORTS, Coordinate, DuckDbRelations, WordStep
from tests.features.random_words import random_words

Values = dict[Coordinate, list[float]]
NAMES = [feature.name for feature in RELATED]
SUBJECTS = 200


@pytest.fixture(scope="module")
def histories() -> list[list[WordStep]]:
    """What was said of two hundred subjects."""
    return random_words(SUBJECTS, seed=20_260_106)


@pytest.fixture(scope="module")
def by_sql(histories: list[list[WordStep]]) -> Iterator[Values]:
    """Every feature of relations after every step, by SQL."""
    oracle = DuckDbRelations(histories)
    yield oracle.read(RELATED)
    oracle.close()


def by_loops(
    histories: Sequence[Sequence[WordStep]], catalogue: Sequence[RelationFeature] = RELATED
) -> Values:
    """The slow definition after every step."""
    values: Values = {}
    for history, steps in enumerate(histories):
        slow = SlowRelations()
        for step, (events, at_ms, others) in enumerate(steps):
            for event in events:
                slow.apply(event, at_ms)
            known = dict(others)
            for feature in catalogue:
                known[feature.name] = slow.value(feature, at_ms, known)
            values[history, step] = [known[feature.name] for feature in catalogue]
    return values


def row_before(others: Mapping[str, float]) -> Row:
    """A whole row in which only the features of the log are known yet."""
    row = np.full(len(LOG_NAMES) + len(RELATED), math.nan)
    row[: len(LOG_NAMES)] = [others.get(name, 0.0) for name in LOG_NAMES]
    return row


def kept(histories: Sequence[Sequence[WordStep]]) -> Values:
    """What the state of a subject gives after every step."""
    values: Values = {}
    for history, steps in enumerate(histories):
        relations = Relations()
        for step, (events, at_ms, others) in enumerate(steps):
            for event in events:
                note_relation(relations, event, at_ms)
            row = row_before(others)
            add_relations(row, relations, at_ms)
            values[history, step] = row[len(LOG_NAMES) :].tolist()
    return values


def kept_by_batch(histories: Sequence[Sequence[WordStep]]) -> Values:
    """The same after the last step of each history, all histories in one call."""
    rows = np.array([row_before(steps[-1][2]) for steps in histories])
    related = []
    for history, steps in enumerate(histories):
        relations = Relations()
        for events, at_ms, _ in steps:
            for event in events:
                note_relation(relations, event, at_ms)
        if not relations.is_empty:
            related.append((history, relations, steps[-1][1]))
    add_relations_many(rows, related)
    return {
        (history, len(steps) - 1): rows[history, len(LOG_NAMES) :].tolist()
        for history, steps in enumerate(histories)
    }


def differing(a: Values, b: Values) -> Counter[str]:
    """How often each feature differs in some bit."""
    assert a.keys() == b.keys()
    return Counter(
        name
        for coordinate, values in a.items()
        for name, x, y in zip(NAMES, values, b[coordinate], strict=True)
        if x.hex() != y.hex()
    )


def test_every_sort_of_feature_has_its_sql() -> None:
    """A new sort comes with its second definition, or it is not checked twice."""
    assert set(SORTS) == set(get_args(RelationFeature))
    assert {type(feature) for feature in RELATED} == set(SORTS)


def test_loops_and_sql_agree_on_relations(histories: list[list[WordStep]], by_sql: Values) -> None:
    """Two definitions by different means are one meaning."""
    assert differing(by_loops(histories), by_sql) == {}


def test_what_is_kept_and_sql_agree_on_relations(
    histories: list[list[WordStep]], by_sql: Values
) -> None:
    """The state forgets the words and keeps the meaning."""
    assert differing(kept(histories), by_sql) == {}


def test_a_batch_of_relations_is_its_rows_one_by_one(histories: list[list[WordStep]]) -> None:
    """How fetches happened to be cut must not reach a decision."""
    by_batch, alone = kept_by_batch(histories), kept(histories)
    assert differing(by_batch, {coordinate: alone[coordinate] for coordinate in by_batch}) == {}


def test_a_reading_that_is_kept_is_never_stale(histories: list[list[WordStep]]) -> None:
    """Whoever looks often, in any order of times, sees what a first look would."""
    for steps in histories[:40]:
        relations = Relations()
        for events, at_ms, others in steps:
            for event in events:
                note_relation(relations, event, at_ms)
            edges = [edge for kind in relations.edges.values() for edge in kind]
            ends = {ms for edge in edges for ms in (edge.valid_from_ms, edge.valid_to_ms)}
            for look_ms in [at_ms, *sorted(ms + off for ms in ends for off in (0, -1)), at_ms]:
                row, fresh = row_before(others), row_before(others)
                add_relations(row, relations, look_ms)
                stored = msgspec.msgpack.encode(relations)
                add_relations(fresh, msgspec.msgpack.decode(stored, type=Relations), look_ms)
                assert row.tobytes() == fresh.tobytes()


def test_the_comparison_of_relations_sees_numbers(by_sql: Values) -> None:
    """A feature that is 0 or missing everywhere was compared with nothing."""
    seen = {
        name
        for row in by_sql.values()
        for name, value in zip(NAMES, row, strict=True)
        if value and not math.isnan(value)
    }
    assert seen == set(NAMES)


def test_a_validity_one_millisecond_off_is_found(
    histories: list[list[WordStep]], by_sql: Values
) -> None:
    """An edge does not count at the ms at which it ends."""
    longer = [
        [
            (
                [
                    _longer(event) if isinstance(event, RelationStated) else event
                    for event in events
                ],
                at_ms,
                others,
            )
            for events, at_ms, others in steps
        ]
        for steps in histories
    ]

    assert differing(kept(longer), by_sql)


def _longer(event: RelationStated) -> RelationStated:
    if event.valid_to_ms is None:
        return event
    return event.model_copy(update={"valid_to_ms": event.valid_to_ms + 1})


def test_a_lost_end_or_reversal_is_found(histories: list[list[WordStep]], by_sql: Values) -> None:
    """Who is no longer a partner must not be counted as one."""
    for lost in (
        lambda event: isinstance(event, RelationEnded),
        lambda event: event.is_reversal,
        lambda event: event.corrects_event_id is not None,
    ):
        deaf = [
            [([e for e in events if not lost(e)], at_ms, others) for events, at_ms, others in steps]
            for steps in histories
        ]
        assert differing(kept(deaf), by_sql)


def test_a_use_that_a_source_did_not_permit_is_found(
    histories: list[list[WordStep]], by_sql: Values
) -> None:
    """A feature that credit reads must not see an edge that its source gave for marketing."""
    careless = [
        replace(feature, permitted_use=frozenset()) if isinstance(feature, EdgeFeature) else feature
        for feature in RELATED
    ]

    assert differing(by_loops(histories, careless), by_sql)
