"""A sick worker for the negative control: `decide` without transactions, killed in a batch.

It exists here alone: which sink a role writes to is decided in code, and no setting reaches it.
"""

import os
import signal
import sys
from pathlib import Path
from typing import get_args

from shouwen.settings import Settings
from shouwen.stream_settings import stream_settings
from streams.logs import configure_logs
from streams.roles import run_role, transactional_sink
from streams.settings import Role, StreamSettings
from streams.sink import Headers, Sink
from tests.streams.plain_sink import PlainSink

DIES_AT = 40


class DyingSink(PlainSink):
    """What is produced is out, whatever happens next; after some records the process is killed.

    Args:
        bootstrap: The brokers.
        last_words: Written before the process dies; where it is there, nobody dies any more.
    """

    def __init__(self, bootstrap: str, *, last_words: Path) -> None:
        super().__init__(bootstrap)
        self._last_words = last_words
        self._records = 0

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        super().produce(topic, partition=partition, key=key, value=value, headers=headers)
        self._records += 1
        if self._records == DIES_AT and not self._last_words.exists():
            self._producer.flush()
            self._last_words.write_text(topic)
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, role: Role) -> int:
    """Run one role; `decide` without transactions."""
    settings = Settings.load()
    configure_logs(level=settings.log_level)

    def make_sink(role: Role, partition: int, settings: StreamSettings) -> Sink:
        if role == "decide":
            if partition == 0:
                return DyingSink(settings.bootstrap, last_words=folder / "last-words")
            return PlainSink(settings.bootstrap)
        return transactional_sink(role, partition, settings)

    return run_role(role, stream_settings(settings), make_sink=make_sink)


if __name__ == "__main__":
    wanted = {role: role for role in get_args(Role)}[sys.argv[2]]
    sys.exit(main(Path(sys.argv[1]), wanted))
