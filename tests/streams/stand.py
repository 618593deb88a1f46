"""A stand for tests on real Kafka: events in, roles as processes, and an independent reader."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from contracts.ids import partition_of
from contracts.journal import HEADER, Entry, unpack
from contracts.topics import Topic
from engine.codec import decode_subject
from streams.changelog import header_of
from streams.settings import StreamSettings
from streams.state_log import StoredState

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 40.0


def a_payment(number: int, customer: str, **changes: object) -> bytes:
    """A valid transaction; `changes` replace fields."""
    event: dict[str, object] = {
        "event_type": "transaction_posted",
        "event_id": f"e-{number}",
        "occurred_at_ms": 0,
        "customer_id": customer,
        "txn_id": f"t-{number}",
        "account_id_hash": "a-1",
        "direction": "in",
        "amount_minor": number,
        "currency": "CNY",
    }
    return json.dumps(event | changes).encode()


def eventually(holds: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether something comes true in time; looked at often, since nothing announces it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return holds()


@dataclass
class RoleProcess:
    """One role process; started again and again when `keep_alive` is called."""

    command: Mapping[str, Any]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    exits: list[int] = field(default_factory=list)

    def start(self, **changes: Any) -> None:
        wanted = {**self.command, **changes}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.toy_role", json.dumps(wanted)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, *, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        assert self.process is not None
        code = self.process.wait(seconds)
        self.exits.append(code)
        return code

    def stop(self) -> int:
        """End it as a supervisor would; return the exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log events of this name so far."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [found for found in events if found["event"] == event]

    def is_ready(self) -> bool:
        started = self.said("worker_started")
        try:
            with urlopen(f"http://127.0.0.1:{started[-1]['port']}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (IndexError, HTTPError, URLError, OSError):
            return False


class Stand:
    """Topics of one test, and what is in them by the word of a committed reader alone."""

    def __init__(self, settings: StreamSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.sent = 0
        self._producer = Producer(
            {
                "bootstrap.servers": settings.bootstrap,
                "linger.ms": 5,
                # Without it a retry may overtake: a recording then goes back in time by itself.
                "enable.idempotence": True,
                "message.max.bytes": 8 << 20,
                "log_level": 2,
            }
        )
        self._random = random.Random(7)
        self._reader = Consumer(
            {
                "bootstrap.servers": settings.bootstrap,
                "group.id": "reader",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
                "log_level": 2,
            }
        )

    def close(self) -> None:
        self._reader.close()

    def role(self, role: str, *, worker_id: str = "1", **wanted: Any) -> RoleProcess:
        """A process of a role, not yet started."""
        overrides = wanted.pop("settings", {})
        settings = {
            "bootstrap": self.settings.bootstrap,
            "topic_prefix": self.settings.topic_prefix,
            "partitions": self.settings.partitions,
            "clock": self.settings.clock,
            "worker_id": worker_id,
            "build": "test",
            "state_interval_ms": 300,
            **overrides,
        }
        command = {"role": role, "settings": settings, **wanted}
        return RoleProcess(command, self.folder / f"{role}-{worker_id}.log")

    def send(self, topic: Topic, value: bytes | None, **options: Any) -> None:
        key = options.pop("key", None)
        self._producer.produce(self.settings.name(topic), value=value, key=key, **options)

    def pay(self, count: int) -> None:
        """Send valid payments of a few dozen customers, among two source topics."""
        for _ in range(count):
            customer = f"c-{self._random.randrange(40)}"
            self.send(
                Topic.TRANSACTIONS,
                a_payment(self.sent, customer),
                key=customer.encode(),
                partition=partition_of(customer, self.settings.partitions),
            )
            self.sent += 1
        self.flush()

    def flush(self) -> None:
        assert self._producer.flush(30) == 0

    def read(self, topic: Topic, partition: int) -> list[Message]:
        """Every committed record of a partition, in order."""
        return self.read_all(topic)[partition]

    def read_all(self, topic: Topic) -> list[list[Message]]:
        """Every committed record of each partition, read by nothing of ours."""
        partitions = 1 if topic in {Topic.EXAMPLES, Topic.MODELS} else self.settings.partitions
        name = self.settings.name(topic)
        self._reader.assign([TopicPartition(name, number, 0) for number in range(partitions)])
        found: list[list[Message]] = [[] for _ in range(partitions)]
        ended: set[int] = set()
        while len(ended) < partitions:
            message = self._reader.poll(5)
            assert message is not None, f"{name} was not read to its end"
            number, error = message.partition() or 0, message.error()
            if error is None:
                found[number].append(message)
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                ended.add(number)
        return found

    def journals(self) -> list[list[Entry]]:
        """The journal of each partition."""
        return [
            [
                unpack(partition, record.key(), record.value(), header_of(record, HEADER) or b"")
                for record in records
            ]
            for partition, records in enumerate(self.read_all(Topic.JOURNAL))
        ]

    def states(self) -> list[StoredState]:
        """What the changelog says about each partition."""
        found = []
        for records in self.read_all(Topic.DECIDE_STATE):
            stored = StoredState()
            for record in records:
                stored.put(record.key() or b"", record.value())
            found.append(stored)
        return found

    def memories(self) -> list[dict[str, tuple[int, int]]]:
        """What the small fold remembers of each partition, by its changelog."""
        return [
            {
                subject_id: (state.entries, state.rows_dropped)
                for subject_id, raw in stored.subjects.items()
                for state in [decode_subject(raw)]
            }
            for stored in self.states()
        ]

    def said(self) -> list[list[dict[str, Any]]]:
        """What the small fold said in each partition, in the order in which it is read."""
        return [
            [json.loads(record.value() or b"") for record in records]
            for records in self.read_all(Topic.DECISIONS)
        ]

    def partitions(self) -> range:
        return range(self.settings.partitions)

    def events_in_journal(self) -> int:
        return sum(entry.topic is Topic.TRANSACTIONS for part in self.journals() for entry in part)

    def decided(self) -> int:
        return sum(map(len, self.read_all(Topic.DECISIONS)))


@contextmanager
def running(*roles: RoleProcess) -> Iterator[None]:
    """Start roles; whatever happens, none of them is left."""
    try:
        for role in roles:
            role.start()
        yield
    finally:
        for role in roles:
            if role.process is not None and role.process.poll() is None:
                role.process.kill()
                role.process.wait()
