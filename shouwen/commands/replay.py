"""`shouwen replay`: keep a live journal, and fold a journal again to compare every decision."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from adapters.metrics import write_replay_mismatches
from contracts.topics import Topic
from replay.folding import this_engine
from replay.verify import verify as verify_kept
from replay.verify_text import print_verification
from shouwen.journals import journal_option, keep_live, opened
from shouwen.output_file import require_folder
from shouwen.progress import progress_bar


@click.group(name="replay")
def command() -> None:
    """Fold a journal again, and prove that every decision is what the journal says.

    \b
    Example:
      shouwen replay keep var/journals/today
      shouwen replay verify --journal var/journals/today
    """


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
def keep(folder: Path) -> None:
    """Copy the live journal, its decisions and conversions into a new FOLDER.

    What `verify`, `why` and `backtest` read. Only committed records are copied, up to the end as
    it is now.

    \b
    Example:
      shouwen replay keep var/journals/today
    """
    kept = keep_live(folder)
    click.echo(
        f"kept {kept.rows(Topic.JOURNAL):,} journal entries and "
        f"{kept.rows(Topic.DECISIONS):,} decisions in {folder}"
    )


@command.command()
@journal_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also tell Prometheus: a .prom file for node_exporter's textfile collector.",
)
def verify(journal: Path | None, *, as_json: bool, metrics_file: Path | None) -> None:
    """Fold the journal again and compare every decision, bit by bit.

    Exit code 1 when one decision differs, is missing, or was never made by the engine; each is
    named with the first field that differs.

    \b
    Example:
      shouwen replay verify --journal var/journals/today
    """
    require_folder(metrics_file, option="--metrics-file")
    with opened(journal) as kept, progress_bar("folding", kept.rows(Topic.JOURNAL)) as tell:
        found = verify_kept(kept, engine=this_engine(), progress=tell)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        print_verification(found, Console())
    if metrics_file is not None:
        write_replay_mismatches(metrics_file, found.findings())
    if not found.exact:
        sys.exit(1)
