"""Why one decision is what it is: folded again to its place, with all that it rests on."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adapters.kept import KeptJournal
from contracts.decisions import Decision
from contracts.decode import decode
from contracts.journal import Entry
from contracts.topics import Topic
from decisions.policy import BANDS, RiskTable
from decisions.strategy import load
from decisions.texts import family_of
from engine.outputs import Output
from engine.partition import PartitionState
from engine.scoring import scorer_of
from engine.subjects import MemorySubjects
from models import POLICIES, ROW
from replay.differences import Difference, differences
from replay.errors import DecisionNotFoundError
from replay.folding import Engine
from replay.traces import TIMER, EventUsed, FeatureUsed, event_used, trace

_CHANNELS = frozenset({Topic.CHANNEL_APP, Topic.CHANNEL_SMS, Topic.CHANNEL_RM_TASK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A model's number, the snapshot behind it, and what moved it, in log-odds, largest first.

    `families` are the contributions of a risk model summed by the reason that they speak for;
    above 0 is riskier than the mean of the customers whose loans the model was learnt from.
    """

    name: str
    value_hex: str | None
    model_id: str
    role: str
    contributions: tuple[tuple[str, float], ...]
    families: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchCounted:
    """A contact that stood in the ledger when the decision was made."""

    decision_id: str
    channel: str
    at_ms: int
    sent: bool
    service: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The part of the strategy that turned a score into an outcome, for this decision's arm.

    `band_from` and `band_below` are the edges of its band in [0, 1]; `row` is the band's row of
    the matrix, `column` the place in it that the soft points chose.
    """

    risk_table: str
    contact_policy: str
    band_from: float
    band_below: float
    row: tuple[str, ...]
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything behind one decision. `difference` is none where the replay made the same bits."""

    decision: Decision
    trigger: EventUsed | None
    features: tuple[FeatureUsed, ...]
    scores: tuple[Score, ...]
    policy: Policy | None
    touches: tuple[TouchCounted, ...]
    messages: tuple[dict[str, Any], ...]
    alerts: tuple[dict[str, Any], ...]
    difference: Difference | None

    def as_json(self) -> dict[str, Any]:
        """Return the whole tree as plain data; floats that matter stay hex."""
        tree = {name: getattr(self, name) for name in self.__dataclass_fields__}
        tree["decision"] = self.decision.model_dump(mode="json")
        for name in ("features", "scores", "touches"):
            tree[name] = [asdict(item) for item in tree[name]]
        for name in ("trigger", "policy", "difference"):
            tree[name] = None if tree[name] is None else asdict(tree[name])
        return tree


def why(kept: KeptJournal, decision_id: str, *, engine: Engine) -> Why:
    """Fold a kept journal to one of its decisions and return all that it rests on.

    Raises:
        DecisionNotFoundError: the journal has no such decision.
        KeptDamageError: a row of the kept journal is not what was written.
    """
    decision = find_decision(kept, decision_id)
    state = engine.state(decision.partition)
    subjects = MemorySubjects()
    entries = list(_until(kept, decision.partition, decision.seq))
    caused = [
        output
        for output in engine.outputs(entries, state=state, subjects=subjects)
        if output.seq == decision.seq
    ]
    contact = subjects.get(decision.subject_id).facts.contact
    return Why(
        decision=decision,
        trigger=_trigger(decision, entries[-1]),
        features=trace(decision, entries),
        scores=_scores(decision, state),
        policy=_policy(decision, state),
        touches=tuple(
            TouchCounted(
                decision_id=touch.decision_id,
                channel=touch.channel,
                at_ms=touch.at_ms,
                sent=touch.sent,
                service=touch.service,
            )
            for touch in contact.touches
            if touch.decision_id != decision.decision_id and touch.at_ms <= decision.at_ms
        ),
        messages=tuple(_about(caused, _CHANNELS, decision_id)),
        alerts=tuple(_about(caused, {Topic.RISK_ALERTS}, decision_id)),
        difference=_difference(decision, caused),
    )


def find_decision(kept: KeptJournal, decision_id: str) -> Decision:
    """Return a published decision by its id.

    Raises:
        DecisionNotFoundError: the journal has no such decision.
    """
    wanted = f'"decision_id":{json.dumps(decision_id)}'.encode()
    for partition in kept.partitions:
        for record in kept.decisions(partition):
            if wanted in record.value:
                decision = Decision.model_validate_json(record.value)
                if decision.decision_id == decision_id:
                    return decision
    raise DecisionNotFoundError(
        f"`why` needs a decision that is in the journal; {str(kept.folder)!r} has no "
        f"{decision_id!r}. Take an id from its decisions-*.jsonl."
    )


def _until(kept: KeptJournal, partition: int, seq: int) -> Iterator[Entry]:
    for entry in kept.entries(partition):
        yield entry
        if entry.seq == seq:
            return


def _trigger(decision: Decision, entry: Entry) -> EventUsed | None:
    """Return the event that set the decision off; a timer has none."""
    if decision.cause.startswith(TIMER):
        return None
    return event_used(entry, decode(entry.topic, entry.value))


def _scores(decision: Decision, state: PartitionState) -> tuple[Score, ...]:
    """Return the scores; contributions only where the snapshot that scored is still the active one.

    It is: nothing but a control entry replaces a snapshot, and none stands between.
    """
    numbers = {name: float.fromhex(value) for name, value in decision.features.items()}
    found = []
    for used in decision.models:
        moved: dict[str, float] = {}
        label = next((label for label in POLICIES if label == used.name), None)
        if label is not None and used.role == "champion":
            moved = scorer_of(state, label).contributions(ROW.row(numbers))
        elif used.name == "uplift_30d" and state.uplift is not None:
            moved = state.uplift.contributions(ROW.row(numbers))
        families: dict[str, float] = defaultdict(float)
        if label is not None and POLICIES[label].is_risk:
            for name, log_odds in sorted(moved.items()):
                families[family_of(name)] += log_odds
        found.append(
            Score(
                name=used.name,
                value_hex=decision.scores.get(used.name),
                model_id=used.model_id,
                role=used.role,
                contributions=_largest(moved),
                families=_largest(families),
            )
        )
    return tuple(found)


def _largest(moved: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(moved.items(), key=lambda item: (-abs(item[1]), item[0])))


def _policy(decision: Decision, state: PartitionState) -> Policy | None:
    """Return the tables that applied; none where the strategy is not one that can be read."""
    activated = state.strategies.get(decision.strategy.strategy_id)
    if activated is None or activated.sha256 != decision.strategy.sha256:
        return None
    strategy = load(activated.strategy)
    table: RiskTable = strategy.plan(decision.arm).risk
    place = BANDS.index(decision.risk_band)
    edges = (0.0, *table.pd_band_below, 1.0)
    return Policy(
        risk_table=table.name,
        contact_policy=strategy.spec.contact.name,
        band_from=edges[place],
        band_below=edges[place + 1],
        row=tuple(table.matrix[decision.risk_band]),
        column=sum(decision.soft_points > most for most in table.soft_points_column_max),
    )


def _about(
    outputs: list[Output], topics: frozenset[Topic] | set[Topic], decision_id: str
) -> Iterator[dict[str, Any]]:
    for output in outputs:
        if output.topic in topics:
            value: dict[str, Any] = json.loads(output.value)
            if value.get("decision_id") == decision_id:
                yield {"topic": output.topic.value, "key": output.key, **value}


def _difference(decision: Decision, caused: list[Output]) -> Difference | None:
    """Return where the replay says something else; another build alone is no difference."""
    for output in caused:
        if output.topic is Topic.DECISIONS:
            again = json.loads(output.value)
            if again["decision_id"] == decision.decision_id:
                published = decision.model_dump(mode="json")
                return next(differences(published, {**again, "build": decision.build}), None)
    return Difference("decision_id", decision.decision_id, "(not decided)")
