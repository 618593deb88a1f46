"""A bank's streaming stack for the length of a run: Kafka, Valkey, topics and all roles."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.local_kafka import LocalKafka
from adapters.local_valkey import LocalValkey
from adapters.topics_admin import apply_topics, wanted_topics
from shouwen.errors import StuckError
from shouwen.supervisor import WORKER, Supervisor
from shouwen.trial.standing import Standing
from shouwen.warm import warm_kernels
from streams.settings import ROLES

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A running stack on loopback, and the supervisor of its roles."""

    bootstrap: str
    redis_url: str
    partitions: int
    supervisor: Supervisor
    logs: Path


@contextmanager
def running_bank(
    folder: Path, *, partitions: int, worker: Sequence[str] = WORKER
) -> Iterator[Bank]:
    """Start everything on a recorded clock; on leaving, stop it all and leave nothing running.

    Args:
        folder: For the data and the logs of every process.
        partitions: Of every keyed topic.
        worker: Program and arguments in front of a role; a test may start a sick one.
    """
    warm_kernels()
    with ExitStack() as stack:
        kafka = stack.enter_context(LocalKafka(folder / "kafka"))
        valkey = stack.enter_context(LocalValkey(folder / "valkey"))
        apply_topics(kafka.bootstrap, wanted_topics(partitions=partitions))
        environ = {
            **{name: value for name, value in os.environ.items() if not _is_setting(name)},
            "SHOUWEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "SHOUWEN_REDIS_URL": valkey.url,
            "SHOUWEN_PARTITIONS": str(partitions),
            "SHOUWEN_CLOCK": "recorded",
            "SHOUWEN_RISK_SERVING": "live",
            "SHOUWEN_DATA_DIR": str(folder / "workers"),
        }
        supervisor = Supervisor(ROLES, environ=environ, log_dir=folder / "logs", command=worker)
        stack.callback(supervisor.stop)
        supervisor.start()
        yield Bank(
            bootstrap=kafka.bootstrap,
            redis_url=valkey.url,
            partitions=partitions,
            supervisor=supervisor,
            logs=folder / "logs",
        )


def wait_until_decided(
    bank: Bank,
    *,
    last_slice: int,
    timeout_seconds: float = 120.0,
    on_look: Callable[[int], None] = lambda _entries: None,
) -> None:
    """Return when every partition has decided on its last tick.

    Args:
        bank: The running stack.
        last_slice: Number of the slice whose tick is the last of all.
        timeout_seconds: Without any progress for so long, something is stuck.
        on_look: Told how many journal entries are decided.

    Raises:
        StuckError: nothing moved for `timeout_seconds`.
    """
    with Standing(bank.bootstrap, partitions=bank.partitions) as standing:
        decided, heard = -1, time.monotonic()
        while waiting := standing.behind(last_slice):
            standing.look(seconds=_LOOK_SECONDS)
            on_look(standing.decided)
            if standing.decided != decided:
                decided, heard = standing.decided, time.monotonic()
            elif time.monotonic() - heard > timeout_seconds:
                raise StuckError(
                    f"a run needs every partition decided to its last tick; {waiting} did not move "
                    f"for {timeout_seconds:.0f} s. The last words of the workers:\n"
                    f"{_last_words(bank.logs)}"
                )


def _last_words(logs: Path) -> str:
    """Return the last line of each worker's log: the folder is gone when anybody could look."""
    lines = {log.stem: log.read_text(errors="replace").splitlines() for log in logs.glob("*.log")}
    return "\n".join(f"  {role}: {said[-1]}" for role, said in sorted(lines.items()) if said)


def _is_setting(name: str) -> bool:
    return name.startswith("SHOUWEN_") and name not in {"SHOUWEN_CI", "SHOUWEN_TEST_DATA"}
