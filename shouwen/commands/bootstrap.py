"""`shouwen bootstrap PATH`: a bank's history into a deployment, before it goes live."""

import csv
import json
from pathlib import Path

import click

from adapters.topics_admin import require_topics, wanted_topics
from shouwen.bootstrap.history import History
from shouwen.bootstrap.mapping import load_mapping
from shouwen.bootstrap.publish import publish_live, publish_recorded
from shouwen.bootstrap.report import Report
from shouwen.errors import ShouwenError
from shouwen.output_file import require_folder
from shouwen.progress import progress_bar
from shouwen.settings import Settings

_HOUR_MS = 3_600_000


@click.command(name="bootstrap")
@click.argument("path", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="What the tables mean: see docs/bootstrap.md.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything; publish nothing.")
@click.option(
    "--rejected",
    "rejected_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write where each rejected row stands, and why, into this CSV file.",
)
@click.option(
    "--max-rejected-percent",
    type=click.FloatRange(0, 100),
    default=1.0,
    show_default=True,
    help="With more of the rows rejected than this nothing is published.",
)
@click.option("--slice-hours", type=click.IntRange(1, 24 * 31), default=24, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the report for a program.")
def command(
    path: Path,
    *,
    mapping_file: Path,
    dry_run: bool,
    rejected_file: Path | None,
    max_rejected_percent: float,
    slice_hours: int,
    as_json: bool,
) -> None:
    """Load the tables in the folder PATH as events, with decisions off, and leave them off.

    Tables are CSV (also .csv.gz) or Parquet. Everything is read and checked before anything is
    published. Loading twice changes nothing: an event's id is made of its row's key. On a live
    clock the role `sequence` must run; then look, and switch `shouwen decisions on`. On a recorded
    clock `shouwen ingest` goes on behind it. SLICE-HOURS is for a recorded clock only.

    \b
    Example: shouwen bootstrap export/2024 --mapping mapping.yaml --dry-run
    """
    require_folder(rejected_file, option="--rejected")
    history = History(path, load_mapping(mapping_file))
    settings = None if dry_run else _deployment()
    report = _check(history)
    if rejected_file is not None:
        _write_rejected(report, rejected_file)
    published = 0
    too_many = len(report.rejected) > report.read * max_rejected_percent / 100
    if settings is not None and not too_many and report.events:
        published = _publish(history, settings, total=report.events, slice_hours=slice_hours)
    told = {**report.as_json(), "published": published}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else report.as_text())
    if settings is None:
        return
    if too_many or not report.events:
        raise ShouwenError(
            f"bootstrap needs rows it can use; {len(report.rejected):,} of {report.read:,} were "
            f"rejected, and at most {max_rejected_percent:g} % may be. Nothing was published. "
            "Correct the mapping, or raise --max-rejected-percent."
        )
    if not as_json:
        click.echo(_next_step(settings, published))


def _deployment() -> Settings:
    settings = Settings.load()
    wanted = wanted_topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )
    require_topics(settings.kafka_bootstrap, wanted)
    return settings


def _check(history: History) -> Report:
    report = Report()
    with progress_bar("checking", None) as tell:
        for _ in history.lines(report):
            tell(1)
    report.require_no_row_lost()
    return report


def _publish(history: History, settings: Settings, *, total: int, slice_hours: int) -> int:
    with progress_bar("publishing", total) as tell:
        if settings.clock == "live":
            return publish_live(history.lines(Report()), settings, tell=tell)
        lines = history.in_order(Report())
        return publish_recorded(lines, settings, slice_ms=slice_hours * _HOUR_MS, tell=tell)


def _write_rejected(report: Report, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("where", "why"))
        writer.writerows((row.where, row.why) for row in report.rejected)


def _next_step(settings: Settings, published: int) -> str:
    if settings.clock == "live":
        return (
            f"{published:,} events are in the journal; decisions are off. Look at `shouwen "
            'features show CUSTOMER`, then: shouwen decisions on --reason "history is loaded"'
        )
    return (
        f"{published:,} events are published; decisions are off until `shouwen ingest` goes on "
        "behind them."
    )
