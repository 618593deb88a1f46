"""The second oracle for relations: every word ever said in a table, and features by SQL."""

# ruff: noqa: S608 - the statements are made of our own catalogue's names and numbers

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import duckdb
import pyarrow as pa

from contracts.neighbours import NeighbourSignal
from contracts.relations import RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged
from features.relation_definitions import EdgeFeature, RelationFeature, Score, ToldFeature

Coordinate = tuple[int, int]
"""Which history, and after which of its steps."""

Said = RelationStated | RelationEnded | NeighbourSignal | EnterpriseChanged
Others = Mapping[str, float]
"""Features of the log that a score may rest on."""

WordStep = tuple[Sequence[Said], int, Others]
"""What was said, when the bank knew, and what the log of the subject says then."""

_TABLES = """
CREATE TABLE words (
    history INTEGER, step INTEGER, arrival INTEGER, occurred_ms BIGINT, word VARCHAR,
    id VARCHAR, corrects VARCHAR, is_reversal BOOLEAN, uses VARCHAR[],
    edge_kind VARCHAR, direction VARCHAR, other VARCHAR, confidence BIGINT,
    valid_from_ms BIGINT, valid_to_ms BIGINT, fact VARCHAR, said_by VARCHAR, said BIGINT
);
CREATE TABLE reads (read INTEGER, history INTEGER, step INTEGER, at_ms BIGINT);
CREATE TABLE others (read INTEGER, name VARCHAR, value DOUBLE);
"""

_VIEWS = """
CREATE TABLE known AS
SELECT reads.read, reads.at_ms, words.* EXCLUDE (history, step)
FROM reads JOIN words ON words.history = reads.history AND words.step <= reads.step;

CREATE TABLE edges AS
SELECT * FROM (
    SELECT * FROM known WHERE word IN ('relation_stated', 'relation_ended') AND NOT is_reversal
    QUALIFY row_number() OVER (
        PARTITION BY read, edge_kind, direction, other ORDER BY occurred_ms DESC, arrival DESC
    ) = 1
) AS latest
WHERE word = 'relation_stated'
    AND at_ms >= valid_from_ms AND (valid_to_ms IS NULL OR at_ms < valid_to_ms)
    AND NOT EXISTS (
        FROM known WHERE known.read = latest.read AND known.corrects = latest.id
    );

CREATE TABLE told AS
SELECT * FROM known WHERE fact IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY read, fact, said_by ORDER BY occurred_ms DESC, arrival DESC
) = 1;
"""


class DuckDbRelations:
    """What was said of many subjects, and every feature of relations after every step."""

    def __init__(self, histories: Sequence[Sequence[WordStep]]) -> None:
        self._coordinates = [
            (history, step) for history, steps in enumerate(histories) for step in range(len(steps))
        ]
        words = [
            _word(event, at_ms) | {"history": history, "step": step}
            for history, steps in enumerate(histories)
            for step, (events, at_ms, _) in enumerate(steps)
            for event in events
        ]
        whole = [step for steps in histories for step in steps]
        self._duckdb = duckdb.connect()
        self._duckdb.execute("SET threads = 1")
        self._duckdb.execute(_TABLES)
        self._insert("words", [word | {"arrival": i} for i, word in enumerate(words)])
        self._insert(
            "reads",
            [
                {"read": read, "history": history, "step": step, "at_ms": whole[read][1]}
                for read, (history, step) in enumerate(self._coordinates)
            ],
        )
        self._insert(
            "others",
            [
                {"read": read, "name": name, "value": None if math.isnan(value) else value}
                for read, (*_, others) in enumerate(whole)
                for name, value in others.items()
            ],
        )
        self._duckdb.execute(_VIEWS)

    def read(self, catalogue: Sequence[RelationFeature]) -> dict[Coordinate, list[float]]:
        """Return every feature after every step, in the order of the catalogue."""
        firm = [feature for feature in catalogue if not isinstance(feature, Score)]
        columns = "".join(f", ({_firm(feature)}) AS {feature.name}" for feature in firm)
        scores = "".join(
            f", {_score(feature, catalogue)} AS {feature.name}"
            for feature in catalogue
            if isinstance(feature, Score)
        )
        names = ", ".join(f"{feature.name}::DOUBLE" for feature in catalogue)
        found = self._duckdb.execute(
            f"""
            WITH firm AS (SELECT r.read{columns} FROM reads AS r)
            SELECT {names} FROM (SELECT firm.*{scores} FROM firm) ORDER BY read
            """
        ).fetchall()
        return {
            coordinate: [math.nan if value is None else value for value in row]
            for coordinate, row in zip(self._coordinates, found, strict=True)
        }

    def close(self) -> None:
        """Let go of the tables."""
        self._duckdb.close()

    def _insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        self._duckdb.register("given", pa.Table.from_pylist(list(rows)))
        self._duckdb.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        self._duckdb.unregister("given")


def _word(event: Said, at_ms: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "occurred_ms": min(event.occurred_at_ms, at_ms),
        "word": event.event_type,
        "id": event.event_id,
        "corrects": event.corrects_event_id,
        "is_reversal": event.is_reversal,
        "uses": list(getattr(event, "permitted_use", ("marketing", "credit", "fraud"))),
    }
    for column, field in (("edge_kind",) * 2, ("direction",) * 2, ("other", "other_node_id")):
        row[column] = getattr(event, field, None)
    for column, field in (("confidence", "confidence_bps"), ("valid_from_ms",) * 2):
        row[column] = getattr(event, field, None)
    row["valid_to_ms"] = getattr(event, "valid_to_ms", None)
    row |= {"fact": None, "said_by": None, "said": None}
    if isinstance(event, NeighbourSignal):
        row |= {"fact": event.fact, "said_by": event.from_ref, "said": event.value_int}
    elif isinstance(event, EnterpriseChanged):
        red = event.enterprise_event in {"court_enforced", "dishonest_listed", "revoked"}
        if red or event.enterprise_event == "cleared":
            row |= {"fact": "enterprise_flag", "said_by": "the register", "said": int(red)}
    return row


def _firm(feature: EdgeFeature | ToldFeature) -> str:
    needs = "".join(f" AND list_contains(uses, '{use}')" for use in sorted(feature.permitted_use))
    if isinstance(feature, ToldFeature):
        value = {"lowest": "min(said) FILTER (said > 0)", "highest": "max(said)"}
        return (
            f"SELECT {value[feature.aggregation]} FROM told "
            f"WHERE told.read = r.read AND fact = '{feature.fact}'{needs}"
        )
    kinds = ", ".join(f"'{kind}'" for kind in sorted(feature.where))
    if "credit" in feature.permitted_use:  # whatever a source permits, family never serves credit
        needs += " AND edge_kind NOT IN ('spouse', 'parent')"
    if feature.direction is not None:
        needs += f" AND direction = '{feature.direction}'"
    value = {"count": "count(*)", "max_confidence": "max(confidence) / 10000"}
    return (
        f"SELECT {value[feature.aggregation]} FROM edges "
        f"WHERE edges.read = r.read AND edge_kind IN ({kinds}){needs}"
    )


def _score(score: Score, catalogue: Sequence[RelationFeature]) -> str:
    own = {feature.name for feature in catalogue}
    terms = []
    for points in score.points:
        value = (
            points.feature
            if points.feature in own
            else f"(SELECT value FROM others WHERE name = '{points.feature}' AND read = firm.read)"
        )
        over = f"greatest(0, floor({value})::BIGINT - {points.above}) * {points.each_bps}"
        points_of = f"least({points.at_most_bps}, {over})"
        terms.append(f"CASE WHEN {value} IS NULL THEN 0 ELSE {points_of} END")
    return f"least(10000, {' + '.join(terms)}) / 10000"


SORTS = get_args(RelationFeature)
"""Every sort of feature that this oracle knows how to ask."""
