"""The four roles as the shell starts them: each with its work, its sink and its fence."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.metrics import Metrics
from adapters.redis_view import RedisView
from streams.errors import StreamsError
from streams.project import ProjectWork, ViewHealth
from streams.sequence import SequenceWork
from streams.settings import Role, StreamSettings
from streams.sink import Sink, TransactionalSink
from streams.work import PartitionWork
from streams.worker import run_worker

if TYPE_CHECKING:
    from streams.feature_quality import FeatureQuality

SinkMaker = Callable[[Role, int, StreamSettings], Sink]


def transactional_sink(role: Role, partition: int, settings: StreamSettings) -> Sink:
    """Return the sink of a role's partition, not yet fenced."""
    return TransactionalSink(
        settings.bootstrap, transactional_id=settings.transactional_id(role, partition)
    )


def run_role(
    role: Role, settings: StreamSettings, *, make_sink: SinkMaker = transactional_sink
) -> int:
    """Run one role in this process until SIGTERM or SIGINT; return the exit code.

    Args:
        role: What to run; the modules of the others are not loaded.
        settings: Of this process.
        make_sink: Makes the sink of a partition.

    Raises:
        StreamsError: `project` has no `redis_url`.
    """
    health = ViewHealth()
    view = _view(settings) if role == "project" else None
    quality: list[FeatureQuality] = []  # one for all partitions of the process

    def make_work(partition: int, settings: StreamSettings, metrics: Metrics) -> PartitionWork:
        if role == "project":
            assert view is not None  # noqa: S101 - made above for this very role
            return ProjectWork(
                partition,
                settings=settings,
                view=view,
                metrics=metrics,
                health=health,
            )
        sink = make_sink(role, partition, settings)
        match role:
            case "sequence":
                return SequenceWork(partition, settings=settings, sink=sink, metrics=metrics)
            case "decide":
                from engine.fold import fold
                from streams.decide import DecideWork
                from streams.feature_quality import FeatureQuality

                if not quality:
                    quality.append(FeatureQuality(metrics, path=settings.quality_reference))
                return DecideWork(
                    partition,
                    settings=settings,
                    sink=sink,
                    metrics=metrics,
                    fold=fold,
                    watch=quality[0].add,
                )
            case "learn":
                from streams.learn import LearnWork

                return LearnWork(settings=settings, sink=sink, metrics=metrics)

    return run_worker(role, settings, make_work, is_well=lambda: health.is_well)


def _view(settings: StreamSettings) -> RedisView:
    if settings.redis_url is None:
        raise StreamsError(
            "project needs the address of a Redis or Valkey; got none. Set SHOUWEN_REDIS_URL."
        )
    return RedisView(settings.redis_url, prefix=settings.topic_prefix)
