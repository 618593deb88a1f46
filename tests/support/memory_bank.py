"""The whole pipeline without a broker: every part is the real one, only the topics are lists.

`ingest` publishes into memory; per partition the slices are put together, numbered and folded; the
role `learn` answers into `control.v1`, partitions tell each other through `neighbour-signals.v1`,
and both are sequenced like any other source. What a recorded run says on Kafka, it says here, as
fast as Python goes and always the same.
"""

import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import SOURCES, Topic
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from models import Learner
from shouwen.ingest import Ingested, IngestPlan, RecordedEnd, ingest
from streams.learn import LearnWork
from streams.records import SourceRecord, TimedRecord, read_cause, read_stamp
from streams.sequencer import Buried, JournalPlace, number
from streams.settings import StreamSettings
from streams.slices import SliceBuffer
from tests.streams.fakes import MemorySink, a_batch

BUILD = "memory-bank"
_FETCH_MOST = 40


@dataclass
class MemoryTopics:
    """A `Publisher` that keeps every record, in order, by topic and partition."""

    records: dict[tuple[Topic, int], list[SourceRecord]] = field(default_factory=dict)

    def publish(
        self,
        topic: Topic,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        """Store one record behind those of its topic-partition."""
        log = self.records.setdefault((topic, partition), [])
        log.append(
            SourceRecord(
                topic=topic,
                partition=partition,
                offset=len(log),
                appended_ms=0,
                key=key,
                value=value,
                stamp=read_stamp(headers),
                cause=read_cause(headers),
            )
        )

    def tell(self, outputs: Iterable[Output], *, partitions: int) -> None:
        """Take in the neighbour signals among what a partition said, and its markers."""
        for output in outputs:
            if output.topic is not Topic.NEIGHBOUR_SIGNALS:
                continue
            one = partition_of(output.key, partitions)
            for partition in range(partitions) if output.everywhere else (one,):
                self.publish(
                    output.topic,
                    partition=partition,
                    key=output.key.encode(),
                    value=output.value or None,
                    headers=output.headers,
                )

    def of(self, topic: Topic, partition: int = 0) -> list[SourceRecord]:
        """Return what a topic-partition holds."""
        return self.records.get((topic, partition), [])


@dataclass(frozen=True, kw_only=True)
class MemoryRun:
    """What a run has said, per partition, and where it stands."""

    ingested: Ingested
    journals: list[list[Entry]]
    buried: list[list[Buried]]
    outputs: list[list[Output]]
    states: list[PartitionState]
    subjects: list[MemorySubjects]
    learner: Learner

    def said(self, topic: Topic) -> list[bytes]:
        """Return the values of one output topic, partition after partition."""
        return [o.value for outputs in self.outputs for o in outputs if o.topic is topic]


class MemoryPartition:
    """One partition's `sequence` and `decide`."""

    def __init__(self, partition: int, topics: MemoryTopics, *, partitions: int) -> None:
        self.journal: list[Entry] = []
        self.buried: list[Buried] = []
        self.outputs: list[Output] = []
        self.state = PartitionState(partition=partition, build=BUILD)
        self.subjects = MemorySubjects()
        self._partition = partition
        self._partitions = partitions
        self._topics = topics
        self._place = JournalPlace()
        self._slices = SliceBuffer(partitions=partitions)
        self._fetched = dict.fromkeys(SOURCES, 0)

    def fetch(self, dice: random.Random | None) -> bool:
        """Take records in: all there are, or a few of any topic; return whether there were any."""
        waiting = [topic for topic in SOURCES if self._waiting(topic)]
        if dice is not None and waiting:
            waiting = [dice.choice(waiting)]
        for topic in waiting:
            records = self._waiting(topic)
            if dice is not None:
                records = records[: dice.randint(1, _FETCH_MOST)]
            for record in records:
                self._slices.add(record)
            self._fetched[topic] += len(records)
        return bool(waiting)

    def decide(self) -> list[Output]:
        """Append and fold every slice that is whole; return what that caused."""
        caused: list[Output] = []
        for whole in self._slices.release():
            caused += self._append(whole.records, dict(whole.offsets))
        self.outputs += caused
        return caused

    @property
    def left(self) -> list[Topic]:
        """Topics whose last record is in no slice that was whole."""
        return [
            topic
            for topic in SOURCES
            if self._place.next_offset(topic) < len(self._topics.of(topic, self._partition))
        ]

    def _append(self, records: Iterable[TimedRecord], passed: dict[Topic, int]) -> list[Output]:
        batch = number(
            records,
            self._place,
            partition=self._partition,
            partitions=self._partitions,
            passed=passed,
        )
        self._place = batch.place
        self.journal += batch.entries
        self.buried += batch.buried
        return fold(self.state, self.subjects, batch.entries)

    def _waiting(self, topic: Topic) -> list[SourceRecord]:
        return self._topics.of(topic, self._partition)[self._fetched[topic] :]


class _MemoryLearner:
    """The role `learn` between `examples.v1` and `control.v1`."""

    def __init__(self, topics: MemoryTopics, *, partitions: int) -> None:
        self._topics = topics
        self._settings = StreamSettings(
            bootstrap="none",
            clock="recorded",
            partitions=partitions,
            build=BUILD,
            risk_serving="live",
        )
        self._sink = MemorySink()
        self._sink.fence()
        self._next_offset = 0
        self._work = LearnWork(
            settings=self._settings, sink=self._sink, metrics=Metrics(CollectorRegistry())
        )

    @property
    def learner(self) -> Learner:
        return self._work.learner

    def learn(self, outputs: Iterable[Output]) -> None:
        """Take the examples among the outputs, and publish the answer if one is due."""
        examples = [output.value for output in outputs if output.topic is Topic.EXAMPLES]
        if not examples:
            return
        self._work.apply([a_batch(examples, topic=Topic.EXAMPLES.value, first=self._next_offset)])
        self._next_offset += len(examples)
        answers, self._sink.transactions = self._sink.transactions, []
        for record in (record for answer in answers for record in answer):
            if record.topic == Topic.CONTROL:
                self._topics.publish(
                    Topic.CONTROL,
                    partition=record.partition,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )


def run(
    lines: Iterable[RecordedLine],
    plan: IngestPlan,
    *,
    then: Sequence[tuple[Iterable[RecordedLine], IngestPlan]] = (),
    dice: random.Random | None = None,
) -> MemoryRun:
    """Run a recording through the whole pipeline, and others behind it.

    Args:
        lines: The recording, in `known_at_ms` order.
        plan: Slices, strategies, how often to learn.
        then: Recordings that follow, each with its plan but for where the one before it ended.
        dice: Fetches come in its order: partitions and topics race with each other as they do on
            a broker. Without it, a partition is given all there is at once.

    Raises:
        RuntimeError: a partition stands still before its end, as it would for ever on a broker.
    """
    topics = MemoryTopics()
    ingested = ingest(lines, topics, plan)
    for further, its_plan in then:
        after = RecordedEnd(slice_no=ingested.last_slice, end_ms=ingested.last_ms)
        ingested = ingest(further, topics, replace(its_plan, after=after))
    partitions = [
        MemoryPartition(partition, topics, partitions=plan.partitions)
        for partition in range(plan.partitions)
    ]
    learner = _MemoryLearner(topics, partitions=plan.partitions)
    for partition in _turns(partitions, dice):
        said = partition.decide()
        topics.tell(said, partitions=plan.partitions)
        learner.learn(said)
    for partition in partitions:
        if partition.left:
            raise RuntimeError(
                f"a run needs every slice whole; partition {partition.state.facts.partition} holds "
                f"records of {[topic.value for topic in partition.left]} that wait for a marker."
            )
    return MemoryRun(
        ingested=ingested,
        journals=[partition.journal for partition in partitions],
        buried=[partition.buried for partition in partitions],
        outputs=[partition.outputs for partition in partitions],
        states=[partition.state for partition in partitions],
        subjects=[partition.subjects for partition in partitions],
        learner=learner.learner,
    )


def _turns(
    partitions: Sequence[MemoryPartition], dice: random.Random | None
) -> Iterator[MemoryPartition]:
    """Yield whoever has fetched something, until nobody finds anything more."""
    idle: set[int] = set()
    queue = deque(range(len(partitions)))
    while len(idle) < len(partitions):
        if dice is not None:
            dice.shuffle(queue)
        turn = queue[0]
        queue.rotate(-1)
        if partitions[turn].fetch(dice):
            idle.clear()
            yield partitions[turn]
        else:
            idle.add(turn)
