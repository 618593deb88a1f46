"""`shouwen ingest SOURCE PATH`: recorded events into a deployment on a recorded clock."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from adapters.recorded import SOURCE_NAMES, RecordedSource, SourceName
from adapters.topics_admin import require_topics, wanted_topics
from contracts.control import Control, DecisionsSwitched
from shouwen.errors import ShouwenError
from shouwen.ingest import IngestPlan, RecordedEnd, ingest
from shouwen.progress import progress_bar
from shouwen.recorded_end import recorded_end
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

    The deployment must run with SHOUWEN_CLOCK=recorded: a deployment is recorded or live, never
    both. It takes one recording after another (or a bootstrap and then recordings), each of which
    begins where the one before it ended.

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
    after = recorded_end(settings)
    _require_later(recording, after)
    plan = IngestPlan(
        partitions=settings.partitions,
        slice_ms=slice_hours * HOUR_MS,
        learn_every_ms=learn_days * 24 * HOUR_MS,
        control=(*_switches(after), *(activation(name) for name in strategies)),
        after=after,
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


def _switches(after: RecordedEnd | None) -> tuple[Control, ...]:
    """Return what stands before the strategies: behind a history, decisions go on again."""
    if after is None:
        return ()
    return (DecisionsSwitched(on=True, reason="a recording follows what was recorded before"),)


def _require_later(recording: RecordedSource, after: RecordedEnd | None) -> None:
    """Refuse a recording that begins before the last one ends: time never goes back."""
    if after is None:
        return
    first_ms = next(recording.lines()).known_at_ms
    if first_ms < after.end_ms:
        raise ShouwenError(
            "a recording that follows another one needs to begin where that one ends, at "
            f"{_day(after.end_ms)}; its first record was known at {_day(first_ms)}. Leave out what "
            "is in the deployment already, or choose another SHOUWEN_TOPIC_PREFIX."
        )


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
