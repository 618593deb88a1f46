"""A worker whose `decide` also writes down every row that it has in hand, in a file of its own.

The role is the real one, fold and sink and all: only what a case is made of is copied out. A row
is written when its batch is folded, before the transaction; a killed process may have written rows
of a batch that it never committed, and the next one writes them again.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, get_args
from unittest import mock

import engine.fold
from contracts.journal import Entry
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from features import look
from shouwen.settings import Settings
from shouwen.stream_settings import stream_settings
from streams.logs import configure_logs
from streams.roles import run_role
from streams.settings import Role
from tests.support.live_rows import LiveRow, live_rows

_IDLE_EACH = 3
_fold = engine.fold.fold


def write_row(file: BinaryIO, row: LiveRow) -> None:
    """Write a row as one line."""
    line = (
        f"{row.partition} {row.seq} {row.at_ms} {row.before:d} {row.subject_id} {row.bits.hex()}\n"
    )
    file.write(line.encode())


def read_rows(file: Path) -> list[LiveRow]:
    """Read the rows of a process; a line that it could not finish is none."""
    rows = []
    for line in file.read_bytes().split(b"\n")[:-1]:
        partition, seq, at_ms, before, subject_id, bits = line.decode().split(" ")
        rows.append(
            LiveRow(
                int(partition),
                int(seq),
                subject_id,
                int(at_ms),
                before == "1",
                bytes.fromhex(bits),
            )
        )
    return rows


def idle_rows(partition: PartitionState, subjects: MemorySubjects) -> list[LiveRow]:
    """Look at a few subjects in memory that the last entry was not about."""
    facts = partition.facts
    names = sorted(subjects._live)
    chosen = {names[(facts.seq * 31 + n * 7) % len(names)] for n in range(_IDLE_EACH) if names}
    return [
        LiveRow(
            facts.partition,
            facts.seq,
            name,
            facts.clock_ms,
            False,
            look(subjects._live[name], facts.clock_ms).tobytes(),
        )
        for name in sorted(chosen)
    ]


def main(folder: Path, role: Role) -> int:
    """Run one role; `decide` writes its rows into a file of this process."""
    settings = Settings.load()
    configure_logs(level=settings.log_level)
    if role != "decide":
        return run_role(role, stream_settings(settings))
    number = len(list(folder.glob("rows-*")))
    writing = threading.Lock()  # partitions are folded side by side
    with (folder / f"rows-{number}").open("wb") as file:

        def write(row: LiveRow) -> None:
            with writing:
                write_row(file, row)

        def fold(
            partition: PartitionState, subjects: MemorySubjects, entries: Sequence[Entry]
        ) -> list[Output]:
            outputs = _fold(partition, subjects, entries)
            for row in idle_rows(partition, subjects):
                write(row)
            with writing:
                file.flush()
            return outputs

        with live_rows(write), mock.patch("engine.fold.fold", fold):
            return run_role(role, stream_settings(settings))


if __name__ == "__main__":
    wanted = {role: role for role in get_args(Role)}[sys.argv[2]]
    sys.exit(main(Path(sys.argv[1]), wanted))
