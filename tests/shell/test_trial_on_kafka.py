"""A run from the command line to the folder it leaves, on a Kafka of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.recorded import RecordedEvent
from shouwen.cli import main
from shouwen.errors import StuckError
from shouwen.trial.bank import running_bank, wait_until_decided
from simulator import simulate

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]
START_MS = 1_767_196_800_000  # 2026-01-01 in China


def a_recording(path: Path) -> tuple[Path, int]:
    """A month of a small bank, a poison record, and a line that is none; the count of records."""
    events = list(simulate(seed=5, customers=8, days=30, start_ms=START_MS))
    poison = RecordedEvent(
        topic=events[-1].topic, key="c-000001", known_at_ms=events[-1].known_at_ms, value="poison"
    )
    lines = [event.model_dump_json(exclude_none=True) for event in [*events, poison]]
    path.write_text("\n".join([*lines, "not a line"]) + "\n")
    return path, len(lines)


def shouwen(*arguments: str | Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "shouwen", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_try_proves_what_it_says_and_keeps_it(tmp_path: Path) -> None:
    """The promise of the first command that anybody runs on records of their own."""
    path, records = a_recording(tmp_path / "bank.jsonl")
    scratch, kept = tmp_path / "scratch", tmp_path / "kept"
    scratch.mkdir()

    done = shouwen("try", "jsonl", path, "--json", "--keep", kept, scratch=scratch)

    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["in"], told["unreadable"], told["lost"]) == (records, 1, 0)
    assert told["in"] == told["journal_events"] + told["dead_letters"]
    assert told["dead_letters_by_reason"] == {"invalid": 1}
    assert told["replay"] == {"checked": sum(told["decisions"].values()), "mismatches": 0}
    assert told["latency_ms"]["p50"] > 0
    assert done.stderr == f"bank.jsonl:{records + 1}: it is not one JSON object\n"
    assert list(scratch.iterdir()) == []

    runner = CliRunner(env={"SHOUWEN_CONFIG": None})
    verified = runner.invoke(main, ["replay", "verify", "--journal", str(kept), "--json"])
    assert json.loads(verified.output)["decisions_checked"] == told["replay"]["checked"] > 0


def test_a_run_whose_workers_do_nothing_ends_with_their_last_words(tmp_path: Path) -> None:
    """The folder with their logs is gone by then; a path to it would help nobody."""
    sick = "import time; print('the disk is full', flush=True); time.sleep(600)"
    worker = (sys.executable, "-c", sick)

    with running_bank(tmp_path, partitions=1, worker=worker) as bank:
        with pytest.raises(StuckError, match=r"\[0\] did not move(.|\n)*sequence: the disk is"):
            wait_until_decided(bank, last_slice=1, timeout_seconds=1.0)
        running = bank.supervisor.pids

    assert len(running) == 4
    assert bank.supervisor.pids == {}
