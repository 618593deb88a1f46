"""The measure of uplift measures what it says: rows of their time, and a truth that it covers."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from models import ROW, Row
from models.chances import Chances
from shouwen.quality.report import show_uplift
from shouwen.quality.uplift import START_MS, Bank, report, rows_of, scored
from simulator import Truth, truths

BANK: Bank = {"seed": 4, "customers": 150, "days": 150}


@pytest.fixture(scope="module")
def drawings() -> list[Truth]:
    """Return the contacts and controls of a small bank, in order."""
    return sorted(truths(**BANK, start_ms=START_MS), key=lambda one: (one.at_ms, one.customer_id))


@pytest.fixture(scope="module")
def rows(drawings: list[Truth]) -> list[Row]:
    """Return their rows."""
    return rows_of(drawings, **BANK)


def by_inclination(drawings: Sequence[Truth]) -> list[tuple[Chances, int]]:
    """Return scores that know what nobody can."""
    return [(Chances(0.5 + one.pull_ratio / 10, 0.5), 0) for one in drawings]


def test_a_row_is_of_its_time(drawings: list[Truth], rows: list[Row]) -> None:
    """A contact that is in its own row would tell the arms apart: the message comes after it."""
    touches = ROW.names.index("touch_cnt_30d")
    first = {one.customer_id: number for number, one in reversed(list(enumerate(drawings)))}
    counts = {True: [0.0], False: [0.0]}
    for number in first.values():
        counts[drawings[number].treated].append(float(np.nan_to_num(rows[number][touches])))

    assert abs(np.mean(counts[True]) - np.mean(counts[False])) < 0.5
    assert len(rows) == len(drawings)


def test_the_outcome_is_known_a_month_later(drawings: list[Truth], rows: list[Row]) -> None:
    """No score may rest on an outcome of the last 30 days: others' outcomes change none of it."""
    cut_ms = drawings[-1].at_ms - 30 * 86_400_000
    other = [
        one
        if one.at_ms <= cut_ms
        else replace(
            one,
            drawn_if_contacted=not one.drawn_if_contacted,
            drawn_if_left_alone=not one.drawn_if_left_alone,
        )
        for one in drawings
    ]

    assert scored(other, rows) == scored(drawings, rows)


def test_a_score_that_knows_ranks_as_the_truth_does(drawings: list[Truth]) -> None:
    """The measured area must be that of the truth, up to chance; here for the best there is."""
    quality = report(drawings, by_inclination(drawings))
    ours, perfect = quality.rankings["ours"], quality.rankings["perfect"]

    assert ours.truth > 0.0
    assert perfect.truth > 0.0
    assert ours.qini.low <= ours.truth <= ours.qini.high
    assert quality.effect.low <= quality.effect_truth <= quality.effect.high
    assert quality.as_json()["rankings"]["ours"]["qini"]["value"] == ours.qini.value


def test_a_campaign_without_a_control_is_refused(drawings: list[Truth]) -> None:
    """A measure without a control would be a number that means nothing."""
    treated = [replace(one, treated=True) for one in drawings]

    with pytest.raises(ValueError, match="contacts and controls"):
        report(treated, by_inclination(treated))


def test_the_table_says_both_what_is_measured_and_what_is_true(drawings: list[Truth]) -> None:
    """A reader must see at once whether the interval covers the truth."""
    console = Console(record=True, width=120, file=StringIO())
    quality = report(drawings, by_inclination(drawings))
    show_uplift(quality, console)
    text = console.export_text()

    assert f"{quality.rows:,} contacts and controls" in text
    assert "our T-learner" in text
    assert f"{1_000 * quality.effect_truth:.1f}" in text
