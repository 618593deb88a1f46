"""A subject's features off its newest state: what `decide` holds, without folding anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from adapters.kafka_journal import LiveJournal
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.topics import Topic
from engine.codec import decode_subject
from engine.partition import PartitionFacts
from features import Asked, look
from shouwen.errors import ShouwenError
from shouwen.settings import Settings
from streams.state_log import read_state


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReading:
    """A row of features, and the coordinate at which the state stands."""

    values: NDArray[np.float64]
    place: Asked[None]
    partition: int


def newest(settings: Settings, subject_id: str, *, partitions: int) -> StateReading:
    """Return a subject's features at the newest state that `decide` has committed.

    That state is a second old, or up to `SHOUWEN_STATE_INTERVAL_MS` while much happens; it is read
    at its own clock.

    Raises:
        ShouwenError: nobody has decided yet, or nobody knows the subject.
        StreamsError: the changelog cannot be read to its end.
    """
    partition = partition_of(subject_id, partitions)
    topic = f"{settings.topic_prefix}{Topic.DECIDE_STATE.value}"
    stored = read_state(settings.kafka_bootstrap, topic, partition)
    if "partition" not in stored.parts:
        raise ShouwenError(
            f"`features show` needs a state in {topic}[{partition}]; there is none yet. "
            "Start `shouwen worker decide`, or read the journal: `--at` a moment."
        )
    raw = stored.subjects.get(subject_id)
    if raw is None:
        raise ShouwenError(
            f"{subject_id!r} is unknown: partition {partition}, where it would live, holds "
            f"{len(stored.subjects):,} others. Check the id."
        )
    facts = msgspec.json.decode(stored.parts["partition"], type=PartitionFacts)
    place = Asked(subject_id=subject_id, seq=facts.seq, at_ms=facts.clock_ms, labels=None)
    values = look(decode_subject(raw), facts.clock_ms)
    return StateReading(values=values, place=place, partition=partition)


@dataclass(frozen=True, slots=True)
class LiveJournals:
    """The journals of a running deployment, read from Kafka as they are asked for."""

    live: LiveJournal

    @property
    def partitions(self) -> tuple[int, ...]:
        """The partitions, in order."""
        return self.live.partitions

    def entries(self, partition: int) -> Iterator[Entry]:
        """Yield a partition's journal to its end as it is now."""
        return chain.from_iterable(self.live.entries(partition))
