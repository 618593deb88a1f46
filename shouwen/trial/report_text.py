"""The findings of a run as the tables that a person reads; every number is one of `as_json`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shouwen.trial.flags import STANDS_DAYS
from shouwen.trial.report import TrialReport

Row = tuple[str, str, str]
"""What it is, how many, and which share of the whole; the share may be empty."""

WIDTH = 78
"""Columns of a table: it fits a terminal of 80."""

_RISK = ("approve", "refer", "decline")
_NONE = "–"
_RULES_SHOWN = 5


def as_text(report: TrialReport) -> RenderableType:
    """Return the report for a terminal of 80 columns or more."""
    data = report.as_json()
    return Group(
        _table("What went in, and where it is", _accounts(data)),
        _table("From a moment to a drawdown", _funnel(report, data)),
        _table("What the risk screen said", _risk(data)),
        _table("What was done", _done(report, data)),
        _table("Was the need seen before the drawdown?", _flags(data)),
        _table("Speed and proof", _proof(data)),
        Text(),
        _verdict(report),
    )


def _accounts(data: Mapping[str, Any]) -> Iterator[Row]:
    total = data["in"]
    yield "records published", _count(total), ""
    if data["unreadable"]:
        yield "lines that name no topic, key or time", _count(data["unreadable"]), ""
    yield "in the journal", *_part(data["journal_events"], total)
    yield "dead letters at the front door", *_part(data["dead_letters"], total)
    for reason, count in _most_first(data["dead_letters_by_reason"]):
        yield f"    {_words(reason)}", *_part(count, total)
    yield "same id, another body (conflicts)", _count(data["conflicts"]), ""
    if data["controls_refused"]:
        yield "strategies and models that could not be used", _count(data["controls_refused"]), ""
    if data["neighbour_signals"]:
        yield "neighbours told, beside these records", _count(data["neighbour_signals"]), ""
    yield "lost", _count(data["lost"]), ""


def _funnel(report: TrialReport, data: Mapping[str, Any]) -> Iterator[Row]:
    decisions = report.decisions
    total = len(decisions)
    passed = [d for d in decisions if d.risk_outcome != "decline"]
    allowed = [d for d in passed if d.contact_outcome != "suppress"]
    acted = [d for d in allowed if d.disposition == "acted"]
    yield "moments decided on", _count(total), ""
    for moment, count in _most_first(data["moments"]):
        yield f"    {_words(moment)}", *_part(count, total)
    yield "… not declined by the risk screen", *_part(len(passed), total)
    yield "… and may be contacted, now or later", *_part(len(allowed), total)
    yield "… and handed to a channel", *_part(len(acted), total)
    yield "first drawdowns", _count(data["conversions"]["first"]), ""
    yield (
        "drawdowns again, after half a year without a loan",
        _count(data["conversions"]["again"]),
        "",
    )


def _risk(data: Mapping[str, Any]) -> Iterator[Row]:
    found = data["risk_outcomes"]
    for outcome in _RISK:
        yield outcome, *_part(found.get(outcome, 0), sum(found.values()))


def _done(report: TrialReport, data: Mapping[str, Any]) -> Iterator[Row]:
    found = data["dispositions"]
    total = sum(found.values())
    channels: Counter[str] = Counter(
        d.action.channel for d in report.decisions if d.action is not None
    )
    yield "handed to a channel", *_part(found.get("acted", 0), total)
    for channel, count in _most_first(channels):
        yield f"    {_words(channel)}", *_part(count, total)
    yield "put off to a better time", *_part(found.get("deferred", 0), total)
    yield from _rules(report, "deferred", total)
    yield "not contacted", *_part(found.get("suppressed", 0), total)
    yield from _rules(report, "suppressed", total)
    yield "held out, to compare with", *_part(found.get("held_out", 0), total)
    yield "nothing fitted", *_part(found.get("no_action", 0), total)


def _rules(report: TrialReport, disposition: str, total: int) -> Iterator[Row]:
    """Yield the contact rules behind a disposition, those that decided most first."""
    rules = Counter(
        d.contact_rule or "no rule of contact"
        for d in report.decisions
        if d.disposition == disposition
    )
    ordered = list(_most_first(rules))
    for rule, count in ordered[:_RULES_SHOWN]:
        yield f"    {_words(rule)}", *_part(count, total)
    rest = sum(count for _, count in ordered[_RULES_SHOWN:])
    if rest:
        yield "    other rules", *_part(rest, total)


def _flags(data: Mapping[str, Any]) -> Iterator[Row]:
    flagged = data["flagged"]
    days, precision = flagged["median_days_before"], flagged["precision"]
    yield "drawdowns, first and again", _count(flagged["converted"]), ""
    yield (
        f"… of customers flagged at most {STANDS_DAYS} days before",
        *_part(flagged["before_conversion"], flagged["converted"]),
    )
    yield "median days from flag to drawdown", _NONE if days is None else f"{days:.1f}", ""
    yield "flags raised", _count(flagged["flags"]), ""
    yield "… whose customer drew before the end of the run", "", _share(precision)
    yield "the same, had customers been picked at random", "", _share(flagged["random_precision"])


def _proof(data: Mapping[str, Any]) -> Iterator[Row]:
    latency = data["latency_ms"]
    for name, label in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
        yield f"source append to readable decision, {label}", _ms(latency[name]), ""
    yield "decisions replayed", _count(data["replay"]["checked"]), ""
    yield "… that differ", _count(data["replay"]["mismatches"]), ""
    if data["restarts"]:
        yield "roles started again after they ended", _count(data["restarts"]), ""
    yield "the whole run", f"{data['seconds']:,.1f} s", ""


def _verdict(report: TrialReport) -> Text:
    if report.is_sound:
        return Text("Nothing lost; the replay equals the run to the last bit.", style="bold green")
    return Text(
        "NOT SOUND: something is lost, unaccounted for, or replays otherwise.", style="bold red"
    )


def _table(title: str, rows: Iterable[Row]) -> Table:
    table = Table(
        title=Text(f"\n{title}", style="bold"),
        title_justify="left",
        show_header=False,
        width=WIDTH,
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True, min_width=11)
    table.add_column(justify="right", no_wrap=True, min_width=7)
    for name, count, share in rows:
        table.add_row(Text(name), count, Text(share, style="dim"))
    return table


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _part(count: int, of: int) -> tuple[str, str]:
    return _count(count), _share(count / of if of else None)


def _count(number: int) -> str:
    return f"{number:,}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"


def _ms(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.0f} ms"


def _words(code: str) -> str:
    return code.replace("_", " ")
