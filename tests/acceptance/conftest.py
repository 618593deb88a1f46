"""One undisturbed run on public records, shared by the tests that look at it from all sides."""

from pathlib import Path

import pytest

from adapters.recorded import open_source
from tests.acceptance.topics import Run, run_bank


@pytest.fixture(scope="session")
def berka(real_data: Path) -> Path:
    """The folder of the Berka records."""
    return real_data / "berka"


@pytest.fixture(scope="session")
def quiet_run(berka: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`shouwen try berka`, and nothing goes wrong."""
    return run_bank(open_source("berka", berka), tmp_path_factory.mktemp("quiet"))
