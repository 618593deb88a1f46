"""The walls between rooms stand, and each of them would notice being walked through."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_LINTER = _PROJECT["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in _LINTER["contracts"]}

BREACHES: dict[str, list[tuple[str, str]]] = {
    "Dependencies point inwards": [
        ("contracts", "import engine"),
        ("features", "import decisions"),
        ("decisions", "import models"),
        ("models", "import decisions"),
        ("engine", "import adapters"),
        ("adapters", "import streams"),
        ("replay", "import streams"),
        ("simulator", "import replay"),
        ("streams", "import shouwen"),
    ],
    "The core does no I/O and has no clock": [
        ("engine", "import time"),
        ("features", "import logging"),
        ("decisions", "import redis"),
        ("models", "import threading"),
        ("contracts", "import asyncio"),
    ],
    "Only models know River": [("engine", "import river"), ("replay", "import river")],
    "Faust stays in streams": [("adapters", "import faust"), ("shouwen", "import aiokafka")],
}
"""Contract: one line in a file of a room that must make it fail."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the rooms, to break walls in."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in _LINTER["root_packages"]:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, tmp_path / room, ignore=ignore)
    return tmp_path


def _report(root: Path) -> tuple[int, str]:
    """Run the linter as `make lint` does, on another tree: exit code and what it says."""
    script = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache", "--no-logo"],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "300"},
    )
    return done.returncode, done.stdout + done.stderr


def _verdicts(report: str) -> dict[str, str]:
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)", report, re.MULTILINE))


def test_the_walls_stand(tree: Path) -> None:
    """What may import what is the design; a picture of it that is not checked is a wish."""
    code, report = _report(tree)

    assert _verdicts(report) == dict.fromkeys(CONTRACTS, "KEPT"), report
    assert code == 0


def test_every_wall_has_somebody_who_walks_through_it() -> None:
    """A contract that nobody ever saw fail may be checking nothing."""
    assert set(BREACHES) == set(CONTRACTS)


@pytest.mark.parametrize("contract", sorted(BREACHES))
def test_a_breach_is_noticed_by_its_contract(tree: Path, contract: str) -> None:
    """One forbidden line in one file is enough, in every room named above."""
    for number, (room, line) in enumerate(BREACHES[contract]):
        (tree / room / f"breach_{number}.py").write_text(f"{line}\n", encoding="utf-8")

    code, report = _report(tree)

    assert code == 1
    assert _verdicts(report)[contract] == "BROKEN"
    for number, (room, line) in enumerate(BREACHES[contract]):
        forbidden = line.removeprefix("import ")
        assert f"{room}.breach_{number} -> {forbidden}" in report, report
