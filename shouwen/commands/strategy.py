"""`shouwen strategy`: check a strategy file, and make one decide from now on."""

import click
from confluent_kafka import Producer

from contracts.control import Control, StrategyPaused
from contracts.topics import Topic
from shouwen.errors import ShouwenError
from shouwen.settings import Settings
from shouwen.strategy_files import activation

_SECONDS = 30.0


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

    \b
    Example: shouwen strategy check no_loan_to_loan_v1
    """
    activated = activation(strategy)
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
    partitions = _broadcast(activated)
    click.echo(
        f"{activated.strategy_id} version {activated.version} is active in {partitions} partitions"
    )


@command.command()
@click.argument("strategy_id")
@click.option("--reason", required=True, help="Why; it goes into the journal.")
def pause(strategy_id: str, *, reason: str) -> None:
    """Stop the strategy STRATEGY_ID from deciding; what it promised already stands.

    \b
    Example: shouwen strategy pause no_loan_to_loan --reason "complaints above the limit"
    """
    partitions = _broadcast(StrategyPaused(strategy_id=strategy_id, reason=reason))
    click.echo(f"{strategy_id} is paused in {partitions} partitions")


def _broadcast(control: Control) -> int:
    """Write a control event to every partition in one transaction; return how many."""
    settings = Settings.load()
    if settings.clock != "live":
        raise ShouwenError(
            "a strategy is switched on a live clock; SHOUWEN_CLOCK is 'recorded'. "
            "Give the strategies of a recorded run to `shouwen ingest --strategy`."
        )
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "transactional.id": f"{settings.topic_prefix}strategy-control",
            "log_level": 2,  # what goes wrong is told once, by the error that is raised
        }
    )
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    for partition in range(settings.partitions):
        producer.produce(
            f"{settings.topic_prefix}{Topic.CONTROL.value}",
            value=control.model_dump_json().encode(),
            partition=partition,
        )
    producer.commit_transaction(_SECONDS)
    return settings.partitions
