"""The folder that outlives a run, and what can be asked of it."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from contracts.decisions import Decision
from shouwen.errors import ShouwenError

_KINDS: tuple[tuple[str, Callable[[Decision], bool]], ...] = (
    ("approved", lambda d: d.risk_outcome == "approve" and d.disposition == "acted"),
    ("declined", lambda d: d.risk_outcome == "decline"),
    ("not contacted", lambda d: d.disposition == "suppressed"),
    ("held out", lambda d: d.disposition == "held_out"),
)


def require_new_folder(keep: Path | None) -> None:
    """Refuse a folder that already holds something.

    Raises:
        ShouwenError: it is a file, or has files in it.
    """
    if keep is None or not keep.exists():
        return
    if not keep.is_dir():
        raise ShouwenError(f"--keep needs a new or empty folder; {str(keep)!r} is a file.")
    if any(keep.iterdir()):
        raise ShouwenError(f"--keep needs a new or empty folder; {str(keep)!r} has files in it.")


def look_at(decisions: Iterable[Decision], keep: Path, *, program: str = "") -> Iterator[str]:
    """Yield what to type next: one decision of each kind explained, the proof, a comparison.

    The latest decision of a kind is named: it rests on the longest history. A kind that the run
    has not is not named.

    Args:
        decisions: Of the run.
        keep: The folder with its journal.
        program: What to type for `shouwen`; found out where empty.
    """
    shouwen = program or this_program()
    journal = f"--journal {shlex.quote(str(keep))}"
    ordered = sorted(decisions, key=lambda d: d.at_ms, reverse=True)
    for name, is_one in _KINDS:
        found = next((d for d in ordered if is_one(d)), None)
        if found is not None:
            yield f"{shouwen} why {found.decision_id} {journal}   # {name}"
    yield f"{shouwen} replay verify {journal}"
    yield f"{shouwen} backtest current my_strategy.yaml {journal}   # a strategy that you changed"


def this_program() -> str:
    """Return how this program was called, so that what is printed can be pasted."""
    called = Path(sys.argv[0])
    if called.name != "shouwen":
        return "python -m shouwen"
    on_path = {Path(folder).resolve() for folder in os.get_exec_path()}
    return "shouwen" if called.resolve().parent in on_path else os.path.relpath(called)
