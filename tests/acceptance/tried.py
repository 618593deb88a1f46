"""`shouwen try jsonl` on a simulated bank, as a person runs it, and what it leaves behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.kept import KeptJournal
from simulator import simulate, write_jsonl

START_MS = 1_751_299_200_000
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Tried:
    """What one run of the command told, and the folder that it kept."""

    told: dict[str, Any]
    kept: KeptJournal


def try_twice(folder: Path) -> tuple[Tried, Tried]:
    """Run the command twice side by side, so that the machine gives each another rhythm."""
    with (folder / "events.jsonl").open("wb") as file:
        write_jsonl(simulate(seed=7, customers=40, days=90, start_ms=START_MS), file)
    names = ("first", "second")
    running = [_start(folder, name) for name in names]
    try:
        told = [process.communicate(timeout=400) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    for process, (_, errors) in zip(running, told, strict=True):
        assert process.returncode == 0, errors
    first, second = (
        Tried(json.loads(output), KeptJournal(folder / name))
        for name, (output, _) in zip(names, told, strict=True)
    )
    return first, second


def _start(folder: Path, name: str) -> "subprocess.Popen[str]":
    ours = {key: value for key, value in os.environ.items() if not key.startswith("SHOUWEN_")}
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "shouwen", "try", "jsonl", str(folder / "events.jsonl")),
            *("--json", "--keep", str(folder / name)),
        ],
        cwd=ROOT,
        env=ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
