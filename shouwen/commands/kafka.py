"""`shouwen kafka`: a real broker on this machine until Ctrl-C."""

import signal
from pathlib import Path
from types import FrameType

import click

from adapters.java_runtime import java_executable
from adapters.kafka_jars import kafka_jars
from adapters.local_kafka import LocalKafka
from shouwen.errors import ShouwenError
from shouwen.settings import Settings

DEFAULT_PORT = 9092


class BrokerEndedError(ShouwenError):
    """The broker ended though nobody asked it to."""


@click.command(name="kafka")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder; by default `kafka` in SHOUWEN_DATA_DIR.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where clients connect; 0 takes any free port.",
)
@click.option("--prepare", is_flag=True, help="Only fetch and check what it needs, then end.")
def command(*, directory: Path | None, port: int, prepare: bool) -> None:
    """Run a real Apache Kafka of your own on this machine until Ctrl-C or SIGTERM.

    It needs nothing installed: Java comes with a wheel, the jars are fetched once and checked
    against a lock. Stop it, kill it, start it again: what was acknowledged is in the folder.

    \b
    Example:
      shouwen kafka --dir var/kafka --port 19092
      SHOUWEN_KAFKA_BOOTSTRAP=127.0.0.1:19092 shouwen topics apply
    """
    if prepare:
        jars = kafka_jars()
        click.echo(f"Kafka is ready to run: {len(jars)} jars checked, {java_executable()}")
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        with LocalKafka(directory or Settings.load().data_dir / "kafka", port=port) as broker:
            click.echo(
                f"Kafka answers at {broker.bootstrap} (process {broker.pid}); Ctrl-C ends it"
            )
            code = broker.wait()
            raise BrokerEndedError(
                f"Kafka needs to run until it is told to end; got exit code {code}. "
                f"Look at {str(broker.log_path)!r}."
            )
    except KeyboardInterrupt:
        click.echo("Kafka has ended")


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
