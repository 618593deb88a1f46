"""The engine as a replay sees it: journals in, outputs out, and which build it is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from contracts.decisions import Decision
from contracts.journal import Entry
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects, Subjects

BATCH_ENTRIES = 1_000

Fold = Callable[[PartitionState, Subjects, Sequence[Entry]], list[Output]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What replays need of the engine, handed in so that a test may bring a smaller one.

    `fold` and `digest_of` are plain functions of a module: a backtest sends them to processes.
    """

    fold: Fold
    digest_of: Callable[[Decision], str]
    build: str

    def state(self, partition: int) -> PartitionState:
        """Return a partition's state before its first entry."""
        return PartitionState(partition=partition, build=self.build)

    def outputs(
        self,
        entries: Iterable[Entry],
        *,
        state: PartitionState,
        subjects: MemorySubjects | None = None,
    ) -> Iterator[Output]:
        """Fold a whole journal from the beginning, in batches, and yield all that it publishes.

        `subjects` are empty ones, to be looked at afterwards.

        Raises:
            JournalError: the journal has a hole, or its clock goes back.
        """
        subjects = MemorySubjects() if subjects is None else subjects
        waiting = iter(entries)
        while batch := tuple(islice(waiting, BATCH_ENTRIES)):
            yield from self.fold(state, subjects, batch)


def this_engine() -> Engine:
    """Return the engine of this build: the one that workers run."""
    from adapters.build import fingerprint
    from engine.decide import digest_of
    from engine.fold import fold

    return Engine(fold=fold, digest_of=digest_of, build=fingerprint())
