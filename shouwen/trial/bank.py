"""A bank's streaming stack for the length of a run: Kafka, Valkey, topics and all roles."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from adapters.local_kafka import LocalKafka
from adapters.local_valkey import LocalValkey
from adapters.topics_admin import apply_topics, wanted_topics
from contracts.clock import Tick
from contracts.journal import HEADER, Entry, unpack
from contracts.topics import Topic
from shouwen.supervisor import WORKER, Supervisor
from shouwen.warm import warm_kernels
from streams.changelog import header_of, last_record
from streams.settings import ROLES
from streams.state_log import Mark, mark_key

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
        TimeoutError: nothing moved for `timeout_seconds`.
    """
    standing = dict.fromkeys(range(bank.partitions), -1)
    waiting = set(standing)
    heard = time.monotonic()
    while True:
        before = dict(standing)
        for partition in sorted(waiting):
            last = _last_entry(bank, partition)
            standing[partition] = _decided_until(bank, partition)
            if last is not None and last.seq <= standing[partition]:
                tick = _tick(last)
                if tick is not None and tick.slice_no == last_slice:
                    waiting.discard(partition)
        on_look(sum(seq + 1 for seq in standing.values()))
        if not waiting:
            return
        if standing != before:
            heard = time.monotonic()
        elif time.monotonic() - heard > timeout_seconds:
            raise TimeoutError(
                f"a run needs every partition decided to its last tick; {sorted(waiting)} did not "
                f"move for {timeout_seconds:.0f} s. Look at the workers' logs in {bank.logs}."
            )
        time.sleep(_LOOK_SECONDS)


def _last_entry(bank: Bank, partition: int) -> Entry | None:
    record = last_record(bank.bootstrap, Topic.JOURNAL.value, partition)
    if record is None:
        return None
    return unpack(partition, record.key(), record.value(), header_of(record, HEADER) or b"")


def _tick(entry: Entry) -> Tick | None:
    return Tick.model_validate_json(entry.value) if entry.topic is Topic.CLOCK else None


def _decided_until(bank: Bank, partition: int) -> int:
    """Return the journal number up to which outputs are published; -1 before the first."""
    key = mark_key("outputs")
    record = last_record(
        bank.bootstrap, Topic.DECIDE_STATE.value, partition, wanted=lambda r: r.key() == key
    )
    if record is None:
        return -1
    return msgspec.json.decode(record.value() or b"", type=Mark).seq


def _is_setting(name: str) -> bool:
    return name.startswith("SHOUWEN_") and name not in {"SHOUWEN_CI", "SHOUWEN_TEST_DATA"}
