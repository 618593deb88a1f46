"""`shouwen backtest`: strategies over a recorded journal, and who would get another answer."""

import json
from pathlib import Path

import click
from rich.console import Console

from contracts.topics import Topic
from replay.backtest import CURRENT, Candidate, backtest
from replay.folding import this_engine
from replay.report import page, print_report
from shouwen.journals import journal_option, opened
from shouwen.output_file import require_folder
from shouwen.progress import progress_bar
from shouwen.strategy_files import activation


@click.command(name="backtest")
@click.argument("strategies", nargs=-1, required=True, metavar="STRATEGY...")
@journal_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every flip.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one page.")
@click.option(
    "--assume-sent/--no-assume-sent",
    default=True,
    help="Whether a message that never went out in life counts as sent (it does).",
)
@click.option(
    "--processes", type=click.IntRange(min=1), help="As many as there are cores, where it pays."
)
def command(
    strategies: tuple[str, ...],
    journal: Path | None,
    *,
    as_json: bool,
    html: Path | None,
    assume_sent: bool,
    processes: int | None,
) -> None:
    """Fold a journal under each STRATEGY and compare all with the first.

    A STRATEGY is a file, the name of one that comes with this version, or `current` for those of
    the journal itself. Contact state, caps and arms evolve under each candidate; what customers
    did is history.

    \b
    Example:
      shouwen backtest current my_strategy.yaml --journal var/journals/today --html report.html
    """
    require_folder(html, option="--html")
    candidates = [
        Candidate(name=name, strategy=None if strategy == CURRENT else activation(strategy))
        for name, strategy in zip(_names(strategies), strategies, strict=True)
    ]
    with opened(journal) as kept:
        work = kept.rows(Topic.JOURNAL) * len(candidates)
        with progress_bar("folding", work) as tell:
            result = backtest(
                kept,
                candidates,
                engine=this_engine(),
                assume_sent=assume_sent,
                processes=processes,
                progress=tell,
            )
    if html is not None:
        html.write_text(page(result), encoding="utf-8")
        click.echo(f"wrote {html}", err=True)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        print_report(result, Console())


def _names(strategies: tuple[str, ...]) -> list[str]:
    """Return a short name for each strategy, different from all the others.

    >>> _names(("current", "a/fast.yaml", "current"))
    ['current', 'fast', 'current (2)']
    """
    names: list[str] = []
    for strategy in strategies:
        name = Path(strategy).stem if strategy.endswith((".yaml", ".yml")) else strategy
        same = sum(known == name or known.startswith(f"{name} (") for known in names)
        names.append(f"{name} ({same + 1})" if same else name)
    return names
