"""Stored logs outlive the code that wrote them: each layout's bytes are frozen, and read.

The files in `logs/` are never written again: another layout is another number and another file.
"""

import json
from pathlib import Path

import pytest

from features import kernel
from features.business_time import DAY_MS, HOUR_MS
from features.definitions import MARKETING, Feature, Window
from features.kinds import kinds
from features.log import current, horizon_ms, is_by_date, is_cut, read, record_count, update
from features.plan import EMPTY, PLAN, compile_catalogue
from tests.features.histories import START_MS, a_reversal, an_event, bits
from tests.features.test_windows_are_exact import busy_history

LOGS = Path(__file__).parent / "logs"

SMALL: tuple[Feature, ...] = (
    Window(
        name="lenders_90d",
        unit="count",
        aggregation="distinct",
        where=kinds("loan_inflow_external"),
        window_ms=90 * DAY_MS,
        why="A key, and flags.",
        permitted_use=MARKETING,
        of="counterparty",
    ),
    Window(
        name="inflow_30d",
        unit="minor",
        aggregation="sum",
        where=kinds("other_in", "salary", "loan_inflow_external"),
        window_ms=30 * DAY_MS,
        why="Cells of each form.",
        permitted_use=MARKETING,
    ),
)
"""A catalogue of this test's own, so that the bytes do not move when a feature is added."""


def test_layout_2_is_what_it_was() -> None:
    """A log that this version writes must be read by the next one, down to the last bit."""
    plan = compile_catalogue(SMALL)
    log = EMPTY
    for n in range(60):
        at_ms = START_MS + n * HOUR_MS
        kind = ("other_in", "loan_inflow_external", "other_in", "salary")[n % 4]
        amount = 0 if kind == "loan_inflow_external" else 100 + n
        one = an_event(kind, at_ms=at_ms, amount_minor=amount, event_id=n + 1, key=n % 3 + 1)
        log = update(log, [one], at_ms, log_cap=40, plan=plan)
    log = update(log, [a_reversal(one, at_ms=at_ms)], at_ms, log_cap=40, plan=plan)
    assert horizon_ms(log) > START_MS
    words = kernel.FINGERPRINT * 8, kernel.FINGERPRINT * 8 + 8  # names the catalogue and its kinds
    frozen = (LOGS / "layout-2.bin").read_bytes()
    assert log[: words[0]] + log[words[1] :] == frozen[: words[0]] + frozen[words[1] :]
    assert bits(read(frozen, at_ms, plan=plan).tolist()) == bits(
        read(log, at_ms, plan=plan).tolist()
    )


def test_a_log_of_layout_1_gives_the_features_that_it_gave() -> None:
    """An upgrade must not cost a customer's history."""
    old = (LOGS / "layout-1.bin").read_bytes()
    said = json.loads((LOGS / "layout-1.json").read_text())
    at_ms = said["at_ms"]
    values = dict(zip(PLAN.names, read(old, at_ms).tolist(), strict=True))
    known = {name: values[name].hex() for name in said["features"] if name in values}
    assert known == {name: said["features"][name] for name in known}
    assert len(known) > 10
    new = update(old, [an_event(at_ms=at_ms, event_id=99_999)], at_ms)
    assert new[0] == kernel.LAYOUT
    assert record_count(new) == record_count(old) + 1


def test_a_log_of_layout_1_that_was_capped_says_that_events_are_missing() -> None:
    """What the layout before forgot cannot be had back, and is not passed off as known by date."""
    old = (LOGS / "layout-1-capped.bin").read_bytes()
    at_ms = busy_history(12, 300, gap_ms=600_000)[-1][1]
    assert is_cut(old, at_ms)
    assert not is_by_date(old, at_ms)


@pytest.mark.parametrize("name", ["layout-1.bin", "layout-1-capped.bin", "layout-2.bin"])
def test_upgrading_again_changes_nothing(name: str) -> None:
    """A state that is read twice before it is written is the same state."""
    once = current((LOGS / name).read_bytes())
    assert current(once) is once
