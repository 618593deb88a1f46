"""The role `learn`: examples in order into models, and their snapshots into the journal's way."""

import time
from collections.abc import Mapping, Sequence

import structlog
from pydantic import TypeAdapter

from adapters.metrics import Metrics
from contracts.control import SnapshotActivated
from contracts.examples import Example, ExampleMessage, LearnBarrier
from contracts.model_orders import ModelOrder
from contracts.slices import HEADER as SLICE_HEADER
from contracts.slices import SliceStamp
from contracts.snapshots import SnapshotRecord
from contracts.topics import Topic
from models import Learner
from models.canonical import sha256_of
from streams.changelog import last_record
from streams.learn_order import BarrierBuffer
from streams.microbatch import RecordBatch
from streams.model_metrics import show_reports
from streams.settings import StreamSettings
from streams.sink import Headers, Sink

_MESSAGE: TypeAdapter[Example | LearnBarrier | ModelOrder] = TypeAdapter(ExampleMessage)
_PARTITION = 0

log = structlog.get_logger(__name__)


class LearnWork:
    """Teaches the one learner, and publishes what it knows.

    With a live clock examples are learnt as they arrive, and a snapshot is taken when one is due.
    With a recorded clock examples wait for the barriers of all partitions; then they are learnt in
    the order of the journal, and the answer (a checkpoint, snapshots if they are due, and the
    marker that lets `sequence` go on) is one transaction, so that it is given exactly once.

    Weights and position are one record of `models.v1`: after a crash the same examples are learnt
    again from there, in the same order.

    Args:
        settings: Names, counts, the clock.
        sink: Fenced by the learner.
        metrics: Shows what the models are worth.
        learner: Where to start when `models.v1` is empty.
    """

    def __init__(
        self,
        *,
        settings: StreamSettings,
        sink: Sink,
        metrics: Metrics,
        learner: Learner | None = None,
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._metrics = metrics
        self._learner = learner or Learner(risk_serving=settings.risk_serving)
        self._next_offset = 0
        self._barriers = BarrierBuffer(partitions=settings.partitions)

    @property
    def learner(self) -> Learner:
        """The learner, to read its measures."""
        return self._learner

    def recover(self) -> Mapping[Topic, int]:
        """Fence, and go on from the newest checkpoint."""
        self._sink.fence()
        last = last_record(self._settings.bootstrap, self._settings.name(Topic.MODELS), _PARTITION)
        if last is not None:
            record = SnapshotRecord.model_validate_json(last.value() or b"")
            self._learner = Learner.from_checkpoint(
                record.checkpoint,
                sha256=record.checkpoint_sha256,
                rule=self._learner.rule,
                risk_serving=self._settings.risk_serving,
            )
            self._next_offset = record.examples_offset
        return {Topic.EXAMPLES: self._next_offset}

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Learn what can be learnt now."""
        for batch in batches:
            for record in batch.records:
                message = _MESSAGE.validate_json(record.value)
                if self._settings.clock == "recorded":
                    self._collect(message, next_offset=record.offset + 1)
                elif not isinstance(message, LearnBarrier):
                    self._learn_now(message, next_offset=record.offset + 1)
        return {Topic.EXAMPLES: self._next_offset - 1}

    def idle(self) -> None:
        """Do nothing: what waits, waits for others."""

    def hurry(self) -> None:
        """Do nothing: no batch waits for anybody but the broker."""

    def pause(self) -> Mapping[Topic, int]:
        """Forget examples whose barrier is not complete; they are read again."""
        self._barriers = BarrierBuffer(partitions=self._settings.partitions)
        return {Topic.EXAMPLES: self._next_offset}

    def close(self) -> None:
        """Let the partition go."""
        self._sink.close()

    def _learn_now(self, message: Example | ModelOrder, *, next_offset: int) -> None:
        self._learn(message)
        self._next_offset = next_offset
        at_ms = self._learner.clock_ms
        if self._learner.snapshot_due(at_ms):
            record = self._learner.snapshot(at_ms, examples_offset=next_offset)
            if record is not None:
                self._publish(record, learned_until_ms=at_ms, answer=None)

    def _collect(self, message: Example | LearnBarrier | ModelOrder, *, next_offset: int) -> None:
        whole = self._barriers.add(message)
        if whole is None:
            return
        for example in whole.examples:
            self._learn(example)
        self._learner.advance(whole.at_ms)
        for order in whole.orders:
            self._learn(order)
        self._next_offset = next_offset
        record = None
        if self._learner.snapshot_due(whole.at_ms):
            record = self._learner.snapshot(whole.at_ms, examples_offset=next_offset)
        answer = SliceStamp(slice_no=whole.slice_no + 1, known_at_ms=whole.at_ms)
        self._publish(
            record or self._checkpoint(whole.at_ms), learned_until_ms=whole.at_ms, answer=answer
        )

    def _learn(self, message: Example | ModelOrder) -> None:
        if isinstance(message, ModelOrder):
            self._learner.obey(message)
            log.info("model_order", order_id=message.order_id, order=message.order)
            return
        self._learner.apply(message)
        for label in message.labels:
            self._metrics.labels.labels(label=label, kind=message.status).inc()

    def _checkpoint(self, at_ms: int) -> SnapshotRecord:
        checkpoint = self._learner.to_checkpoint()
        return SnapshotRecord(
            at_ms=at_ms,
            examples_offset=self._next_offset,
            snapshots=(),
            checkpoint=checkpoint,
            checkpoint_sha256=sha256_of(checkpoint),
        )

    def _publish(
        self, record: SnapshotRecord, *, learned_until_ms: int, answer: SliceStamp | None
    ) -> None:
        """Write checkpoint, activations and, in recorded time, the markers, in one transaction."""
        started = time.perf_counter()
        self._sink.begin()
        self._produce(Topic.MODELS, _PARTITION, record.model_dump_json().encode(), headers=[])
        stamp: Headers = [] if answer is None else [(SLICE_HEADER, answer.pack())]
        for partition in range(self._settings.partitions):
            for snapshot in record.snapshots:
                activated = SnapshotActivated(snapshot=snapshot, learned_until_ms=learned_until_ms)
                value = activated.model_dump_json().encode()
                self._produce(Topic.CONTROL, partition, value, headers=stamp)
            if answer is not None:
                marker = SliceStamp(
                    slice_no=answer.slice_no, known_at_ms=answer.known_at_ms, marker=True
                )
                self._produce(
                    Topic.CONTROL, partition, None, headers=[(SLICE_HEADER, marker.pack())]
                )
        self._sink.commit()
        self._metrics.transaction.labels(role="learn").observe(time.perf_counter() - started)
        self._measure(record)

    def _produce(
        self, topic: Topic, partition: int, value: bytes | None, *, headers: Headers
    ) -> None:
        self._sink.produce(
            self._settings.name(topic),
            partition=partition,
            key=str(partition).encode(),
            value=value,
            headers=headers,
        )

    def _measure(self, record: SnapshotRecord) -> None:
        show_reports(self._metrics, record)
        for snapshot in record.snapshots:
            log_loss = snapshot.metrics.get("log_loss")
            if log_loss is not None:
                self._metrics.model_log_loss.labels(model=snapshot.name).set(log_loss)
            self._metrics.model_calibrated.labels(model=snapshot.name).set(snapshot.calibrated)
            self._metrics.model_learned.labels(model=snapshot.name).set(snapshot.learned)
            log.info("snapshot_published", model_id=snapshot.model_id, learned=snapshot.learned)
