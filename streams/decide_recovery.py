"""Recovery of a decide partition: load the states at S, fold S..X again, publish nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from contracts.journal import HEADER, Entry, unpack
from contracts.topics import Topic
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from streams.changelog import header_of, last_record, read_to_end
from streams.errors import ChangelogError, OtherBuildError
from streams.settings import StreamSettings
from streams.state_log import Mark, StoredState, read_state

_FINGERPRINT_PARTS = 3


@dataclass(frozen=True, slots=True)
class FoldedState:
    """A partition and its subjects, as `fold` changes them."""

    partition: PartitionState
    subjects: MemorySubjects

    @classmethod
    def empty(cls, partition: int, *, build: str) -> "FoldedState":
        """Return the state before the first entry."""
        return cls(PartitionState(partition=partition, build=build), MemorySubjects())

    @classmethod
    def of(cls, stored: StoredState, *, partition: int, build: str) -> "FoldedState":
        """Return the state that a changelog holds."""
        if not stored.parts:
            return cls.empty(partition, build=build)
        subjects = MemorySubjects()
        for subject_id, raw in stored.subjects.items():
            subjects.load(subject_id, raw)
        return cls(PartitionState.decode(stored.parts, build=build), subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A partition ready to go on.

    `parts` are those in the changelog, `states_seq` is S, `journal_offset` that of entry X.
    """

    state: FoldedState
    parts: dict[str, bytes]
    states_seq: int
    journal_offset: int


def recover_state(
    partition: int,
    *,
    settings: StreamSettings,
    fold: Callable[[PartitionState, MemorySubjects, Sequence[Entry]], list[Output]],
) -> Recovered:
    """Return the partition as it was when its last transaction was committed.

    Must run after the partition was fenced: nobody else can write it any more.

    Raises:
        OtherBuildError: outputs are ahead of the states, and another build made them.
        ChangelogError: the changelog is empty though decisions are out, or the changelog or the
            journal does not hold what its marks promise.
        JournalError: the journal is damaged, or has a gap.
    """
    stored = read_state(settings.bootstrap, settings.name(Topic.DECIDE_STATE), partition)
    states, outputs = stored.mark("states"), stored.mark("outputs")
    if not stored.marks:
        _require_new(partition, settings)
    state = FoldedState.of(stored, partition=partition, build=settings.build)
    if state.partition.facts.seq != states.seq:
        raise ChangelogError(
            f"partition {partition} needs states that stand at {states.seq}, as their mark says; "
            f"got {state.partition.facts.seq}. Only `decide` may write decide-state.v1."
        )
    if states.seq < outputs.seq:
        _require_same_build(partition, states, outputs, build=settings.build)
        for entries in _journal(settings, partition, start=states.journal_offset + 1):
            fold(
                state.partition,
                state.subjects,
                [entry for entry in entries if entry.seq <= outputs.seq],
            )
            if state.partition.facts.seq >= outputs.seq:
                break
        if state.partition.facts.seq != outputs.seq:
            raise ChangelogError(
                f"partition {partition} needs journal entries up to {outputs.seq}, whose outputs "
                f"are out; the journal ends at {state.partition.facts.seq}. "
                "Restore the journal from a copy."
            )
    return Recovered(
        state=state,
        parts=stored.parts,
        states_seq=states.seq,
        journal_offset=max(states.journal_offset, outputs.journal_offset),
    )


def _require_new(partition: int, settings: StreamSettings) -> None:
    """Refuse to begin again where decisions are out: every one would be published twice."""
    topic = settings.name(Topic.DECISIONS)
    if last_record(settings.bootstrap, topic, partition) is not None:
        raise ChangelogError(
            f"partition {partition} needs the changelog that belongs to its decisions; got an "
            f"empty {settings.name(Topic.DECIDE_STATE)} beside decisions in {topic}. Restore the "
            "changelog from a copy, or begin a new deployment under another topic prefix."
        )


def _require_same_build(partition: int, states: Mark, outputs: Mark, *, build: str) -> None:
    """Refuse to fold again what other code has folded; another machine is no other code.

    Scores are the same bits on every machine we run on, and a partition must not wait for the very
    processor that died. Should one differ all the same, `replay verify` names the decision.
    """
    if _code_of(outputs.build) != _code_of(build):
        raise OtherBuildError(
            f"partition {partition} needs build {outputs.build!r} to fold entries {states.seq + 1} "
            f"to {outputs.seq} again, since their outputs are out and their states are not kept; "
            f"got build {build!r}. Start that build once and stop it cleanly, then this one."
        )


def _journal(settings: StreamSettings, partition: int, *, start: int) -> Iterator[list[Entry]]:
    topic = settings.name(Topic.JOURNAL)
    for records in read_to_end(settings.bootstrap, topic, partition, start=start):
        yield [
            unpack(partition, record.key(), record.value(), header_of(record, HEADER) or b"")
            for record in records
        ]


def _code_of(build: str) -> str:
    """Return a fingerprint (`adapters.build`) without its last part, the machine."""
    parts = build.split("-")
    return "-".join(parts[:2]) if len(parts) == _FINGERPRINT_PARTS else build
