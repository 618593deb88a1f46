"""How far a run is, for a person: a bar, the recorded day, decisions as they come."""

import math
from bisect import bisect_right
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from contracts.decisions import Decision
from contracts.topics import DAY_MS
from replay.report import when
from shouwen.trial.decision_line import decision_line, legend

LINE_EVERY_MS = 30 * DAY_MS
"""Recorded time between two lines of history: a sign of life, also where nobody sees a bar."""


class TerminalShow:
    """A progress bar, a line for each month of history, and the decisions from a time on.

    Args:
        console: Where to draw.
        decisions_from_ms: Recorded time from which each decision is a line of its own; none: all
            is history.
    """

    def __init__(self, console: Console, *, decisions_from_ms: int | None = None) -> None:
        self._console = console
        self._from_ms = math.inf if decisions_from_ms is None else decisions_from_ms
        self._is_explained = False
        self._decided = 0
        self._line_due_ms: int | None = None
        self._published = 0
        self._ends_ms: list[int] = []
        self._published_by: list[int] = []
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
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
        self._published += steps
        self._progress.advance(self._task, steps)

    def day(self, at_ms: int) -> None:
        """The recorded clock stands here."""
        self._ends_ms.append(at_ms)
        self._published_by.append(self._published)
        self._progress.update(self._task, day=when(at_ms)[:16])

    def decision(self, decision: Decision, latency_ms: float) -> None:
        """Show a decision that can be read now, or count it among those of history."""
        self._decided += 1
        if decision.at_ms < self._from_ms:
            self._pass_history(decision.at_ms)
            return
        if not self._is_explained:
            self._is_explained = True
            self._console.print(legend())
        width = self._console.width
        self._console.print(decision_line(decision, latency_ms, width=width), no_wrap=True)

    def _pass_history(self, at_ms: int) -> None:
        """Print a line when the decisions have passed another month."""
        if self._line_due_ms is None:
            self._line_due_ms = at_ms // LINE_EVERY_MS * LINE_EVERY_MS
        if at_ms < self._line_due_ms:
            return
        self._line_due_ms = (at_ms // LINE_EVERY_MS + 1) * LINE_EVERY_MS
        place = bisect_right(self._ends_ms, at_ms)
        events = self._published_by[place - 1] if place else 0
        line = f"{when(at_ms)[:10]} · {events:,} events · {self._decided:,} decided so far"
        self._console.print(Text(line, style="dim"), no_wrap=True)


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
