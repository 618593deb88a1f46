"""One decision as one line: what a person can read while decisions come by the second."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

from contracts.decisions import Decision, Disposition
from replay.report import when

MARKS: dict[Disposition, tuple[str, str, str]] = {
    "acted": ("→", "green", "handed to a channel"),
    "deferred": ("…", "yellow", "put off"),
    "suppressed": ("×", "red", "not contacted"),
    "held_out": ("=", "blue", "held out"),
    "no_action": ("·", "dim", "nothing fitted"),
}
"""Disposition to its sign, its style and its words."""


class _Column(NamedTuple):
    text: str
    width: int
    style: str
    rank: int
    """0 always stays; of the rest the highest goes first."""


def legend() -> Text:
    """Return what the signs mean."""
    return Text("  ").join(
        Text.assemble((mark, style), (f" {words}", "dim")) for mark, style, words in MARKS.values()
    )


def decision_line(decision: Decision, latency_ms: float, *, width: int) -> Text:
    """Return the line, never wider than `width`: what matters least is left out first.

    Args:
        decision: What was decided.
        latency_ms: From the broker's stamp of the cause until it was read; NaN where unknown.
        width: Columns of the terminal.
    """
    columns = _columns(decision, latency_ms)
    while _width(columns) > width and any(column.rank for column in columns):
        least = max(columns, key=lambda column: column.rank)
        columns = [column for column in columns if column is not least]
    line = Text(" ").join(
        Text(column.text.ljust(column.width), style=column.style) for column in columns
    )
    line.rstrip()
    line.truncate(width, overflow="ellipsis")
    return line


def _columns(decision: Decision, latency_ms: float) -> list[_Column]:
    mark, style, _ = MARKS[decision.disposition]
    latency = "" if math.isnan(latency_ms) else f"{latency_ms:,.0f} ms"
    return [
        _Column(when(decision.at_ms)[5:16], 11, "dim", 0),
        _Column(mark, 1, style, 0),
        _Column(decision.subject_id, 8, "", 0),
        _Column(_words(decision.moment), 18, "", 0),
        _Column(decision.risk_outcome, 7, "", 1),
        _Column(f"band {decision.risk_band}", 6, "", 3),
        _Column(_what(decision), 27, style, 0),
        _Column(latency, 8, "dim", 2),
    ]


def _what(decision: Decision) -> str:
    """Return what is done, or why nothing is: the sign before it says which."""
    if decision.action is not None:
        return _words(f"{decision.action.channel}: {decision.action.action_id}")
    if decision.disposition in {"deferred", "suppressed"} and decision.contact_rule is not None:
        return _words(decision.contact_rule)
    return MARKS[decision.disposition][2]


def _words(code: str) -> str:
    return code.replace("_", " ")


def _width(columns: Sequence[_Column]) -> int:
    return sum(max(len(column.text), column.width) for column in columns) + len(columns) - 1
