"""Three ways to the features of relations agree in every bit: as kept, by loops, and by SQL."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

import pytest

from contracts.relations import RelationEnded, RelationStated
from features.catalogue import LOG_NAMES
from features.catalogue_relations import RELATED
from features.relation_definitions import EdgeFeature, RelationFeature
from features.relation_rows import relation_row
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


def kept(histories: Sequence[Sequence[WordStep]]) -> Values:
    """What the state of a subject gives after every step."""
    values: Values = {}
    for history, steps in enumerate(histories):
        relations = Relations()
        for step, (events, at_ms, others) in enumerate(steps):
            for event in events:
                note_relation(relations, event, at_ms)
            log_row = [others.get(name, 0.0) for name in LOG_NAMES]
            values[history, step] = list(relation_row(relations, log_row, at_ms))
    return values


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
