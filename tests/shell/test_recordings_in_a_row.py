"""One recording behind another: the deployment cannot tell where one ended, but for the switch."""

import random
from collections.abc import Sequence
from functools import cache

import pytest

from contracts.control import DecisionsSwitched
from contracts.conversions import LoanStateChanged
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import BANK_SOURCES, DAY_MS, Topic
from engine.subject import SubjectState
from features import look
from shouwen.bootstrap.publish import OFF
from shouwen.ingest import IngestPlan
from simulator import simulate
from tests.engine.given import START_MS, an_activation
from tests.support.memory_bank import MemoryRun, run

DAYS, HISTORY_DAYS = 60, 40
END_MS = START_MS + (DAYS + 1) * DAY_MS
ON = DecisionsSwitched(on=True, reason="a test")


@cache
def _lines() -> Sequence[RecordedLine]:
    events = simulate(seed=11, customers=30, days=DAYS, start_ms=START_MS)
    return tuple(RecordedLine.of(event) for event in events)


def _split(at_ms: int) -> tuple[list[RecordedLine], list[RecordedLine]]:
    before = [line for line in _lines() if line.known_at_ms < at_ms]
    return before, list(_lines())[len(before) :]


def _plan(*control: DecisionsSwitched, learn_days: int = 0) -> IngestPlan:
    return IngestPlan(
        partitions=2,
        slice_ms=DAY_MS,
        learn_every_ms=learn_days * DAY_MS,
        control=(*control, an_activation()),
    )


def _events(journal: list[Entry]) -> list[tuple[str, int, bytes]]:
    return [(e.key, e.at_ms, e.value) for e in journal if e.topic in BANK_SOURCES]


def _states(ran: MemoryRun) -> dict[str, SubjectState]:
    keys = {entry.key for journal in ran.journals for entry in journal if entry.key}
    return {
        key: subjects.get(key)
        for subjects, journal in zip(ran.subjects, ran.journals, strict=True)
        for key in sorted(keys & {entry.key for entry in journal})
    }


@pytest.mark.parametrize("cut_days", [13, HISTORY_DAYS])
def test_two_recordings_in_a_row_have_the_order_of_the_one(cut_days: int) -> None:
    """Whoever loads a year in two halves must not get another journal of it.

    Only our own signals between neighbours may lie at another place: those of the first half's last
    slice have a slice of their own.
    """
    first, second = _split(START_MS + cut_days * DAY_MS)
    whole = run(_lines(), _plan())
    halves = run(first, _plan(), then=[(second, _plan())])

    assert [_events(j) for j in halves.journals] == [_events(j) for j in whole.journals]
    assert halves.buried == whole.buried == [[], []]


def test_the_order_is_the_same_whatever_the_fetches_did_and_the_learner_answered() -> None:
    """The first slice of the second recording awaits its switch, and nobody else's answer."""
    first, second = _split(START_MS + HISTORY_DAYS * DAY_MS)
    runs = [
        run(
            first,
            _plan(learn_days=7),
            then=[(second, _plan(ON, learn_days=7))],
            dice=random.Random(seed),
        )
        for seed in (1, 2)
    ]
    said = [[(entry.at_ms, entry.value) for j in r.journals for entry in j] for r in runs]

    assert said[0] == said[1]
    for journal in runs[0].journals:
        (switch,) = [e for e in journal if e.value == ON.model_dump_json().encode()]
        behind = [e for e in journal if e.seq > switch.seq and e.topic in BANK_SOURCES]
        assert min(e.at_ms for e in behind) >= START_MS + HISTORY_DAYS * DAY_MS
        before = [e for e in journal if e.seq < switch.seq and e.topic in BANK_SOURCES]
        assert max(e.at_ms for e in before) < START_MS + HISTORY_DAYS * DAY_MS


def test_history_with_decisions_off_leads_to_the_same_features_and_loan_states() -> None:
    """Going live with a history is as good as having been there."""
    first, second = _split(START_MS + HISTORY_DAYS * DAY_MS)
    whole = _states(run(_lines(), _plan()))
    history = IngestPlan(partitions=2, slice_ms=DAY_MS, learn_every_ms=0, control=(OFF,))
    ran = run(first, history, then=[(second, _plan(ON))])
    loaded = _states(ran)

    assert loaded.keys() == whole.keys()
    for key, state in loaded.items():
        assert state.facts.loan == whole[key].facts.loan
        assert look(state, END_MS).tobytes() == look(whole[key], END_MS).tobytes()
    changes = [LoanStateChanged.model_validate_json(raw) for raw in ran.said(Topic.CONVERSIONS)]
    live_ms = START_MS + HISTORY_DAYS * DAY_MS
    assert {change.historic for change in changes if change.at_ms < live_ms} == {True}
    assert {change.historic for change in changes if change.at_ms > live_ms} == {False}
    assert all(change.conversion is None for change in changes if change.historic)
