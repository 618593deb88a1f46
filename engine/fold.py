"""`fold`: the one place where decisions are made, live and in replay; over `step`, entry by entry.

Timers fire when the clock passes them, in (due, subject, name) order, with `at` their due time,
before the entry that moved the clock.
"""

from collections.abc import Sequence

from contracts.clock import Tick
from contracts.decode import decode
from contracts.examples import LearnBarrier
from contracts.journal import Entry, JournalError
from contracts.topics import Topic
from engine.control import apply_control
from engine.neighbour_outputs import all_told
from engine.outputs import Output, output
from engine.partition import PartitionState
from engine.step import step
from engine.subjects import Subjects
from engine.timers import fire


class JournalGapError(JournalError):
    """The journal has a hole: an entry is missing, so nothing after it can be trusted."""


def fold(partition: PartitionState, subjects: Subjects, entries: Sequence[Entry]) -> list[Output]:
    """Apply entries in order to a partition and its subjects; return what to publish.

    An entry whose number is known is skipped without a trace, so that a reader may start too early.

    Raises:
        JournalGapError: an entry's number is not the next one.
        JournalError: the clock would go back.
    """
    outputs: list[Output] = []
    facts = partition.facts
    for entry in entries:
        if entry.seq <= facts.seq:
            continue
        if entry.seq != facts.seq + 1:
            raise JournalGapError(
                f"partition {entry.partition} needs journal entry {facts.seq + 1} next; "
                f"got {entry.seq}. Read the journal from {facts.seq + 1} again."
            )
        if entry.at_ms < facts.clock_ms:
            raise JournalError(
                f"the clock of partition {entry.partition} never goes back; entry {entry.seq} "
                f"says {entry.at_ms} after {facts.clock_ms}. Restore the journal from a copy."
            )
        outputs += _pass_time(partition, subjects, entry)
        facts.clock_ms = entry.at_ms
        match entry.topic:
            case Topic.CONTROL:
                outputs += apply_control(partition, entry)
            case Topic.CLOCK:
                outputs += _tick(partition, entry)
            case _:
                outputs += step(partition, subjects.get(entry.key), entry)
                subjects.settle(entry.key)
        facts.seq = entry.seq
        if entry.topic is not Topic.NEIGHBOUR_SIGNALS:  # its offsets are chance: many write there
            partition.note_source(entry.topic, entry.source_offset)
    return outputs


def _pass_time(partition: PartitionState, subjects: Subjects, entry: Entry) -> list[Output]:
    outputs: list[Output] = []
    while (due := subjects.next_due()) is not None and due[0] <= entry.at_ms:
        due_ms, subject_id = due
        # Time passes with the timers too: what a timer sets off never happens before the timer.
        partition.facts.clock_ms = max(partition.facts.clock_ms, due_ms)
        outputs += fire(partition, subjects.get(subject_id), subject_id, due_ms, seq=entry.seq)
        subjects.settle(subject_id)
    return outputs


def _tick(partition: PartitionState, entry: Entry) -> list[Output]:
    tick: Tick = decode(Topic.CLOCK, entry.value)
    if tick.slice_no is None:
        return []
    partition.facts.slice_no = tick.slice_no
    outputs: list[Output] = []
    if tick.neighbours:
        outputs.append(all_told(entry, tick.slice_no))
    if tick.learn:
        barrier = LearnBarrier(partition=entry.partition, at_ms=entry.at_ms, slice_no=tick.slice_no)
        outputs.append(
            output(Topic.EXAMPLES, key=str(entry.partition), message=barrier, seq=entry.seq)
        )
    return outputs
