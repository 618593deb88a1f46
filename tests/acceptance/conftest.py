"""Whole runs, each made once in a session and looked at from all sides."""

from pathlib import Path

import pytest

from adapters.recorded import open_source
from contracts.topics import Topic
from tests.acceptance.killer import TIMES, Killer
from tests.acceptance.topics import Run, run_bank
from tests.acceptance.tried import Tried, try_twice

SEED = 20


@pytest.fixture(scope="session")
def berka(real_data: Path) -> Path:
    """The folder of the Berka records."""
    return real_data / "berka"


@pytest.fixture(scope="session")
def quiet_run(berka: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`shouwen try berka`, and nothing goes wrong."""
    return run_bank(open_source("berka", berka), tmp_path_factory.mktemp("quiet"))


@pytest.fixture(scope="session")
def killer(quiet_run: Run) -> Killer:
    """Five random points for each of two roles, among the entries of the undisturbed run."""
    total = len(quiet_run.found.values(Topic.JOURNAL))
    return Killer.seeded(SEED, total=total, times=TIMES, roles=("sequence", "decide"))


@pytest.fixture(scope="session")
def killed_run(killer: Killer, berka: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run, with `sequence` and `decide` killed on the way."""
    folder = tmp_path_factory.mktemp("killed")
    try:
        return run_bank(open_source("berka", berka), folder, during=killer.begin)
    finally:
        killer.end()


@pytest.fixture(scope="session")
def tried_twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tried, Tried]:
    """`shouwen try jsonl` on a simulated bank, twice."""
    return try_twice(tmp_path_factory.mktemp("twice"))
