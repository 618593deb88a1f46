"""The role `project`: decisions, conversions and features into the view, again where it is lost."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from redis import RedisError

from adapters.errors import ViewLostError
from adapters.metrics import Metrics
from adapters.redis_view import ViewPlace, ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import Topic
from features import SCHEMA_HASH
from streams.changed_states import ChangedStates
from streams.decide import APPENDED_HEADER
from streams.incoming import FetchedRecord, header_value
from streams.microbatch import RecordBatch
from streams.projection import of_conversion, of_decision, of_state
from streams.settings import StreamSettings
from streams.view_source import KafkaSource, ViewSource

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_READ = (Topic.DECISIONS, Topic.CONVERSIONS, Topic.DECIDE_STATE)

log = structlog.get_logger(__name__)


class View(Protocol):
    """Where cards, decisions and features are written; every method may raise `RedisError`."""

    def place(self, partition: int) -> ViewPlace | None:
        """Return how far the view is, or none where it knows nothing of the partition."""

    def begin(self, partition: int, place: ViewPlace) -> None:
        """Write a partition from here on."""

    def write(
        self,
        writes: Sequence[ViewWrite],
        *,
        partition: int,
        owner: str,
        next_offsets: Mapping[str, int],
    ) -> None:
        """Set fields and place at once; raises `ViewLostError` where the view is another one."""


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

    Reading starts where the view itself says that it is. A view that says nothing, or speaks of
    another Kafka, is built again from the beginning; one with features of another catalogue gets
    them all anew. To write a batch again changes nothing, and an older card is never left standing,
    because the newer decision comes again behind it.

    Args:
        partition: Of decisions, of conversions and of the changelog of states.
        settings: Names.
        view: What is written.
        metrics: Counts what was decided, and how fast; what is read a second time is not counted.
        health: Told while the view is away.
        source: The Kafka that is shown; none asks the brokers of the settings.
        pause_between: Waits for the event, at most so many seconds; returns whether it is set.
        now_ms: The wall clock, for the metric of latency only.
        monotonic: Seconds that only grow: how often a quiet partition looks after the view.
    """

    def __init__(
        self,
        partition: int,
        *,
        settings: StreamSettings,
        view: View,
        metrics: Metrics,
        health: ViewHealth,
        source: ViewSource | None = None,
        pause_between: Callable[[threading.Event, float], bool] = threading.Event.wait,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._partition = partition
        self._settings = settings
        self._view = view
        self._metrics = metrics
        self._health = health
        self._source = KafkaSource(settings, partition) if source is None else source
        self._pause_between = pause_between
        self._hurried = threading.Event()
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._owner: str | None = None
        self._next: dict[Topic, int] = {}
        self._counted_from: dict[Topic, int] = {}
        self._states = ChangedStates()

    def recover(self) -> Mapping[Topic, int]:
        """Begin where the view is; a view that is away is found out about by the first batch."""
        try:
            self._begin()
        except RedisError as error:
            self._health.note(self._partition, is_well=False)
            log.warning("view_away", error_type=type(error).__name__)
        return dict(self._next)

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Write the batches; returns only when they are written, or hurried."""
        writes: list[ViewWrite] = []
        done: dict[Topic, int] = {}
        for batch in batches:
            topic = self._settings.topic(batch.topic)
            if topic is Topic.DECIDE_STATE:
                done |= self._note_states(batch)
                continue
            for record in batch.records:
                writes += self._writes_of(topic, record)
            done[topic] = batch.offset
        for changed in self._states.drain():
            writes += of_state(changed, partition=self._partition)
        if not writes:
            self._look()
        elif not self._write(writes, done):
            return {}
        self._next |= {topic: offset + 1 for topic, offset in done.items()}
        return done

    def idle(self) -> None:
        """Look whether the view is still there: a quiet partition must not leave it empty."""
        self._look()

    def hurry(self) -> None:
        """Stop waiting for the view: what was not written is delivered again."""
        self._hurried.set()

    def pause(self) -> Mapping[Topic, int]:
        """Drop what is half read; go on behind what is written."""
        self._hurried.clear()
        self._states.forget()
        return dict(self._next)

    def close(self) -> None:
        """Let the partition go."""
        self._health.note(self._partition, is_well=True)

    def _begin(self) -> None:
        """Find out how far the view is, and take it over.

        Raises:
            RedisError: the view is away.
        """
        cluster = self._source.cluster()
        found = self._view.place(self._partition)
        offsets = dict.fromkeys(_READ, 0)
        if found is not None and found.cluster == cluster:
            known = {topic: found.next_offsets.get(topic.value, 0) for topic in _READ}
            offsets |= known
            if found.schema != SCHEMA_HASH:
                offsets[Topic.DECIDE_STATE] = 0
            self._counted_from = {}
        else:
            self._counted_from = {topic: self._source.committed(topic) for topic in _READ}
            log.info("view_begun", partition=self._partition)
        owner = secrets.token_hex(8)
        place = ViewPlace(
            owner=owner,
            cluster=cluster,
            schema=SCHEMA_HASH,
            next_offsets={topic.value: offset for topic, offset in offsets.items()},
        )
        self._view.begin(self._partition, place)
        self._owner, self._next = owner, offsets

    def _note_states(self, batch: RecordBatch) -> dict[Topic, int]:
        """Take a piece of the changelog in; return up to where it stands somewhere."""
        stands: dict[Topic, int] = {}
        for record in batch.records:
            if self._states.take(record.key or b"", record.value):
                stands[Topic.DECIDE_STATE] = record.offset
        return stands if self._states.is_between else {Topic.DECIDE_STATE: batch.offset}

    def _writes_of(self, topic: Topic, record: FetchedRecord) -> list[ViewWrite]:
        raw = record.value or b""
        if topic is Topic.CONVERSIONS:
            change = LoanStateChanged.model_validate_json(raw)
            if change.conversion is not None and self._is_news(topic, record):
                self._metrics.conversions.labels(kind=change.conversion).inc()
            return of_conversion(change)
        decision = Decision.model_validate_json(raw)
        if self._is_news(topic, record):
            self._measure(decision, record)
        return of_decision(decision, raw)

    def _is_news(self, topic: Topic, record: FetchedRecord) -> bool:
        """Tell whether a record is read for the first time: a view that is built again is not."""
        return record.offset >= self._counted_from.get(topic, 0)

    def _look(self) -> None:
        """Ask at most once a second whether the view is the one that was begun.

        Raises:
            ViewLostError: it is not.
        """
        if self._monotonic() - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = self._monotonic()
        try:
            found = self._view.place(self._partition)
        except RedisError:
            self._health.note(self._partition, is_well=False)
            return
        if found is None or found.owner != self._owner:
            raise ViewLostError(
                f"the view of partition {self._partition} is not the one that was begun. "
                "It is begun again where it is known to be whole."
            )
        self._health.note(self._partition, is_well=True)

    def _put(self, writes: Sequence[ViewWrite], done: Mapping[Topic, int]) -> None:
        if self._owner is None:
            self._view.place(self._partition)  # raises as long as the view is away
            raise ViewLostError(
                f"the view was away when partition {self._partition} came; it is there now. "
                "It is begun where it is known to be whole."
            )
        self._view.write(
            writes,
            partition=self._partition,
            owner=self._owner,
            next_offsets={topic.value: offset + 1 for topic, offset in done.items()},
        )

    def _write(self, writes: Sequence[ViewWrite], done: Mapping[Topic, int]) -> bool:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                self._put(writes, done)
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
            if reason.faithful is not None:
                result = "improved" if reason.faithful else "unchanged"
                metrics.reason_flips.labels(result=result).inc()
        metrics.anomalies.labels(grade=decision.anomaly).inc()
        for kind in decision.degradations:
            metrics.degradations.labels(kind=kind).inc()
        if decision.contact_rule is not None:
            metrics.contact_blocked.labels(rule=decision.contact_rule).inc()
        appended = header_value(record, APPENDED_HEADER)
        if appended is not None and self._settings.clock == "live" and int(appended):
            metrics.event_to_decision.observe((self._now_ms() - int(appended)) / 1000)
