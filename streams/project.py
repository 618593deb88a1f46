"""The role `project`: decisions and conversions into the view, at least once and idempotent."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from redis import RedisError

from adapters.metrics import Metrics
from adapters.redis_view import ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import Topic
from streams.decide import APPENDED_HEADER
from streams.incoming import FetchedRecord, header_value
from streams.microbatch import RecordBatch
from streams.projection import of_conversion, of_decision
from streams.settings import StreamSettings

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class View(Protocol):
    """Where cards and decisions are written."""

    def write(self, writes: Sequence[ViewWrite]) -> None:
        """Set fields, in order; raises `redis.RedisError` when that may not have happened."""


class ViewHealth:
    """Whether the view takes what it is given; shared by all partitions of the role."""

    def __init__(self) -> None:
        self._failing: set[int] = set()

    def note(self, partition: int, *, is_well: bool) -> None:
        """Hear from a partition."""
        if is_well:
            self._failing.discard(partition)
        else:
            self._failing.add(partition)

    @property
    def is_well(self) -> bool:
        """Whether no partition waits for the view."""
        return not self._failing


class ProjectWork:
    """Writes the view; while it is away nothing is lost, and nobody but this role waits.

    Reading starts where the group's committed offset is: to write a batch again changes nothing,
    and an older card is never left standing, because the newer decision comes again behind it.

    Args:
        partition: Of decisions and of conversions.
        settings: Names.
        view: What is written.
        metrics: Counts what was decided, and how fast.
        health: Told while the view is away.
        pause_between: Waits for the event, at most so many seconds; returns whether it is set.
        now_ms: The wall clock, for the metric of latency only.
    """

    def __init__(
        self,
        partition: int,
        *,
        settings: StreamSettings,
        view: View,
        metrics: Metrics,
        health: ViewHealth,
        pause_between: Callable[[threading.Event, float], bool] = threading.Event.wait,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._partition = partition
        self._settings = settings
        self._view = view
        self._metrics = metrics
        self._health = health
        self._pause_between = pause_between
        self._hurried = threading.Event()
        self._now_ms = now_ms

    def recover(self) -> Mapping[Topic, int]:
        """Know nothing better than the committed offsets."""
        return {}

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Write the batches; returns only when they are written, or hurried."""
        writes: list[ViewWrite] = []
        done: dict[Topic, int] = {}
        for batch in batches:
            topic = self._settings.topic(batch.topic)
            for record in batch.records:
                writes += self._writes_of(topic, record)
            done[topic] = batch.offset
        return done if self._write(writes) else {}

    def idle(self) -> None:
        """Do nothing: nothing waits."""

    def hurry(self) -> None:
        """Stop waiting for the view: what was not written is delivered again."""
        self._hurried.set()

    def pause(self) -> Mapping[Topic, int]:
        """Know nothing better than the committed offsets."""
        self._hurried.clear()
        return {}

    def close(self) -> None:
        """Let the partition go."""
        self._health.note(self._partition, is_well=True)

    def _writes_of(self, topic: Topic, record: FetchedRecord) -> list[ViewWrite]:
        raw = record.value or b""
        if topic is Topic.CONVERSIONS:
            change = LoanStateChanged.model_validate_json(raw)
            if change.conversion is not None:
                self._metrics.conversions.labels(kind=change.conversion).inc()
            return of_conversion(change)
        decision = Decision.model_validate_json(raw)
        self._measure(decision, record)
        return of_decision(decision, raw)

    def _write(self, writes: Sequence[ViewWrite]) -> bool:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                self._view.write(writes)
            except RedisError as error:
                self._health.note(self._partition, is_well=False)
                self._metrics.redis_retries.inc()
                log.warning(
                    "view_away", error_type=type(error).__name__, retry_seconds=pause_seconds
                )
                if self._pause_between(self._hurried, pause_seconds):
                    return False
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
            else:
                self._health.note(self._partition, is_well=True)
                return True

    def _measure(self, decision: Decision, record: FetchedRecord) -> None:
        metrics = self._metrics
        metrics.decisions.labels(
            outcome=decision.outcome,
            context=decision.decision_context,
            strategy=decision.strategy.strategy_id,
        ).inc()
        metrics.moments.labels(moment=decision.moment, result=decision.disposition).inc()
        for reason in decision.reasons:
            metrics.reasons.labels(code=reason.code).inc()
        for kind in decision.degradations:
            metrics.degradations.labels(kind=kind).inc()
        if decision.contact_rule is not None:
            metrics.contact_blocked.labels(rule=decision.contact_rule).inc()
        appended = header_value(record, APPENDED_HEADER)
        if appended is not None and self._settings.clock == "live" and int(appended):
            metrics.event_to_decision.observe((self._now_ms() - int(appended)) / 1000)
