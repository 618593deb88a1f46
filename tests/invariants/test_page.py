"""The page of invariants names tests that exist, in the folder where it says they are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
INVARIANTS = 12
_FOLDERS = {"A": "tests/acceptance", "I": "tests/invariants"}


def names_in(folder: str) -> set[str]:
    return {
        name
        for path in (ROOT / folder).glob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }


def named(cell: str) -> list[tuple[str, str]]:
    """Return (folder, test) in a cell; a folder stands for all tests up to the next one."""
    found: list[tuple[str, str]] = []
    folder = ""
    for word in re.findall(r"`tests/\w+`|\b[AI]\b|`test_\w+`", cell):
        if word.startswith("`test_"):
            found.append((folder, word.strip("`")))
        else:
            folder = _FOLDERS.get(word, word.strip("`"))
    return found


def test_every_test_of_the_page_exists() -> None:
    """A proof that was renamed away is no proof; the page must say so at once."""
    told = named(PAGE.partition("## How the kills")[0].partition("|---")[2])

    assert len(told) > 2 * INVARIANTS
    assert [(folder, name) for folder, name in told if name not in names_in(folder)] == []


def test_every_invariant_has_a_proof_and_a_control() -> None:
    """Twelve promises, and none without both."""
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]

    assert [int(row[0]) for row in rows] == list(range(1, INVARIANTS + 1))
    for number, _, proof, control in rows:
        assert named(proof), f"invariant {number} has no proof"
        assert named(control) or "the same test" in control, f"invariant {number} has no control"
