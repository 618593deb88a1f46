"""`shouwen decisions`: let a live deployment decide, or only listen."""

import click
from pydantic import ValidationError

from contracts.control import DecisionsSwitched
from shouwen.controls import broadcast
from shouwen.errors import ShouwenError
from shouwen.settings import Settings


@click.group(name="decisions")
def command() -> None:
    """Switch decisions on or off, at a position of its own in every partition, at once in all.

    While they are off, features and loan states go on, and nobody hears of anything. What was true
    meanwhile and is not true any more is not caught up.

    \b
    Example: shouwen decisions off --reason "the text of the push is wrong"
    """


@command.command()
@click.option("--reason", required=True, help="Why; it goes into the journal.")
def on(reason: str) -> None:
    """Decide from now on; this also ends the loading of history.

    \b
    Example: shouwen decisions on --reason "history is loaded and was looked at"
    """
    _switch(on=True, reason=reason)


@command.command()
@click.option("--reason", required=True, help="Why; it goes into the journal.")
def off(reason: str) -> None:
    """Decide nothing from now on, whatever strategies are active.

    \b
    Example: shouwen decisions off --reason "complaints above the limit"
    """
    _switch(on=False, reason=reason)


def _switch(*, on: bool, reason: str) -> None:
    try:
        switched = DecisionsSwitched(on=on, reason=reason)
    except ValidationError as error:
        raise ShouwenError(
            f"a switch needs a reason of 1 to 500 letters; got {len(reason)}. Say it shorter, or "
            "say it."
        ) from error
    partitions = broadcast(switched, settings=Settings.load())
    click.echo(f"decisions are {'on' if on else 'off'} in {partitions} partitions")
