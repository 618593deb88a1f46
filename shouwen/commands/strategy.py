"""`shouwen strategy`: check a strategy file, and make one decide from now on."""

import click
from confluent_kafka import KafkaException, Producer
from pydantic import ValidationError

from adapters.topics_admin import require_topics, wanted_topics
from contracts.control import Control, StrategyActivated, StrategyPaused
from contracts.topics import LARGE_MESSAGE_BYTES, Topic
from shouwen.errors import ShouwenError
from shouwen.settings import Settings
from shouwen.strategy_files import activation

_SECONDS = 30.0
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
    _require_two_people(activated)
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
    Example: shouwen strategy pause no_loan_to_loan_v1 --reason "complaints above the limit"
    """
    try:
        paused = StrategyPaused(strategy_id=strategy_id, reason=reason)
    except ValidationError as error:
        what = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise ShouwenError(
            f"a pause needs the id of a strategy and a reason of at most 500 letters; check {what}."
        ) from error
    partitions = _broadcast(paused)
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


def _broadcast(control: Control) -> int:
    """Write a control event to every partition in one transaction; return how many."""
    settings = Settings.load()
    if settings.clock != "live":
        raise ShouwenError(
            "a strategy is switched on a live clock; SHOUWEN_CLOCK is 'recorded'. "
            "Give the strategies of a recorded run to `shouwen ingest --strategy`."
        )
    wanted = wanted_topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )
    require_topics(settings.kafka_bootstrap, wanted)
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "transactional.id": f"{settings.topic_prefix}strategy-control",
            "message.max.bytes": LARGE_MESSAGE_BYTES,
            "log_level": 2,  # what goes wrong is told once, by the error that is raised
        }
    )
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    value = control.model_dump_json().encode()
    try:
        for partition in range(settings.partitions):
            name = f"{settings.topic_prefix}{Topic.CONTROL.value}"
            producer.produce(name, value=value, partition=partition)
        producer.commit_transaction(_SECONDS)
    except KafkaException:
        producer.abort_transaction(_SECONDS)
        raise
    return settings.partitions
