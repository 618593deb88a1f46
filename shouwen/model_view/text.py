"""The models on a terminal: all in a table, one in detail, two side by side."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from contracts.model_reports import ModelReport
from contracts.snapshots import ModelSnapshot
from shouwen.model_view.history import History
from shouwen.model_view.words import (
    CONDITIONS,
    EVENTS,
    LINES,
    MEASURES,
    MODELS,
    both,
    day,
    minute,
    number,
)

_SNAPSHOTS = 10
_EVENTS = 10
_FEATURES = 5
_MUCH = 0.25
_ALARMING = ("drift", "snapshot_refused", "order_refused")


def print_list(history: History, console: Console) -> None:
    """Print a line per model: who serves, since when, how good it is, what is wrong."""
    newest = history.newest()
    console.print(f"模型 Models as of {minute(newest.at_ms)} (UTC+8)")
    table = _table("model", "serves", "since", "rows", "came true", "AUC", "log loss", "alarms")
    for name, report in sorted(newest.reports.items()):
        best = measures_now(report)
        shown = [number(m, best.get(m)) for m in ("rows", "positives", "auc", "log_loss")]
        since = "–" if report.champion_since_ms is None else day(report.champion_since_ms)
        table.add_row(name, champion_of(report), since, *shown, ", ".join(alarms_of(report)) or "–")
    console.print(table)


def print_model(model: str, history: History, console: Console) -> None:
    """Print all about one model."""
    report = history.report(model)
    since_ms = report.champion_since_ms
    since = "" if since_ms is None else f" since {minute(since_ms)}"
    console.print(f"[bold]{both(MODELS, model)}[/bold] ({model})")
    console.print(f"  上线 serves: {champion_of(report)}{since}")
    for alarm in alarms_of(report):
        console.print(f"  告警 alarm: {alarm}")
    table = _table("", *(both(MEASURES, measure) for measure in MEASURES))
    for line, measures in report.lines.items():
        if measures.get("rows"):
            shown = (number(m, measures.get(m)) for m in MEASURES)
            table.add_row(both(LINES, line), *shown)
    console.print(table)
    for contest in report.contests:
        lacks = "; ".join(both(CONDITIONS, name) for name in contest.unmet) or "nothing"
        console.print(
            f"  挑战者 challenger {contest.challenger}: evidence {contest.most:.2f} of "
            f"{contest.needed:.2f} after {contest.rows:,} rows; lacks {lacks}"
        )
    worst = sorted(report.psi.items(), key=lambda item: -item[1])[:_FEATURES]
    if worst:
        moved = ", ".join(f"{name} {psi:.2f}" for name, psi in worst)
        console.print(f"  特征漂移 features that moved most (PSI): {moved}")
    for event in reversed(report.events[-_EVENTS:]):
        console.print(f"  {minute(event.at_ms)}  {both(EVENTS, event.kind)}: {event.about}")
    snapshots = _table("when", "snapshot", "learnt", "came true", "calibrated", "served")
    for at_ms, snapshot, served in history.snapshots_of(model, most=_SNAPSHOTS):
        counts = (f"{snapshot.learned:,}", f"{snapshot.positives:,}")
        yes = ("yes" if snapshot.calibrated else "no", "yes" if served else "no")
        snapshots.add_row(minute(at_ms), snapshot.model_id, *counts, *yes)
    console.print(snapshots)


def print_comparison(
    names: tuple[str, str], sides: tuple[Mapping[str, float], Mapping[str, float]], console: Console
) -> None:
    """Print the measures of two lines or snapshots side by side, and the difference."""
    table = _table("", *names, "difference")
    for measure in MEASURES:
        one, other = sides[0].get(measure), sides[1].get(measure)
        if one is None and other is None:
            continue
        difference = "–" if one is None or other is None else _signed(measure, other - one)
        table.add_row(
            both(MEASURES, measure), number(measure, one), number(measure, other), difference
        )
    console.print(table)


def measures_now(report: ModelReport) -> Mapping[str, float]:
    """Return the measures of what decisions saw, or before there are any, of the main line."""
    served = report.lines.get("served", {})
    return served if served.get("rows") else report.lines.get("main", {})


def champion_of(report: ModelReport) -> str:
    """Return who serves, in a few words."""
    if report.is_frozen:
        return f"frozen {report.champion or ''}".strip()
    return report.champion or "nobody"


def alarms_of(report: ModelReport) -> list[str]:
    """Return what a person should look at, in a few words each."""
    found = [f"leak? {name} AUC {area:.2f}" for name, area in sorted(report.leaks.items())]
    worst = max(report.psi.values(), default=0.0)
    if worst > _MUCH:
        found.append(f"PSI {worst:.2f}")
    counted = {kind: report.totals.get(kind, 0) for kind in _ALARMING}
    return found + [f"{count} {EVENTS[kind][1]}" for kind, count in counted.items() if count]


def measures_of(snapshot: ModelSnapshot) -> Mapping[str, float]:
    """Return the measures that a snapshot carries."""
    return {name: snapshot.metrics[name] for name in MEASURES if name in snapshot.metrics}


def _signed(measure: str, value: float) -> str:
    return f"{value:+,.0f}" if measure in {"rows", "positives"} else f"{value:+.3f}"


def _table(*titles: str) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for place, title in enumerate(titles):
        table.add_column(title, overflow="fold", no_wrap=place == 0)
    return table
