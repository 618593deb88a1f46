"""The supervisor: roles come back for ever, stop when asked, and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from shouwen.commands.worker import command
from shouwen.supervisor import Supervisor

STAYS = [sys.executable, "-c", "import time; time.sleep(600)"]
DIES = [sys.executable, "-c", "raise SystemExit(70)"]
ROOT = Path(__file__).parents[2]


def eventually(holds: Callable[[], object], *, seconds: float = 20.0) -> bool:
    """Whether something comes true in time; a process ends when it ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return bool(holds())


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_killed_role_comes_back() -> None:
    """A crash at 3 a.m. needs no person."""
    supervisor = Supervisor(["sequence", "decide"], environ=os.environ, command=STAYS)
    supervisor.start()
    try:
        before = supervisor.pids
        os.kill(before["decide"], signal.SIGKILL)

        assert eventually(lambda: supervisor.pids.get("decide") not in {None, before["decide"]})
        assert supervisor.pids["sequence"] == before["sequence"], "the other one is left alone"
        assert supervisor.restarts == 1
    finally:
        supervisor.stop()
    assert not any(is_alive(pid) for pid in before.values())


def test_a_role_that_always_dies_is_tried_again_and_again() -> None:
    """A broker may be away for hours; giving up would need a person."""
    supervisor = Supervisor(["decide"], environ=os.environ, command=DIES)
    supervisor.start()
    try:
        assert eventually(lambda: supervisor.restarts >= 3)
    finally:
        supervisor.stop()


def test_stopping_leaves_nothing_running() -> None:
    """Also not a process that was just about to be started again."""
    supervisor = Supervisor(["decide", "learn"], environ=os.environ, command=STAYS)
    supervisor.start()
    pids = list(supervisor.pids.values())
    assert len(pids) == 2

    supervisor.stop()

    assert supervisor.pids == {}
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_roles_end_with_a_supervisor_that_is_killed() -> None:
    """Two workers of one name after a crash of the parent would fence each other for ever."""
    code = (
        "import os, sys, time\n"
        "from shouwen.supervisor import Supervisor\n"
        f"s = Supervisor(['decide'], environ=os.environ, command={STAYS!r})\n"
        "s.start(); print(s.pids['decide'], flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    with parent.stdout as said:
        pid = int(said.readline())
        parent.kill()
        parent.wait()

    assert eventually(lambda: not is_alive(pid))


def test_each_role_has_its_own_metrics_port(tmp_path: Path) -> None:
    """One port for four processes would let three of them die at start."""
    says = [
        sys.executable,
        "-c",
        "import os; print(os.environ['SHOUWEN_METRICS_PORT'], flush=True)",
    ]
    supervisor = Supervisor(
        ["sequence", "decide"],
        environ={**os.environ, "SHOUWEN_METRICS_PORT": "9400"},
        log_dir=tmp_path,
        command=says,
    )
    supervisor.start()
    try:
        for role, port in (("sequence", "9400"), ("decide", "9401")):
            log = tmp_path / f"{role}.log"
            assert eventually(lambda log=log, port=port: log.read_text().startswith(port))  # type: ignore[misc] # mypy does not infer defaults
    finally:
        supervisor.stop()


def test_an_unknown_role_is_a_usage_error() -> None:
    """A misspelt role that ran nothing would look like success."""
    result = CliRunner().invoke(command, ["sequencer"])

    assert result.exit_code == 2
    assert "sequencer" in result.output


def test_one_process_runs_one_role() -> None:
    """The supervisor's own flag; two roles in a process would share a scheduler."""
    assert CliRunner().invoke(command, ["--one", "all"]).exit_code == 2
