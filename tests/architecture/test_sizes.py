"""A file holds one idea: nobody should have to scroll through a thousand lines to find it."""

from pathlib import Path

import pytest

LINES_ALLOWED = 400
REASONED_EXCEPTIONS: dict[str, str] = {}
"""Path: why this file is better long. Each is checked to be needed still."""

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("contracts", "features", "models", "decisions", "engine"),
    *("adapters", "streams", "replay", "simulator", "shouwen", "deploy", "benchmarks"),
)


def _line_counts() -> dict[str, int]:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }


def test_no_source_file_is_longer_than_one_idea() -> None:
    """Two ideas in a file are two files; an exception carries its reason."""
    too_long = {path: lines for path, lines in _line_counts().items() if lines > LINES_ALLOWED}

    assert set(too_long) - set(REASONED_EXCEPTIONS) == set(), too_long


def test_every_exception_is_still_needed_and_has_a_reason() -> None:
    """An excuse outlives its cause unless somebody looks."""
    counts = _line_counts()

    for path, reason in REASONED_EXCEPTIONS.items():
        assert counts[path] > LINES_ALLOWED, f"{path} is short now: take it off the list"
        assert reason


@pytest.mark.parametrize("room", ["contracts", "adapters", "shouwen"])
def test_the_count_sees_the_rooms(room: str) -> None:
    """A check that walks an empty folder is green for ever."""
    assert any(path.startswith(f"{room}/") for path in _line_counts())
