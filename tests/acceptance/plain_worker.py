"""A sick worker for the negative control: `decide` without transactions, killed in a batch.

It exists here alone: which sink a role writes to is decided in code, and no setting reaches it.
"""

import os
import signal
import sys
from pathlib import Path
from typing import get_args

from confluent_kafka import Producer

from shouwen.settings import Settings
from shouwen.stream_settings import stream_settings
from streams.logs import configure_logs
from streams.roles import run_role, transactional_sink
from streams.settings import Role, StreamSettings
from streams.sink import PRODUCER_OPTIONS, Headers, Sink

DIES_AT = 40


class PlainSink:
    """What is produced is out, whatever happens next; after some records the process is killed.

    Args:
        bootstrap: The brokers.
        last_words: Written before the process dies; where it is there, nobody dies any more.
            Without it nobody dies at all.
    """

    def __init__(self, bootstrap: str, *, last_words: Path | None) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER_OPTIONS})
        self._last_words = last_words
        self._records = 0

    def fence(self) -> None:
        """Fence nobody."""

    def begin(self) -> None:
        """Begin nothing."""

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        self._producer.produce(
            topic, value=value, key=key, partition=partition, headers=list(headers)
        )
        self._records += 1
        last_words = self._last_words
        if self._records == DIES_AT and last_words is not None and not last_words.exists():
            self._producer.flush()
            last_words.write_text(topic)
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(self) -> None:
        self._producer.flush()

    def abort(self) -> None:
        """Undo nothing."""

    def close(self) -> None:
        """Let go."""


def main(folder: Path, role: Role) -> int:
    """Run one role; `decide` without transactions."""
    settings = Settings.load()
    configure_logs(level=settings.log_level)

    def make_sink(role: Role, partition: int, settings: StreamSettings) -> Sink:
        if role == "decide":
            last_words = folder / "last-words" if partition == 0 else None
            return PlainSink(settings.bootstrap, last_words=last_words)
        return transactional_sink(role, partition, settings)

    return run_role(role, stream_settings(settings), make_sink=make_sink)


if __name__ == "__main__":
    wanted = {role: role for role in get_args(Role)}[sys.argv[2]]
    sys.exit(main(Path(sys.argv[1]), wanted))
