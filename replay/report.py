"""A backtest for people: on a terminal, and as one page that needs nothing but itself."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from rich.console import Console
from rich.table import Table

from replay.backtest import Backtest, Comparison
from replay.flips import ELEMENTS, Flip
from replay.sections import flips_by_element, in_both, sections

SHOWN_ON_A_TERMINAL = 20
SHOWN_ON_A_PAGE = 500
_BUSINESS_TIME = timezone(timedelta(hours=8), "UTC+8")


def when(at_ms: int) -> str:
    """Return a time as the bank's people read it: wall time in UTC+8.

    >>> when(1_790_000_000_000)
    '2026-09-21 22:13:20'
    """
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(_BUSINESS_TIME)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def print_report(result: Backtest, console: Console) -> None:
    """Print the funnel, and for each further candidate who flips and why."""
    console.print(f"回测 Backtest of journal [bold]{result.journal}[/bold]")
    for run in result.runs:
        console.print(f"  [bold]{run.name}[/bold] ({run.strategy}): {_standing(result, run.name)}")
    console.print(f"  {confirmation(result)}")
    table = Table(show_header=True, header_style="bold")
    table.add_column("")
    for run in result.runs:
        table.add_column(run.name, justify="right")
    for section in sections(result):
        if section.rows:
            table.add_section()
            table.add_row(f"[bold]{section.title_zh} {section.title_en}[/bold]")
        for row in section.rows:
            table.add_row(row.label, *row.texts)
    console.print(table)
    for comparison in result.comparisons:
        _print_flips(comparison, console)


def confirmation(result: Backtest) -> str:
    """Say how many of the live actions were confirmed, and what follows where some were not."""
    confirmed, actions = result.confirmed_actions, result.recorded_actions
    text = f"已确认发送 confirmed as sent: {confirmed:,} of {actions:,} live actions."
    if not result.assume_sent:
        return (
            f"{text} 候选策略的行动未经确认，到期即不占触达次数。"
            " A candidate's own actions gave their place under the caps back, as unconfirmed ones."
        )
    if confirmed == actions:
        return text
    return (
        f"{text} 未确认的在实际中不占触达次数，候选策略的行动一律视为已发送，"
        "因此次数上限对候选更严。"
        " Those without a confirmation gave their place under the caps back; a candidate's own"
        " actions count as sent, so caps hold harder against it"
        " (--no-assume-sent treats both alike)."
    )


def page(result: Backtest) -> str:
    """Return the report as one HTML page, with no script and nothing to fetch."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["when"] = when
    environment.filters["both"] = in_both
    template = environment.from_string(
        files("replay").joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        result=result,
        runs=[(run, _standing(result, run.name)) for run in result.runs],
        sections=[section for section in sections(result) if section.rows],
        comparisons=[
            (comparison, _with_shares(flips_by_element(comparison.flips)))
            for comparison in result.comparisons
        ],
        confirmation=confirmation(result),
        elements=ELEMENTS,
        shown=SHOWN_ON_A_PAGE,
    )


def _standing(result: Backtest, name: str) -> str:
    run = next(run for run in result.runs if run.name == name)
    if result.equals_recorded(run):
        return f"与实际决策完全一致 equals all {run.as_recorded:,} recorded decisions"
    return (
        f"与实际决策一致 {run.as_recorded:,} of {result.recorded_decisions:,} recorded decisions "
        "are the same to the last bit"
    )


def _with_shares(counted: Sequence[tuple[str, int]]) -> list[tuple[str, int, float]]:
    most = max((number for _, number in counted), default=1)
    return [(label, number, number / most) for label, number in counted]


def _print_flips(comparison: Comparison, console: Console) -> None:
    flips = comparison.flips
    console.print(
        f"\n[bold]{comparison.before} → {comparison.after}[/bold]: "
        f"{len(flips):,} 个决策改变 decisions change"
    )
    for label, number in flips_by_element(flips):
        console.print(f"  {number:>8,}  {label}")
    if not flips:
        return
    table = Table(
        "时间 at", "客户 customer", "时机 moment", "之前 before", "之后 after", "原因 why"
    )
    for flip in flips[:SHOWN_ON_A_TERMINAL]:
        table.add_row(
            when(flip.at_ms), flip.subject_id, flip.moment, flip.before, flip.after, _why(flip)
        )
    console.print(table)
    if len(flips) > SHOWN_ON_A_TERMINAL:
        console.print(
            f"  其余 {len(flips) - SHOWN_ON_A_TERMINAL:,} more: --html shows "
            f"{SHOWN_ON_A_PAGE:,}, --json has them all"
        )


def _why(flip: Flip) -> str:
    return f"{ELEMENTS[flip.element][0]} {flip.element}: {flip.detail}"
