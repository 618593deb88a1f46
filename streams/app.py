"""The Faust application of a role: one agent that hands batches to lanes, and nothing else."""

from typing import Any

import faust

from contracts.topics import SOURCES, Topic
from streams.lanes import Lanes
from streams.microbatch import BatchSchema, MicroBatchScheduler
from streams.settings import Role, StreamSettings
from streams.transport import HoldingTransport

TOPICS_READ: dict[Role, tuple[Topic, ...]] = {
    "sequence": SOURCES,
    "decide": (Topic.JOURNAL,),
    "learn": (Topic.EXAMPLES,),
    "project": (Topic.DECISIONS, Topic.CONVERSIONS, Topic.DECIDE_STATE),
}
_QUEUED_BATCHES = 16
_FETCHED_RECORDS = 8_000


class RoleApp(faust.App):
    """A Faust app on our transport. `flow_hooks` is the role's `Lanes`."""

    flow_hooks: Lanes

    async def until_crashed(self) -> None:
        """Return when Faust gave up on a service of its own; `crash_reason` says why."""
        await self._crashed.wait()

    def _create_directories(self) -> None:
        """Make none: there are no tables to keep in them."""

    def _new_transport(self) -> HoldingTransport:
        return HoldingTransport(self.conf.broker_consumer, self)


def build_app(role: Role, *, settings: StreamSettings, lanes: Lanes) -> RoleApp:
    """Return the app of a role; its agent delivers to `lanes`, which decide what is committed."""
    # One process runs one role, so that a scheduler shared by all apps is the role's own.
    MicroBatchScheduler.max_batch = settings.max_batch
    app = RoleApp(
        settings.group(role),
        broker=f"kafka://{settings.bootstrap.replace(',', ';')}",
        key_serializer="raw",
        value_serializer="raw",
        ConsumerScheduler=MicroBatchScheduler,
        consumer_auto_offset_reset="earliest",
        # A worker that comes back under its own name gets its partitions at once.
        consumer_group_instance_id=f"{settings.topic_prefix}{role}-{settings.worker_id}",
        topic_partitions=settings.partitions,
        topic_replication_factor=1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        # Selects Faust's own assignor even without tables; 0 silently means round robin, which
        # does not give one worker the same partition of all topics.
        table_standby_replicas=1,
        # Our lanes settle by themselves when partitions are revoked.
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        web_enabled=False,
        broker_max_poll_records=_FETCHED_RECORDS,
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=min(1.0, settings.session_timeout_seconds / 3),
        broker_rebalance_timeout=max(10.0, settings.session_timeout_seconds),
        broker_request_timeout=120.0,
    )
    app.flow_hooks = lanes
    source = app.topic(
        *(settings.name(topic) for topic in TOPICS_READ[role]),
        schema=BatchSchema(key_serializer="raw", value_serializer="raw"),
    )
    source.maxsize = _QUEUED_BATCHES  # the argument of this name is accepted and ignored

    @app.agent(source, name=f"{role}_batches")
    async def deliver_batches(stream: Any) -> None:
        """Hand each batch to its partition's lane; lanes acknowledge what became durable."""
        async for delivery in stream.noack().events():
            await lanes.deliver(delivery)

    @app.on_partitions_revoked.connect
    async def settle(*_: Any, **__: Any) -> None:
        """Finish the batches in hand before the partitions go, and commit their offsets."""
        await lanes.pause()
        await app.consumer.commit()

    @app.on_before_shutdown.connect
    async def leave(*_: Any, **__: Any) -> None:
        """Finish the batches in hand, write states, and let the producers go."""
        await lanes.close()
        await app.consumer.commit()

    return app
