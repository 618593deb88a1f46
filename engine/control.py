"""Switches: what becomes active at its position of the journal, and never in between."""

from contracts.control import (
    Control,
    DecisionsSwitched,
    SnapshotActivated,
    StrategyActivated,
    StrategyPaused,
)
from contracts.dead_letters import HEADER as DEAD_LETTER_HEADER
from contracts.dead_letters import DeadLetter
from contracts.decode import decode
from contracts.journal import Entry
from contracts.topics import Topic
from decisions.strategy import StrategyError, canonical_sha256, load
from engine.outputs import Output
from engine.partition import PartitionState


def apply_control(partition: PartitionState, entry: Entry) -> list[Output]:
    """Make a control entry effective, or refuse it; return what to publish.

    A strategy or snapshot that this version cannot read would stop the partition at its first
    decision, again at every start. It becomes a dead letter instead, and what decided before goes
    on deciding. A backtest pins its candidate: strategies in the journal then change nothing,
    models do, and while decisions were off a candidate decides nothing either.
    """
    control: Control = decode(Topic.CONTROL, entry.value)
    refusal: str | None = None
    match control:
        case StrategyActivated():
            if not partition.pinned:
                refusal = _activate(partition, control)
        case StrategyPaused():
            if not partition.pinned:
                partition.strategies.pop(control.strategy_id, None)
        case SnapshotActivated():
            refusal = _score_with(partition, control)
        case DecisionsSwitched():
            partition.switch(on=control.on, loads_history=control.loads_history, at_ms=entry.at_ms)
    if refusal is None:
        partition.count(control.event_type)
        return []
    partition.count("controls_refused")
    return [_refused(entry, refusal)]


def _activate(partition: PartitionState, control: StrategyActivated) -> str | None:
    """Let a strategy decide from now on; return why not, if it cannot."""
    try:
        sha256 = canonical_sha256(control.strategy)
        strategy = load(control.strategy)
    except StrategyError as error:
        return str(error)
    except ValueError:
        return "the strategy holds a number that is none"
    if sha256 != control.sha256:
        return f"the strategy's sha256 is {sha256}, not the one that was activated"
    if strategy.strategy_id != control.strategy_id:
        return "the strategy has another strategy_id than the one that was activated"
    partition.strategies[control.strategy_id] = control
    used = {active.sha256 for active in partition.strategies.values()}
    partition.parsed = {name: known for name, known in partition.parsed.items() if name in used}
    partition.parsed[sha256] = strategy
    return None


def _score_with(partition: PartitionState, control: SnapshotActivated) -> str | None:
    """Let a snapshot score from now on; return why not, if it cannot."""
    try:
        partition.score_with(control.snapshot)
    except (ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _refused(entry: Entry, why: str) -> Output:
    letter = DeadLetter(
        reason="invalid",
        detail=why[:1000],
        source_topic=entry.topic.value,
        source_partition=entry.source_partition,
        source_offset=entry.source_offset,
        at_ms=entry.at_ms,
    )
    return Output(
        topic=Topic.DEAD_LETTERS,
        key=entry.key,
        value=entry.value,
        seq=entry.seq,
        headers=((DEAD_LETTER_HEADER, letter.model_dump_json().encode()),),
    )
