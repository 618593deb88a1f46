"""The role `decide`: one partition of the journal, folded; outputs and state exactly once."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from adapters.metrics import Metrics
from contracts.ids import partition_of
from contracts.journal import HEADER, Entry, unpack
from contracts.topics import TOPICS, Topic
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subject import MOST_BYTES
from engine.subjects import MemorySubjects
from features.quality import Row
from streams.decide_recovery import FoldedState, recover_state
from streams.incoming import FetchedRecord, header_value
from streams.microbatch import RecordBatch
from streams.settings import StreamSettings
from streams.sink import Headers, Sink
from streams.state_log import Mark, mark_key, part_key, subject_key

APPENDED_HEADER = "shouwen-appended-ms"
"""On each decision: when the broker took the source record that caused it; for latency only."""

Fold = Callable[[PartitionState, MemorySubjects, Sequence[Entry]], list[Output]]
_SINGLE = frozenset(spec.topic for spec in TOPICS if not spec.keyed)


class DecideWork:
    """Folds entries, publishes what they cause, and keeps the state in its changelog.

    A batch is one transaction: its outputs and the mark "outputs are out up to X". Once per
    `state_interval_ms` (after a second where few subjects changed), and whenever the partition is
    left, the transaction also carries each subject changed since, the changed parts of the
    partition, and the mark "states stand at S".

    Args:
        partition: Of the journal and the changelog.
        settings: Names, counts, the interval, the build.
        sink: Fenced by this partition.
        metrics: Counts what was folded.
        fold: The engine; a test may bring a smaller one.
        watch: Takes a sample of the rows of features that were decided on; none = nobody watches.
        monotonic: Seconds that only grow, for the interval.
    """

    def __init__(
        self,
        partition: int,
        *,
        settings: StreamSettings,
        sink: Sink,
        metrics: Metrics,
        fold: Fold,
        watch: Callable[[Sequence[Row]], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._partition = partition
        self._settings = settings
        self._sink = sink
        self._metrics = metrics
        self._fold = fold
        self._watch = watch
        self._monotonic = monotonic
        self._names = {topic: settings.name(topic) for topic in Topic}
        self._state = FoldedState.empty(partition, build=settings.build)
        self._journal_offset = -1
        self._states_seq = -1
        self._states_at = monotonic()
        self._written: dict[str, bytes] = {}
        self._totals = {
            "duplicate_events": metrics.duplicates,
            "lost_reversals": metrics.lost_reversals,
        }
        self._counted = dict.fromkeys(self._totals, 0)
        self._subjects = self._off = 0

    def recover(self) -> Mapping[Topic, int]:
        """Fence, load the states, and fold again what was published since they were written."""
        self._sink.fence()
        recovered = recover_state(self._partition, settings=self._settings, fold=self._fold)
        self._state = recovered.state
        self._written = recovered.parts
        self._states_seq = recovered.states_seq
        self._journal_offset = recovered.journal_offset
        self._states_at = self._monotonic()
        self._state.partition.samples = None if self._watch is None else []
        self._counted = {what: self._count(what) for what in self._totals}
        self._measure_state()
        return self._positions()

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Fold, publish and commit."""
        started = time.perf_counter()
        before = self._seq
        entries = [self._entry(record) for batch in batches for record in batch.records]
        outputs = self._fold(self._state.partition, self._state.subjects, entries)
        self._journal_offset = max(batches[-1].offset, self._journal_offset)
        if self._seq > before:
            appended = {entry.seq: entry.appended_ms for entry in entries}
            self._sink.begin()
            for output in outputs:
                self._publish(output, appended_ms=appended.get(output.seq, 0))
            told = Counter(output.topic for output in outputs if not output.everywhere)
            for topic, count in told.items():
                self._metrics.outputs.labels(topic=topic.value).inc(count)
            self._mark_outputs()
            if self._is_due():
                self._write_states()
            self._sink.commit()
            self._measure(self._seq - before, seconds=time.perf_counter() - started)
            self._hand_samples()
        return {Topic.JOURNAL: self._journal_offset}

    def idle(self) -> None:
        """Write the states that wait for more."""
        if self._states_seq < self._seq:
            self._sink.begin()
            self._mark_outputs()
            self._write_states()
            self._sink.commit()

    def hurry(self) -> None:
        """Do nothing: no batch waits for anybody but the broker."""

    def pause(self) -> Mapping[Topic, int]:
        """Write the states, so that nobody has to fold again: S = X."""
        self.idle()
        return self._positions()

    def close(self) -> None:
        """Let the partition go, and its memory."""
        self._state = FoldedState.empty(self._partition, build=self._settings.build)
        self._measure_state()
        self._sink.close()

    @property
    def _seq(self) -> int:
        return self._state.partition.facts.seq

    def _positions(self) -> dict[Topic, int]:
        return {Topic.JOURNAL: self._journal_offset + 1}

    def _entry(self, record: FetchedRecord) -> Entry:
        header = header_value(record, HEADER) or b""
        return unpack(self._partition, record.key, record.value, header)

    def _is_due(self) -> bool:
        waited_ms = (self._monotonic() - self._states_at) * 1000
        if waited_ms >= self._settings.state_interval_ms:
            return True
        few = self._state.subjects.changed <= self._settings.few_subjects
        return few and waited_ms >= self._settings.soon_ms

    def _publish(self, output: Output, *, appended_ms: int) -> None:
        topic = output.topic
        headers: Headers = output.headers
        if topic is Topic.DECISIONS:
            headers = [*headers, (APPENDED_HEADER, str(appended_ms).encode())]
        for partition in self._targets(output):
            self._sink.produce(
                self._names[topic],
                partition=partition,
                key=output.key.encode(),
                value=output.value or None,
                headers=headers,
            )

    def _targets(self, output: Output) -> Iterable[int]:
        if output.everywhere:
            return range(self._settings.partitions)
        if output.topic in _SINGLE:
            return (0,)
        return (partition_of(output.key, self._settings.partitions),)

    def _mark_outputs(self) -> None:
        self._keep(mark_key("outputs"), self._mark().encode())

    def _write_states(self) -> None:
        changed = self._state.subjects.take_changed()
        for subject_id, raw in changed.items():
            self._keep(subject_key(subject_id), raw)
        self._metrics.large_states.inc(sum(len(raw) > MOST_BYTES for raw in changed.values()))
        parts = self._state.partition.encode()
        for name, raw in parts.items():
            if self._written.get(name) != raw:
                self._keep(part_key(name), raw)
        for name in self._written.keys() - parts.keys():
            self._keep(part_key(name), None)
        self._keep(mark_key("states"), self._mark().encode())
        self._written = parts
        self._states_seq = self._seq
        self._states_at = self._monotonic()

    def _mark(self) -> Mark:
        return Mark(seq=self._seq, journal_offset=self._journal_offset, build=self._settings.build)

    def _keep(self, key: bytes, value: bytes | None) -> None:
        self._sink.produce(
            self._names[Topic.DECIDE_STATE],
            partition=self._partition,
            key=key,
            value=value,
            headers=[],
        )

    def _count(self, what: str) -> int:
        return self._state.partition.facts.counts.get(what, 0)

    def _measure(self, entries: int, *, seconds: float) -> None:
        self._metrics.entries.inc(entries)
        self._metrics.transaction.labels(role="decide").observe(seconds)
        for what, metric in self._totals.items():
            count = self._count(what)
            metric.inc(count - self._counted[what])
            self._counted[what] = count
        self._measure_state()

    def _hand_samples(self) -> None:
        samples = self._state.partition.samples
        if samples and self._watch is not None:
            self._watch(samples)
            self._state.partition.samples = []

    def _measure_state(self) -> None:
        """Add to the process's gauges what this partition gained or lost."""
        subjects, off = len(self._state.subjects), int(self._state.partition.facts.decisions_off)
        self._metrics.subjects.inc(subjects - self._subjects)
        self._metrics.decisions_off.inc(off - self._off)
        self._subjects, self._off = subjects, off
