"""Switches: what becomes active at its position of the journal, and never in between."""

from contracts.control import Control, SnapshotActivated, StrategyActivated, StrategyPaused
from contracts.decode import decode
from contracts.journal import Entry
from contracts.topics import Topic
from engine.partition import PartitionState


def apply_control(partition: PartitionState, entry: Entry) -> None:
    """Make a control entry effective.

    A backtest pins its candidate: strategies in the journal then change nothing, models do.
    """
    control: Control = decode(Topic.CONTROL, entry.value)
    match control:
        case StrategyActivated():
            if not partition.pinned:
                partition.strategies[control.strategy_id] = control
        case StrategyPaused():
            if not partition.pinned:
                partition.strategies.pop(control.strategy_id, None)
        case SnapshotActivated():
            partition.snapshots[control.snapshot.name] = control.snapshot
    partition.count(control.event_type)
