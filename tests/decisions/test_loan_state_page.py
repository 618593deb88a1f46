"""The page for people and the table for the machine are one."""

from pathlib import Path
from typing import get_args

from contracts.conversions import LoanStateName
from contracts.loan_events import STAGES
from decisions.loan_table import EFFECTS, STATES, STATUSES

PAGE = Path(__file__).parents[2] / "docs" / "loan-state.md"


def rows_after(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its header."""
    lines = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].splitlines()
    table = [line for line in lines if line.startswith("|")]
    end = next((n for n, line in enumerate(lines) if line.startswith("## ")), len(lines))
    table = [line for line in lines[:end] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_the_page_shows_the_table_that_the_code_reads() -> None:
    """A strategist who reads the page reads what is decided."""
    assert rows_after("What each event says") == [
        [stage, *(EFFECTS[stage, status].value for status in STATUSES)] for stage in STAGES
    ]


def test_the_page_lists_the_states_in_the_order_in_which_they_are_tried() -> None:
    """Where two states are true, the page says which one it is."""
    assert rows_after("From what is known to the state") == [
        [name, meaning] for name, meaning in STATES.items()
    ]
    assert set(STATES) == set(get_args(LoanStateName))
