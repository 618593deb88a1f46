"""One role as a process of its own, with the small fold, and a way to die where it hurts most."""

import json
import os
import signal
import sys
import time
from typing import Any

import structlog

from adapters.metrics import Metrics
from streams.decide import DecideWork
from streams.learn import LearnWork
from streams.logs import configure_logs
from streams.sequence import SequenceWork
from streams.settings import StreamSettings
from streams.sink import Headers, Sink, TransactionalSink
from streams.work import PartitionWork
from streams.worker import run_worker
from tests.streams.plain_sink import PlainSink
from tests.streams.toy import toy_fold

log = structlog.get_logger(__name__)


class FragileSink:
    """A sink whose process is killed at the n-th commit, just before or just after it.

    With `records` it is killed behind that many records instead, in the middle of a batch; with
    `pause_seconds` it stands still before that commit, as a process does that the machine put to
    sleep.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        commits: int = -1,
        where: str = "",
        records: int = -1,
        pause_seconds: float = 0.0,
    ) -> None:
        self._sink = sink
        self._commits_left = commits
        self._where = where
        self._records_left = records
        self._pause_seconds = pause_seconds
        self.fence = sink.fence
        self.begin = sink.begin
        self.abort = sink.abort
        self.close = sink.close

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        self._sink.produce(topic, partition=partition, key=key, value=value, headers=headers)
        self._records_left -= 1
        if self._records_left == 0:
            self._flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(self) -> None:
        self._commits_left -= 1
        if self._commits_left == 0 and self._where == "before":
            self._flush()
            if not self._pause_seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            log.warning("asleep")
            time.sleep(self._pause_seconds)
        self._sink.commit()
        if self._commits_left == 0 and self._where == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    def _flush(self) -> None:
        """Let the records reach the broker: the worst moment is when they are all there."""
        producer: Any = self._sink._producer  # type: ignore[attr-defined]
        producer.flush()


def main() -> int:
    """Run what the first argument, a JSON object, asks for."""
    wanted = json.loads(sys.argv[1])
    settings = StreamSettings(**wanted["settings"])
    role = wanted["role"]
    configure_logs()

    def make_work(partition: int, settings: StreamSettings, metrics: Metrics) -> PartitionWork:
        sink: Sink
        if wanted.get("plain"):
            sink = PlainSink(settings.bootstrap)
        else:
            sink = TransactionalSink(
                settings.bootstrap, transactional_id=settings.transactional_id(role, partition)
            )
        if wanted.get("die") and partition == wanted.get("die_partition", 0):
            sink = FragileSink(sink, **wanted["die"])
        if role == "learn":
            return LearnWork(settings=settings, sink=sink, metrics=metrics)
        if role == "sequence":
            return SequenceWork(partition, settings=settings, sink=sink, metrics=metrics)
        return DecideWork(partition, settings=settings, sink=sink, metrics=metrics, fold=toy_fold)

    return run_worker(role, settings, make_work)


if __name__ == "__main__":
    sys.exit(main())
