"""How far a run is, for a person: a bar, the recorded day, decisions as they come."""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from contracts.decisions import Decision

_MARKS = {
    "acted": ("→", "green"),
    "deferred": ("…", "yellow"),
    "suppressed": ("×", "red"),
    "held_out": ("=", "blue"),
    "no_action": ("·", "dim"),
}


class TerminalShow:
    """A progress bar on standard error; with `decisions_from_ms`, decisions above it.

    Args:
        console: Where to draw.
        decisions_from_ms: Recorded time from which decisions are shown; none shows none.
    """

    def __init__(self, console: Console, *, decisions_from_ms: int | None = None) -> None:
        self._console = console
        self._from_ms = decisions_from_ms
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[day]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, day="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def stage(self, text: str, *, total: int | None = None) -> None:
        """Begin a stage of the run."""
        if not self._console.is_terminal:
            self._console.print(f"{text} …")
        self._progress.reset(self._task, description=text, total=total, day="")

    def advance(self, steps: int) -> None:
        """Some steps of the stage are done."""
        self._progress.advance(self._task, steps)

    def day(self, at_ms: int) -> None:
        """The recorded clock stands here."""
        self._progress.update(self._task, day=_day(at_ms))

    def decision(self, decision: Decision, latency_ms: float) -> None:
        """Show a decision that can be read now."""
        if self._from_ms is None or decision.at_ms < self._from_ms:
            return
        mark, style = _MARKS[decision.disposition]
        action = decision.action
        where = f"{action.channel}: {action.action_id}" if action is not None else _why(decision)
        self._console.print(
            f"[dim]{_day(decision.at_ms)}[/dim] [{style}]{mark}[/{style}] "
            f"{decision.subject_id:<10} {decision.moment:<20} risk {decision.risk_outcome:<8}"
            f"band {decision.risk_band}  {where}  [dim]{latency_ms:.0f} ms[/dim]",
            highlight=False,
            no_wrap=True,
        )


class SilentShow:
    """Shows nothing: for programs that read the JSON."""

    def stage(self, text: str, *, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, steps: int) -> None:
        """Say nothing."""

    def day(self, at_ms: int) -> None:
        """Say nothing."""

    def decision(self, decision: Decision, latency_ms: float) -> None:
        """Say nothing."""


def _why(decision: Decision) -> str:
    words: Iterable[str | None] = (decision.disposition, decision.contact_rule)
    return " ".join(word for word in words if word)


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
