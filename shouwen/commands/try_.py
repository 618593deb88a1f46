"""`shouwen try SOURCE PATH`: everything on your own records, in a throw-away Kafka."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from adapters.recorded import SOURCE_NAMES, SourceName
from shouwen.recordings import open_recording, tell_unreadable
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.ending import ended_by_signals
from shouwen.trial.keeping import look_at, require_new_folder
from shouwen.trial.report import TrialReport
from shouwen.trial.report_text import as_text
from shouwen.trial.run import Show, TrialPlan, run_trial
from shouwen.trial.show import SilentShow, TerminalShow

HOUR_MS = 3_600_000


@click.command(name="try")
@click.argument("source", type=click.Choice(SOURCE_NAMES))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings for a program.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    help="A new folder for the journal and the decisions, for replay, why and backtest.",
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    default=(DEFAULT_STRATEGY,),
    show_default=True,
    help="A strategy file, or the name of one that comes with this version.",
)
@click.option("--partitions", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option(
    "--slice-hours",
    type=click.IntRange(1, 24 * 31),
    default=24,
    show_default=True,
    help="Recorded time that is published together.",
)
def command(
    source: SourceName,
    path: Path,
    *,
    as_json: bool,
    keep: Path | None,
    strategies: tuple[str, ...],
    partitions: int,
    slice_hours: int,
) -> None:
    """Run everything on recorded events, check it by replay, and report.

    SOURCE is the form of the recording, PATH the file or folder. Kafka, Valkey and all roles start
    in a temporary folder and are gone afterwards. Exit code 1 when anything was lost or replays
    otherwise.

    \b
    Example: shouwen try jsonl events.jsonl --keep run1
             shouwen replay verify --journal run1
    """
    require_new_folder(keep)
    plan = TrialPlan(
        partitions=partitions,
        slice_ms=slice_hours * HOUR_MS,
        strategies=tuple(activation(name) for name in strategies),
    )
    with ended_by_signals(), ExitStack() as stack:
        recording = open_recording(source, path)
        show: Show = SilentShow()
        if not as_json:
            show = stack.enter_context(TerminalShow(Console(stderr=True)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shouwen-try-")))
        report = run_trial(
            recording, plan, folder=folder, kept_in=keep or folder / "kept", show=show
        )
    tell_unreadable(recording)
    _tell(report, keep, as_json=as_json)


def _tell(report: TrialReport, keep: Path | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        console = Console()
        console.print(as_text(report))
        if keep is not None:
            console.print(f"\n[bold]Look at[/bold] what is kept in {keep}:")
            for line in look_at(report.decisions, keep):
                console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if not report.is_sound:
        raise SystemExit(1)
