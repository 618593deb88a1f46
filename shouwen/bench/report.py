"""What a benchmark is, and how its findings are shown: one JSON object, or tables for a person.

A new one is a class with `measure`, and a command of a few lines in `shouwen/commands/bench.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from rich.console import Console
from rich.table import Table

from shouwen.bench.machine import Machine, commit_here, this_machine
from shouwen.progress import progress_bar

Tell = Callable[[int], None]
"""To be called with 1 when a part is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table for people: a title, the heads of its columns, and rows of text.

    The first column is words and the others are numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured.

    Attributes:
        numbers: For programs; names carry their unit. A number that could not be had is null.
        sheets: The same for people.
        notes: How it was measured and what it leaves out, a sentence each.
    """

    numbers: Mapping[str, object]
    sheets: Sequence[Sheet]
    notes: Sequence[str] = ()


class Benchmark(Protocol):
    """Something that can be measured."""

    @property
    def name(self) -> str:
        """One word: the command, and the file of the results."""

    @property
    def parts(self) -> int:
        """How often `measure` calls `tell`."""

    def measure(self, tell: Tell) -> Findings:
        """Measure. Whole-process CPU time unless a name says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The findings, and of which code on which machine they are."""

    name: str
    machine: Machine
    commit: str | None
    findings: Findings

    def as_json(self) -> str:
        """Return one JSON object: the numbers, and what they are of."""
        about = {"benchmark": self.name, "commit": self.commit, "machine": self.machine.as_json()}
        return json.dumps({**about, **self.findings.numbers}, ensure_ascii=False)


def run(benchmark: Benchmark) -> Measured:
    """Return what a benchmark found; a person who waits sees how far it is."""
    machine = this_machine()
    with progress_bar(benchmark.name, benchmark.parts) as tell:
        findings = benchmark.measure(tell)
    return Measured(name=benchmark.name, machine=machine, commit=commit_here(), findings=findings)


def show(measured: Measured, console: Console) -> None:
    """Write the tables, the notes and the machine for a person."""
    for sheet in measured.findings.sheets:
        table = Table(title=sheet.title, title_justify="left")
        for place, column in enumerate(sheet.columns):
            table.add_column(column, justify="right" if place else "left")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
    for note in measured.findings.notes:
        console.print(f"- {note}", highlight=False)
    console.print(f"- {measured.machine}", highlight=False)
    console.print(f"- commit {measured.commit or 'unknown'}", highlight=False)


def middle(values: Sequence[float], *, digits: int = 3) -> float:
    """Return the median, rounded: one disturbed run does not move it.

    >>> middle([3.1, 2.9, 47.0])
    3.1
    """
    return round(median(values), digits)
