"""Locks name what is installed, with its hash, and nothing about where it was made."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+) \\$", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_folder(lock: str) -> None:
    """It is installed from whatever index the user has, on whatever machine."""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        assert "://" not in line, line
        assert " @ " not in line, line
        assert not re.search(r"(^|[\s=])/", line), line
        assert not line.startswith("-"), line


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    """`pip install --require-hashes` refuses a lock with one that has none; so do we, sooner."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]

    assert len(blocks) == len(_pins(lock)) > 20
    assert all("--hash=sha256:" in block for block in blocks)


def test_tests_run_the_versions_that_are_shipped() -> None:
    """A library that is newer under test than in the demo is not the one that was tested."""
    runtime, dev = _pins("requirements.lock"), _pins("requirements-dev.lock")

    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_runtime_lock_has_every_dependency_of_the_project() -> None:
    """A dependency added to pyproject.toml without `make lock` fails here, not on the demo."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    names = {re.split(r"[\[<>=!~ ]", wish)[0].lower() for wish in wanted}

    assert names - set(_pins("requirements.lock")) == set()


def test_the_dev_lock_has_every_tool() -> None:
    """The same for what only tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["optional-dependencies"]["dev"]
    names = {re.split(r"[\[<>=!~ ]", wish)[0].lower() for wish in wanted}

    assert names - set(_pins("requirements-dev.lock")) == set()
