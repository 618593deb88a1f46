"""`shouwen worker`: the roles of the pipeline, supervised, until Ctrl-C or SIGTERM."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import structlog

from adapters.local_valkey import LocalValkey
from shouwen.settings import Settings
from shouwen.supervisor import Supervisor
from streams.logs import configure_logs
from streams.settings import ROLES, Role

ALL = "all"

log = structlog.get_logger(__name__)


@click.command(name="worker")
@click.argument("roles", nargs=-1, required=True, type=click.Choice([*ROLES, ALL]))
@click.option("--one", is_flag=True, hidden=True, help="Run a single role in this process.")
def command(*, roles: tuple[str, ...], one: bool) -> None:
    """Run ROLES, or all of them, one process each, until Ctrl-C or SIGTERM.

    sequence puts the sources into one numbered journal; decide folds the journal into decisions;
    learn turns what became of them into models; project keeps the view in Redis. A role waits for
    a broker that is not there yet; a role that dies is started again, for ever. /live, /ready and
    /metrics are served at SHOUWEN_METRICS_PORT, one port further for each role.

    \b
    Example:
      SHOUWEN_KAFKA_BOOTSTRAP=127.0.0.1:9092 shouwen worker all
      SHOUWEN_WORKER_ID=2 shouwen worker sequence decide
    """
    settings = Settings.load()
    configure_logs(level=settings.log_level)
    chosen = [role for role in ROLES if role in roles or ALL in roles]
    if one:
        if len(chosen) != 1:
            raise click.UsageError("--one needs exactly one role")
        sys.exit(_run_here(chosen[0], settings))
    with _environ(chosen, settings) as environ:
        supervisor = Supervisor(chosen, environ=environ)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.ask_to_stop())
        supervisor.start()
        supervisor.wait()


def _run_here(role: Role, settings: Settings) -> int:
    from shouwen.stream_settings import stream_settings
    from streams.roles import run_role

    return run_role(role, stream_settings(settings))


@contextmanager
def _environ(roles: list[Role], settings: Settings) -> Iterator[dict[str, str]]:
    """Give the processes our settings, and a Valkey of our own where none is named."""
    environ = {**os.environ, "SHOUWEN_METRICS_PORT": str(settings.metrics_port)}
    if "project" not in roles or settings.redis_url is not None:
        yield environ
        return
    with LocalValkey(settings.data_dir / "valkey") as valkey:
        log.info("view_started", url=valkey.url)
        yield {**environ, "SHOUWEN_REDIS_URL": valkey.url}
