"""`shouwen demo`: a small bank that does not exist, live on a real Kafka, in a few minutes."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from contracts.recorded import RecordedLine, UnreadableLine
from contracts.topics import DAY_MS
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.ending import ended_by_signals
from shouwen.trial.keeping import look_at, require_new_folder, this_program
from shouwen.trial.report import TrialReport
from shouwen.trial.report_text import as_text
from shouwen.trial.run import TrialPlan, run_trial
from shouwen.trial.show import TerminalShow
from simulator import simulate

START = datetime(2025, 7, 1, tzinfo=UTC) - timedelta(hours=8)
"""Midnight in China."""

SLICE_HOURS = 3
WIDTH = 100
"""Columns where nobody says how many there are."""


class SimulatedSource:
    """The simulated bank as a recording.

    >>> source = SimulatedSource(seed=1, customers=2, days=3)
    >>> source.count() == len(list(source.lines()))
    True
    """

    def __init__(self, *, seed: int, customers: int, days: int) -> None:
        self.start_ms = int(START.timestamp() * 1000)
        events = simulate(seed=seed, customers=customers, days=days, start_ms=self.start_ms)
        self._lines = [RecordedLine.of(event) for event in events]

    def count(self) -> int:
        """Return how many records `lines` yields."""
        return len(self._lines)

    def unreadable(self) -> Sequence[UnreadableLine]:
        """Return nothing: what is simulated can be read."""
        return ()

    def lines(self) -> Iterator[RecordedLine]:
        """Yield the records in order."""
        return iter(self._lines)


@click.command(name="demo")
@click.option("--seed", default=7, show_default=True, help="Another seed, another bank.")
@click.option("--customers", type=click.IntRange(1, 5_000), default=200, show_default=True)
@click.option(
    "--history-days",
    type=click.IntRange(0, 720),
    default=300,
    show_default=True,
    help="Days before the show, at full speed: the models learn from them.",
)
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True)
@click.option("--seconds-per-day", type=click.FloatRange(0.1, 60), default=1.0, show_default=True)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    help="A new folder for the journal and the decisions, for why, replay and backtest.",
)
def command(
    *,
    seed: int,
    customers: int,
    history_days: int,
    days: int,
    seconds_per_day: float,
    keep: Path | None,
) -> None:
    """Watch a simulated bank's events become decisions, on a real Kafka of its own.

    Customers with needs, habits and loans live through HISTORY-DAYS quickly, so that windows fill
    and models learn; then DAYS pass at one a second and every decision is shown when a channel
    could read it. At the end: the funnel, how many drawdowns had been flagged before and how well,
    the latency, and the proof that a replay makes the same decisions. Ctrl-C ends it at any time;
    nothing stays running.

    \b
    Example: shouwen demo --seed 11 --days 10
    """
    require_new_folder(keep)
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(
        "[bold]Shouwen 首问[/bold] · a bank that does not exist, on a real Kafka that does"
    )
    with ended_by_signals(), ExitStack() as stack:
        console.print(f"{customers:,} customers live for {history_days + days} days …")
        source = SimulatedSource(seed=seed, customers=customers, days=history_days + days)
        live_from_ms = source.start_ms + history_days * DAY_MS
        plan = TrialPlan(
            slice_ms=SLICE_HOURS * 3_600_000,
            seconds_per_day=seconds_per_day,
            paced_from_ms=live_from_ms,
            strategies=(activation(DEFAULT_STRATEGY),),
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shouwen-demo-")))
        show = TerminalShow(console, decisions_from_ms=live_from_ms)
        report = run_trial(
            source,
            plan,
            folder=folder,
            kept_in=keep or folder / "kept",
            show=stack.enter_context(show),
        )
    console.print(as_text(report))
    _what_next(report, keep, console)
    if not report.is_sound:
        raise SystemExit(1)


def _what_next(report: TrialReport, keep: Path | None, console: Console) -> None:
    if keep is None:
        console.print(
            "\nThe journal is gone with the demo; this keeps it, to explain, replay and compare:\n"
            f"  {this_program()} demo --keep run1",
            highlight=False,
        )
        return
    console.print(f"\n[bold]Look at[/bold] what is kept in {keep}:")
    for line in look_at(report.decisions, keep):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
