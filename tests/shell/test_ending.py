"""Ctrl-C: a person who has seen enough gets the machine back as it was."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shouwen.trial.ending import ended_by_signals

ROOT = Path(__file__).parents[2]
SECONDS = 30.0
DEMO = ("demo", "--customers", "5", "--history-days", "1", "--days", "5")


def processes_with(mark: str) -> list[str]:
    """The command lines of all processes that inherited a mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                environ = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it ended while we looked, or is not ours to read
            if mark.encode() in environ and command:
                found.append(command.replace(b"\0", b" ").decode())
    return found


@contextmanager
def a_demo(scratch: Path, mark: str) -> Iterator[subprocess.Popen[str]]:
    """A demo as a person starts it; its temporary files are in `scratch`."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch), "THE_MARK": mark}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "shouwen", *DEMO],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.kafka
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("said", "number", "code"),
    [("starting Kafka", signal.SIGINT, 130), ("live:", signal.SIGINT, 130)],
    ids=["while it starts", "while it shows"],
)
def test_an_interrupted_demo_leaves_nothing_behind(
    tmp_path: Path, said: str, number: int, code: int
) -> None:
    """No process, no file, no traceback: one line and the exit code that a shell expects."""
    mark = uuid.uuid4().hex
    with a_demo(tmp_path, mark) as process:
        assert process.stdout is not None
        assert any(said in line for line in process.stdout), process.communicate()
        os.killpg(process.pid, number)  # as a terminal does: to everyone in the group
        _, errors = process.communicate(timeout=SECONDS)

    assert (process.returncode, errors) == (
        code,
        "stopped before the end; nothing is left running\n",
    )
    assert processes_with(mark) == []
    assert list(tmp_path.iterdir()) == []


def test_only_the_first_signal_interrupts() -> None:
    """A person presses Ctrl-C twice; the second must not tear the clean-up apart."""
    cleaned: list[str] = []

    def run() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            cleaned.append("everything")

    with pytest.raises(SystemExit) as ended, ended_by_signals():
        run()

    assert (cleaned, ended.value.code) == (["everything"], 130)


def test_a_supervisor_sees_that_its_signal_ended_it() -> None:
    """143 is how a shell says SIGTERM; and afterwards signals mean again what they meant."""
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(SystemExit) as ended, ended_by_signals():
        signal.raise_signal(signal.SIGTERM)

    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_failure_passes_through_as_it_is() -> None:
    """Only signals are an end; a bug stays a bug."""
    with pytest.raises(ZeroDivisionError), ended_by_signals():
        raise ZeroDivisionError
