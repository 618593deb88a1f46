"""The role `sequence`: one partition of all sources into the journal, numbered, exactly once."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from adapters.metrics import Metrics
from contracts.dead_letters import HEADER as DEAD_LETTER_HEADER
from contracts.ids import partition_of
from contracts.journal import HEADER, VECTOR_HEADER, pack_header, pack_offsets
from contracts.topics import EVENT_SOURCES, SOURCES, Topic
from streams.amount_watch import AmountWatch
from streams.dead_letter_rate import DeadLetterRate
from streams.incoming import source_records
from streams.journal_tail import read_place
from streams.microbatch import RecordBatch
from streams.ordering import live_order
from streams.records import TimedRecord
from streams.sequencer import JournalPlace, Numbered, number
from streams.settings import StreamSettings
from streams.sink import Headers, Sink
from streams.slices import SliceBuffer
from streams.source_quality import look_at

_WRITTEN = (Topic.JOURNAL, Topic.DEAD_LETTERS, Topic.RISK_ALERTS)


class SequenceWork:
    """Orders, numbers and appends; what it may not let in goes to the dead letters.

    A batch is one transaction: journal entries, dead letters and alerts become readable together.
    With a live clock a batch is what is buffered; with a recorded one it is whole slices.

    Args:
        partition: Of all source topics, of the journal and of the dead letters.
        settings: Names, counts, the clock.
        sink: Fenced by this partition.
        metrics: Counts what came in.
        now_ms: The wall clock, for the metric of delay only.
    """

    def __init__(
        self,
        partition: int,
        *,
        settings: StreamSettings,
        sink: Sink,
        metrics: Metrics,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._partition = partition
        self._settings = settings
        self._sink = sink
        self._metrics = metrics
        self._now_ms = now_ms
        self._names = {topic: settings.name(topic) for topic in _WRITTEN}
        self._place = JournalPlace()
        self._slices = SliceBuffer(partitions=settings.partitions)
        self._rate = DeadLetterRate(
            partition=partition,
            ratio=settings.dead_letter_alert_ratio,
            minimum=settings.dead_letter_alert_minimum,
        )
        self._amounts = AmountWatch(partition=partition)
        for topic in EVENT_SOURCES:  # a counter that is born with its first alarm hides that one
            metrics.unit_suspects.labels(topic=topic.value)

    @property
    def place(self) -> JournalPlace:
        """Where the journal stands, as committed."""
        return self._place

    def recover(self) -> Mapping[Topic, int]:
        """Fence, then continue from the journal's own tail."""
        self._sink.fence()
        self._place = read_place(
            self._settings.bootstrap,
            journal=self._settings.name(Topic.JOURNAL),
            dead_letters=self._settings.name(Topic.DEAD_LETTERS),
            partition=self._partition,
        )
        return self._positions()

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Append what can be appended now; return what is in the journal or buried."""
        records = source_records(batches, self._settings)
        if self._settings.clock == "live":
            self._append(live_order(records))
        else:
            for record in records:
                self._slices.add(record)
            self._append_slices()
        return self._place.offsets

    def idle(self) -> None:
        """Do nothing: nothing waits."""

    def hurry(self) -> None:
        """Do nothing: no batch waits for anybody but the broker."""

    def pause(self) -> Mapping[Topic, int]:
        """Drop slices that are not whole; they are read again."""
        self._slices = SliceBuffer(partitions=self._settings.partitions)
        return self._positions()

    def close(self) -> None:
        """Let the partition go."""
        self._sink.close()

    def _positions(self) -> dict[Topic, int]:
        return {topic: self._place.next_offset(topic) for topic in SOURCES}

    def _append_slices(self) -> None:
        """Append whole slices, several in one transaction while they are small."""
        records: list[TimedRecord] = []
        passed: dict[Topic, int] = {}
        for whole in self._slices.release():
            records += whole.records
            passed |= whole.offsets
            if len(records) >= self._settings.max_batch:
                self._append(records, passed)
                records, passed = [], {}
        self._append(records, passed)

    def _append(
        self, records: Sequence[TimedRecord], passed: dict[Topic, int] | None = None
    ) -> None:
        started = time.perf_counter()
        batch = number(
            records,
            self._place,
            partition=self._partition,
            partitions=self._settings.partitions,
            passed=passed,
        )
        if batch.entries or batch.buried:
            self._sink.begin()
            self._publish(batch)
            self._sink.commit()
        self._place = batch.place
        self._measure(batch, seconds=time.perf_counter() - started)

    def _publish(self, batch: Numbered) -> None:
        vector = (VECTOR_HEADER, pack_offsets(batch.place.offsets))
        for entry in batch.entries:
            headers: Headers = [(HEADER, pack_header(entry))]
            if entry is batch.entries[-1]:
                headers = [*headers, vector]
            self._produce(Topic.JOURNAL, key=entry.key.encode(), value=entry.value, headers=headers)
        for buried in batch.buried:
            headers = [(DEAD_LETTER_HEADER, buried.letter.model_dump_json().encode())]
            if not batch.entries and buried is batch.buried[-1]:
                headers = [*headers, vector]
            record = buried.record
            self._produce(Topic.DEAD_LETTERS, key=record.key, value=record.value, headers=headers)
        suspects = self._amounts.observe(batch)
        for topic, _ in suspects:
            self._metrics.unit_suspects.labels(topic=topic.value).inc()
        raised = [alert for _, alert in suspects if alert is not None]
        for alert in (*self._rate.observe(batch), *raised):
            self._metrics.alerts.labels(kind=alert.kind).inc()
            self._sink.produce(
                self._names[Topic.RISK_ALERTS],
                partition=partition_of(alert.subject_id, self._settings.partitions),
                key=alert.subject_id.encode(),
                value=alert.model_dump_json().encode(),
                headers=[],
            )

    def _produce(
        self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers
    ) -> None:
        self._sink.produce(
            self._names[topic],
            partition=self._partition,
            key=key,
            value=value,
            headers=headers,
        )

    def _measure(self, batch: Numbered, *, seconds: float) -> None:
        metrics = self._metrics
        for topic, count in Counter(entry.topic for entry in batch.entries).items():
            metrics.events.labels(topic=topic.value, result="accepted").inc(count)
        for buried in batch.buried:
            source, reason = buried.letter.source_topic, buried.letter.reason
            metrics.events.labels(topic=source, result="dead").inc()
            metrics.dead_letters.labels(topic=source, reason=reason).inc()
        for topic, count in batch.known.items():
            metrics.events.labels(topic=topic.value, result="known").inc(count)
        for topic, count in batch.late.items():
            metrics.late_events.labels(topic=topic.value).inc(count)
        metrics.unknown_fields.inc(batch.unknown_fields)
        sampled = look_at(batch)
        for (topic, name, state), count in sampled.fields.items():
            metrics.source_fields.labels(topic=topic.value, field=name, state=state).inc(count)
        for topic, late_seconds in sampled.lateness_seconds:
            metrics.lateness.labels(topic=topic.value).observe(late_seconds)
        if batch.entries:
            metrics.transaction.labels(role="sequence").observe(seconds)
            delay_seconds = (self._now_ms() - batch.place.clock_ms) / 1000
            metrics.clock_delay.labels(partition=str(self._partition)).set(delay_seconds)
