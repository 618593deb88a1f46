"""Any events that their contracts allow, in any order: the fold goes on, and keeps its promises.

A journal can hold whatever the front door lets in. An exception in `fold` would stop its partition
for ever, at the same entry after every restart.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter

from contracts.alerts import RiskAlert
from contracts.channels import AppMessage, RmTask, SmsMessage
from contracts.control import DecisionsSwitched, SnapshotActivated, StrategyPaused
from contracts.conversions import LoanStateChanged
from contracts.dead_letters import HEADER, DeadLetter
from contracts.decisions import Decision
from contracts.examples import ExampleMessage
from contracts.journal import Entry
from contracts.neighbours import NeighbourSignal
from contracts.snapshots import ModelSnapshot
from contracts.topics import Topic
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from models import Learner
from strategies import bundled, load_file
from tests.engine.any_events import MODELS, AnyJournal, as_bytes
from tests.engine.given import (
    START_MS,
    Journal,
    a_consent,
    a_partition,
    a_profile,
    an_activation,
)
from tests.engine.wishes import CHANNEL, Wishes
from tests.models.given import a_history

SEEDS = range(48)
EVENTS = 110
LARGEST_BYTES = 128 << 10

CONTRACTS: dict[Topic, TypeAdapter[Any]] = {
    topic: TypeAdapter(contract)
    for topic, contract in {
        Topic.DECISIONS: Decision,
        Topic.CONVERSIONS: LoanStateChanged,
        Topic.EXAMPLES: ExampleMessage,
        Topic.RISK_ALERTS: RiskAlert,
        Topic.CHANNEL_APP: AppMessage,
        Topic.CHANNEL_SMS: SmsMessage,
        Topic.CHANNEL_RM_TASK: RmTask,
        Topic.NEIGHBOUR_SIGNALS: NeighbourSignal,
    }.items()
}


@dataclass
class Run:
    """A journal folded entry by entry; `outputs[i]` came of `entries[i]`."""

    entries: list[Entry]
    outputs: list[list[Output]] = field(default_factory=list)
    subjects: MemorySubjects = field(default_factory=MemorySubjects)
    partition: PartitionState = field(default_factory=a_partition)

    def step(self, entry: Entry) -> list[Output]:
        """Fold the journal's newest entry."""
        self.outputs.append(fold(self.partition, self.subjects, [entry]))
        return self.outputs[-1]

    @property
    def published(self) -> list[Output]:
        """Everything, in order."""
        return [output for outputs in self.outputs for output in outputs]


@cache
def _snapshots() -> tuple[ModelSnapshot, ...]:
    learner = Learner()
    for example in a_history(260, seed=1):
        learner.apply(example)
    record = learner.snapshot(learner.clock_ms, examples_offset=0)
    assert record is not None
    return record.snapshots


@cache
def _controls() -> tuple[bytes, ...]:
    file = load_file(bundled("no_loan_to_loan_v1"))
    experiment = {
        "id": "exp_2",
        "unit": "customer",
        "salt": "s",
        "holdout_pct": 20,
        "arms": {"champion": {"pct": 80}},
    }
    rival = an_activation(file | {"strategy_id": "rival", "experiment": experiment})
    controls = (
        an_activation(),
        rival,
        StrategyPaused(strategy_id="rival", reason="a test"),
        DecisionsSwitched(on=False, reason="a test"),
        DecisionsSwitched(on=False, reason="a test", loads_history=True),
        *(DecisionsSwitched(on=True, reason="a test") for _ in range(3)),
        *(SnapshotActivated(snapshot=snapshot, learned_until_ms=0) for snapshot in _snapshots()),
    )
    return tuple(control.model_dump_json().encode() for control in controls)


@cache
def _run(seed: int) -> Run:
    chance = Random(seed)
    journal = Journal()
    run = Run(entries=journal.entries)
    source = AnyJournal(chance, start_ms=START_MS)
    run.step(journal.strategy(source.at_ms))
    if source.kindly:
        profile = a_profile(occurred_at_ms=0)
        run.step(journal.event(Topic.CUSTOMERS, profile, at_ms=source.at_ms))
        for purpose in ("marketing_push", "marketing_sms", "marketing_call"):
            consent = a_consent(purpose, occurred_at_ms=0)
            run.step(journal.event(Topic.CONSENTS, consent, at_ms=source.at_ms))
    for _ in range(EVENTS):
        at_ms = source.pass_time()
        kind = chance.randrange(30)
        if kind == 0:
            outputs = run.step(journal.tick(at_ms, learn=True, slice_no=1))
        elif kind == 1:
            raw = _controls()[chance.randrange(len(_controls()))]
            outputs = run.step(journal.add(Topic.CONTROL, raw, at_ms=at_ms, key="0"))
        else:
            topic, key, event = source.event()
            raw = as_bytes(topic, event)
            outputs = run.step(journal.add(topic, raw, at_ms=at_ms, key=key))
        decided = [_read(output).decision_id for output in outputs if _is_decision(output)]
        source.decision_ids = [*source.decision_ids, *decided][-20:]
    return run


def _is_decision(output: Output) -> bool:
    return output.topic is Topic.DECISIONS


def _read(output: Output) -> Any:
    if output.topic is Topic.DEAD_LETTERS:
        return DeadLetter.model_validate_json(dict(output.headers)[HEADER])
    return CONTRACTS[output.topic].validate_json(output.value)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_valid_event_stops_a_partition_and_all_it_says_reads_back(seed: int) -> None:
    """What another room cannot read might as well not have been published."""
    for output in _run(seed).published:
        message = _read(output)
        if output.topic is Topic.NEIGHBOUR_SIGNALS:
            raw = message.model_dump_json(exclude_unset=True, exclude_none=True)
            assert raw.encode() == output.value
        elif output.topic is not Topic.DEAD_LETTERS:
            assert message.model_dump_json().encode() == output.value


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_batches_nor_restarts_change_a_bit(seed: int) -> None:
    """A worker's batches depend on the network, its restarts on luck; its decisions on neither."""
    run, chance = _run(seed), Random(seed)
    partition, subjects = a_partition(), MemorySubjects()
    outputs: list[Output] = []
    start = 0
    while start < len(run.entries):
        end = start + chance.randint(1, 40)
        outputs += fold(partition, subjects, run.entries[start:end])
        start = end
        if chance.randrange(2):
            stored, subjects = dict(subjects.items()), MemorySubjects()
            for name, raw in stored.items():
                subjects.load(name, raw)
            partition = PartitionState.decode(partition.encode(), build="test-build")

    assert outputs == run.published
    assert dict(subjects.items()) == dict(run.subjects.items())
    assert partition.encode() == run.partition.encode()


@pytest.mark.parametrize("seed", SEEDS)
def test_time_never_goes_back_in_what_is_published(seed: int) -> None:
    """Timers fire in order of their due time, between the entries, and each entry comes after."""
    times = [
        message.at_ms
        for message in map(_read, _run(seed).published)
        if not isinstance(message, AppMessage | SmsMessage | RmTask | NeighbourSignal)
    ]

    assert all(earlier <= later for earlier, later in pairwise(times))


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_contacted_against_their_word(seed: int) -> None:
    """Whatever the order of words, answers and strategies: consent, rest, hours, once a day."""
    run = _run(seed)
    wishes: dict[str, Wishes] = defaultdict(Wishes)
    for entry, outputs in zip(run.entries, run.outputs, strict=True):
        decisions = {d.decision_id: d for d in map(_read, filter(_is_decision, outputs))}
        for output in outputs:
            if output.topic in CHANNEL:
                message = _read(output)
                decided = decisions[message.decision_id]
                told = wishes[message.subject_id]
                assert told.wrong_with(message, output.topic, decided.at_ms) == []
        if entry.topic not in {Topic.CONTROL, Topic.CLOCK}:
            wishes[entry.key].hear(entry)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_holdout_hears_nothing_and_nobody_changes_arms(seed: int) -> None:
    """What is measured against must be left alone, from the first decision on."""
    arms: dict[tuple[str, str], str] = {}
    for outputs in _run(seed).outputs:
        decisions = [_read(output) for output in outputs if _is_decision(output)]
        messages = {_read(o).decision_id for o in outputs if o.topic in CHANNEL}
        for decided in decisions:
            known = arms.setdefault((decided.subject_id, decided.experiment_id), decided.arm)
            assert decided.arm == known
            assert (decided.decision_id in messages) == (decided.disposition == "acted")
            assert decided.arm != "holdout" or decided.disposition == "held_out"


@pytest.mark.parametrize("seed", SEEDS)
def test_no_decision_is_made_twice(seed: int) -> None:
    """One per cause, moment and strategy: an id that comes again would be taken for a repeat."""
    ids = Counter(
        _read(output).decision_id for output in filter(_is_decision, _run(seed).published)
    )

    assert [decision_id for decision_id, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_states_stay_small(seed: int) -> None:
    """A state has to fit into a message, whatever its customer or a source gets up to."""
    assert max(len(raw) for _, raw in _run(seed).subjects.items()) < LARGEST_BYTES


def test_the_journals_get_everywhere() -> None:
    """A test of any event says little if its events never meet a decision."""
    runs = [_run(seed) for seed in SEEDS]
    decided = [_read(o) for run in runs for o in run.published if _is_decision(o)]
    topics = {output.topic for run in runs for output in run.published}

    assert topics >= {*CONTRACTS, Topic.DEAD_LETTERS} - {Topic.CHANNEL_SMS}
    assert {"acted", "deferred", "suppressed", "held_out"} <= {d.disposition for d in decided}
    assert len({d.moment for d in decided}) >= 4
    sent = {(entry.topic, entry.value) for run in runs for entry in run.entries}
    for topic, model in MODELS:
        name = _literal(model).encode()
        assert any(name in value for sent_topic, value in sent if sent_topic is topic), model


def _literal(model: type) -> str:
    (name,) = model.model_fields["event_type"].annotation.__args__  # type: ignore[attr-defined]
    return str(name)
