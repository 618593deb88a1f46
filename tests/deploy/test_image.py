"""The image is built from what is locked, holds what is imported, and runs without rights.

It is linted, and the package that it installs is built; the image itself is not: that needs an
engine.
"""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.prom import ROOT

DOCKERFILE = ROOT / "deploy/images/worker.Dockerfile"
IGNORE = ROOT / "deploy/images/worker.Dockerfile.dockerignore"
TEXT = DOCKERFILE.read_text(encoding="utf-8")
DATA = (
    "deploy/kafka/jgo.lock.toml",
    "replay/report.html.j2",
    "strategies/no_loan_to_loan_v1.yaml",
    "contracts/py.typed",
)
"""Files that the code reads beside itself."""


def _hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("hadolint"), "--failure-threshold", "style", file]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_linter_has_nothing_to_say() -> None:
    """Unpinned packages, root, lost exit codes: hadolint knows them all."""
    done = _hadolint(DOCKERFILE)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_looks(tmp_path: Path) -> None:
    """Negative control: the same file without a version is refused."""
    loose = tmp_path / "Dockerfile"
    loose.write_text(re.sub(r"FROM python:\S+", "FROM python", TEXT), encoding="utf-8")

    assert "DL3006" in _hadolint(loose).stdout


def test_the_image_runs_the_python_of_the_project() -> None:
    """A lock with hashes is for one version of Python, and so are compiled functions."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    images = re.findall(r"^FROM python:(\d+)\.(\d+)\.\d+-slim-\w+", TEXT, re.MULTILINE)

    assert len(images) == TEXT.count("\nFROM ")
    assert len(set(images)) == 1
    major, minor = map(int, images[0])
    assert wanted["requires-python"] == f">={major}.{minor},<{major}.{minor + 1}"


def test_libraries_come_by_their_hashes_and_nothing_else_is_resolved() -> None:
    """What was tested is what is installed, to the byte."""
    installs = re.findall(r"pip install (.+)$", TEXT, re.MULTILINE)

    assert installs == [
        "--require-hashes --requirement requirements.lock",
        "--no-deps --no-build-isolation .",
    ]


def test_it_runs_as_nobody_in_particular() -> None:
    """By number, so that an orchestrator can see that it is not root."""
    user = re.findall(r"^USER (\d+):(\d+)$", TEXT, re.MULTILINE)

    assert len(user) == 1
    assert all(int(number) >= 10_000 for number in user[0])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built from what the ignore file lets through, as it would lie in the image."""
    context = tmp_path_factory.mktemp("context")
    for allowed in re.findall(r"^!(.+)$", IGNORE.read_text(encoding="utf-8"), re.MULTILINE):
        for source in sorted(ROOT.glob(allowed)):
            target = context / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "--wheel-dir", "dist", "."],
        check=False,
        capture_output=True,
        text=True,
        cwd=context,
    )
    assert done.returncode == 0, done.stderr
    (built,) = (context / "dist").glob("shouwen-*.whl")
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


def test_the_package_has_every_room(installed: Path) -> None:
    """A room that the ignore file forgot is an ImportError in production only."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    for room in config["importlinter"]["root_packages"]:
        sources = {file.name for file in (ROOT / room).glob("*.py")}
        assert sources == {file.name for file in (installed / room).glob("*.py")}, room


@pytest.mark.parametrize("path", DATA)
def test_the_package_has_what_the_code_reads(installed: Path, path: str) -> None:
    """A strategy that is not installed cannot be activated by its name."""
    assert (installed / path).is_file()


def test_the_package_has_no_tests_and_no_records(installed: Path) -> None:
    """What is not there cannot leak."""
    assert not [name for name in ("tests", "var", "docs") if (installed / name).exists()]


def test_the_package_alone_runs_a_command(installed: Path, tmp_path: Path) -> None:
    """In the image there is no checkout beside it to find a forgotten file in."""
    done = subprocess.run(
        [sys.executable, "-m", "shouwen", "strategy", "check", "no_loan_to_loan_v1"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )

    assert "no_loan_to_loan_v1 version 1 passes" in done.stdout, done.stderr
