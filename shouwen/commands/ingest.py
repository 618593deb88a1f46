"""`shouwen ingest SOURCE PATH`: recorded events into a deployment on a recorded clock."""

import json
from pathlib import Path

import click
from kafka import KafkaConsumer, TopicPartition

from adapters.recorded import SOURCE_NAMES, SourceName
from adapters.topics_admin import require_topics, wanted_topics
from contracts.topics import Topic
from shouwen.errors import ShouwenError
from shouwen.ingest import IngestPlan, ingest
from shouwen.progress import progress_bar
from shouwen.recordings import open_recording, tell_unreadable
from shouwen.settings import Settings
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.publisher import KafkaPublisher

HOUR_MS = 3_600_000


@click.command(name="ingest")
@click.argument("source", type=click.Choice(SOURCE_NAMES))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--strategy", "strategies", multiple=True, default=(DEFAULT_STRATEGY,))
@click.option("--slice-hours", type=click.IntRange(1, 24 * 31), default=24, show_default=True)
@click.option(
    "--learn-days",
    type=click.IntRange(0, 365),
    default=7,
    show_default=True,
    help="Recorded days between two model snapshots; 0 learns nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts for a program.")
def command(
    source: SourceName,
    path: Path,
    *,
    strategies: tuple[str, ...],
    slice_hours: int,
    learn_days: int,
    as_json: bool,
) -> None:
    """Publish a recording in slices of recorded time, with the strategies that decide on it.

    The deployment must run with SHOUWEN_CLOCK=recorded and must be new: a deployment is recorded
    or live, never both, and takes one recording.

    \b
    Example:
      SHOUWEN_CLOCK=recorded shouwen ingest jsonl events.jsonl --slice-hours 6
    """
    settings = Settings.load()
    if settings.clock != "recorded":
        raise ShouwenError(
            "ingest needs a deployment on a recorded clock; SHOUWEN_CLOCK is 'live'. Set it to "
            "'recorded' for the workers and for this command, or publish to the live topics."
        )
    recording = open_recording(source, path)
    wanted = wanted_topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )
    require_topics(settings.kafka_bootstrap, wanted)
    _require_new(settings)
    plan = IngestPlan(
        partitions=settings.partitions,
        slice_ms=slice_hours * HOUR_MS,
        learn_every_ms=learn_days * 24 * HOUR_MS,
        control=tuple(activation(name) for name in strategies),
    )
    with (
        progress_bar("publishing", recording.count()) as advance,
        KafkaPublisher(settings.kafka_bootstrap, topic_prefix=settings.topic_prefix) as publisher,
    ):
        done = ingest(
            recording.lines(),
            publisher,
            plan,
            after_slice=lambda _slice_no, _end_ms, records: advance(records),
        )
    tell_unreadable(recording)
    unreadable = len(recording.unreadable())
    counts = {"in": done.records, "slices": done.slices, "unreadable": unreadable}
    click.echo(
        json.dumps(counts)
        if as_json
        else f"{done.records:,} records in {done.slices:,} slices; {unreadable:,} unreadable lines"
    )


def _require_new(settings: Settings) -> None:
    """Refuse a deployment that has taken a recording: a second one would be all dead letters."""
    topic = f"{settings.topic_prefix}{Topic.CLOCK.value}"
    partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=None)
    try:
        has_records = any(consumer.end_offsets(partitions).values())
    finally:
        consumer.close()
    if has_records:
        raise ShouwenError(
            f"a recorded deployment takes one recording; {topic!r} holds one already. "
            "Choose another SHOUWEN_TOPIC_PREFIX for this one."
        )
