"""`shouwen strategy`: check a strategy file, and make one decide from now on."""

import click
from pydantic import ValidationError

from contracts.control import StrategyActivated, StrategyPaused
from shouwen.controls import broadcast
from shouwen.errors import ShouwenError
from shouwen.settings import Settings
from shouwen.strategy_files import activation
from shouwen.strategy_reasons import reasons_of

_MAY_DECIDE = {"approved", "active"}


@click.group(name="strategy")
def command() -> None:
    """Check strategies, activate one, pause one.

    \b
    Example: shouwen strategy check strategies/no_loan_to_loan_v1.yaml
    """


@command.command()
@click.argument("strategy")
def check(strategy: str) -> None:
    """Check STRATEGY, a file or the name of a bundled one; each problem is a sentence.

    The reasons of its risk tables are tried on made-up customers: what a customer is told must be
    what would have helped.

    \b
    Example: shouwen strategy check no_loan_to_loan_v1
    """
    activated = activation(strategy)
    for tried in reasons_of(activated):
        click.echo(
            f"{tried.table}: {tried.found.reasons} reasons on {tried.found.customers} made-up "
            f"customers, {tried.found.faithful_ratio:.1%} true"
        )
    click.echo(f"{activated.strategy_id} version {activated.version} passes; {activated.sha256}")


@command.command()
@click.argument("strategy")
def activate(strategy: str) -> None:
    """Make STRATEGY decide, at a position of its own in every partition, at once in all.

    The file must say who made it and who checked it, and they must be two people.

    \b
    Example: shouwen strategy activate no_loan_to_loan_v1
    """
    activated = activation(strategy)
    _require_two_people(activated)
    partitions = broadcast(activated, settings=Settings.load())
    click.echo(
        f"{activated.strategy_id} version {activated.version} is active in {partitions} partitions"
    )


@command.command()
@click.argument("strategy_id")
@click.option("--reason", required=True, help="Why; it goes into the journal.")
def pause(strategy_id: str, *, reason: str) -> None:
    """Stop the strategy STRATEGY_ID from deciding; what it promised already stands.

    \b
    Example: shouwen strategy pause no_loan_to_loan_v1 --reason "complaints above the limit"
    """
    try:
        paused = StrategyPaused(strategy_id=strategy_id, reason=reason)
    except ValidationError as error:
        what = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise ShouwenError(
            f"a pause needs the id of a strategy and a reason of at most 500 letters; check {what}."
        ) from error
    partitions = broadcast(paused, settings=Settings.load())
    click.echo(f"{strategy_id} is paused in {partitions} partitions")


def _require_two_people(activated: StrategyActivated) -> None:
    data = activated.strategy
    status, checker = data.get("status"), data.get("checker")
    if checker is None or status not in _MAY_DECIDE:
        raise ShouwenError(
            f"a strategy that decides needs a checker and status 'approved'; got checker "
            f"{checker!r} and status {status!r}. Let a second person check {activated.strategy_id} "
            "and enter both in the file."
        )
