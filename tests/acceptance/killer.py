"""Kills roles while they work: at points of the journal's growth, never at points of time."""

import os
import random
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from contracts.journal import HEADER, unpack
from contracts.topics import Topic
from shouwen.trial.bank import Bank
from streams.state_log import Mark, mark_key

TIMES = 5
"""How often each role dies in a run."""

_OUTPUTS = mark_key("outputs")
_LOOK_SECONDS = 0.01
_OF = {Topic.JOURNAL.value: "sequence", Topic.DECIDE_STATE.value: "decide"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that was killed, and how many journal entries its role had done by then."""

    role: str
    pid: int
    done: int


@dataclass
class Killer:
    """Ends roles with SIGKILL as soon as they have done so many journal entries.

    It reads committed records only: every number stands for a transaction that the role finished
    since it was started again, so that no kill meets a process that was still starting.

    Args:
        points: For each role, the counts of journal entries at which it dies.
    """

    points: dict[str, list[int]]
    kills: list[Kill] = field(default_factory=list)
    trouble: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _done: dict[tuple[str, int], int] = field(default_factory=dict)
    _did_before: dict[int, int] = field(default_factory=dict)

    @classmethod
    def seeded(cls, seed: int, *, total: int, times: int, roles: tuple[str, ...]) -> "Killer":
        """Choose points between a twentieth and four fifths of `total`, apart from each other."""
        dice = random.Random(seed)
        room = int(total * 0.75) // times
        first = total // 20
        return cls(
            {
                role: [first + n * room + dice.randrange(room // 2) for n in range(times)]
                for role in roles
            }
        )

    def begin(self, bank: Bank) -> None:
        """Watch and kill in a thread of its own, until `end`."""
        self._thread = threading.Thread(target=self._guarded, args=(bank,), name="killer")
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        for problem in self.trouble:
            raise problem

    def _guarded(self, bank: Bank) -> None:
        try:
            self._watch(bank)
        except BaseException as problem:  # noqa: BLE001 - raised by `end`, in the test
            self.trouble.append(problem)

    def _watch(self, bank: Bank) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": bank.bootstrap,
                "group.id": "killer",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 5,
            }
        )
        consumer.assign(
            [
                TopicPartition(topic, partition, OFFSET_BEGINNING)
                for topic in _OF
                for partition in range(bank.partitions)
            ]
        )
        try:
            while any(self.points.values()) and not self._stop.is_set():
                for message in consumer.consume(2_000, _LOOK_SECONDS):
                    if message.error() is None:
                        self._note(message)
                for role, pid in bank.supervisor.pids.items():
                    self._look_at(role, pid)
        finally:
            consumer.close()

    def _look_at(self, role: str, pid: int) -> None:
        points = self.points.get(role)
        done = self.done(role)
        did_before = self._did_before.setdefault(pid, done)
        if points and done >= points[0] and done > did_before:
            self._did_before[pid] = sys.maxsize
            os.kill(pid, signal.SIGKILL)
            points.pop(0)
            self.kills.append(Kill(role=role, pid=pid, done=done))

    def done(self, role: str) -> int:
        """How many journal entries a role has finished, over all partitions."""
        return sum(count for (of, _), count in self._done.items() if of == role)

    def _note(self, message: Any) -> None:
        role, partition = _OF[message.topic()], message.partition()
        if role == "sequence":
            header = dict(message.headers() or ())[HEADER]
            seq = unpack(partition, message.key(), message.value(), header).seq
        elif message.key() == _OUTPUTS:
            seq = msgspec.json.decode(message.value(), type=Mark).seq
        else:
            return
        self._done[role, partition] = max(seq + 1, self._done.get((role, partition), 0))
