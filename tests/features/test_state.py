"""One state for the engine, for readings as of a moment and for frames: equal to plain words."""

from random import Random

import pytest

from contracts.decode import SourceEvent, decode
from contracts.interactions import BenefitHappened
from contracts.neighbours import NeighbourSignal
from contracts.relations import RelationEnded
from contracts.signals import BureauReport
from features import NAMES, FeatureState, SlowState, look, note, take
from tests.engine.any_events import AnyJournal, as_bytes

START_MS = 1_790_000_000_000
MANY = 60


def a_history(chance: Random, events: int) -> list[tuple[SourceEvent, int]]:
    """Events of every contract about one subject, and when the bank knew each.

    No clock is ahead: of an event whose time was clamped a log keeps less than its words do, and a
    reference that misstates that time may still find it (`test_windows_are_exact` has clamps).
    """
    journal = AnyJournal(chance, start_ms=START_MS)
    history = []
    for _ in range(events):
        topic, _, event = journal.event()
        event["occurred_at_ms"] = min(event["occurred_at_ms"], journal.at_ms)
        history.append((decode(topic, as_bytes(topic, event)), journal.at_ms))
        journal.pass_time()
    return history


def hexed(row: dict[str, float]) -> dict[str, str]:
    """A row by name, bit for bit."""
    return {name: value.hex() for name, value in row.items()}


@pytest.mark.parametrize("seed", range(60))
def test_every_feature_is_what_its_words_say_after_every_event(seed: int) -> None:
    """A rule reads the row, an officer reads the words: they must be the same number."""
    state, slow = FeatureState(), SlowState()
    for event, at_ms in a_history(Random(seed), MANY):
        row = take(state, event, at_ms)
        slow.apply(event, at_ms)
        assert hexed(dict(zip(NAMES, row.tolist(), strict=True))) == hexed(slow.read(at_ms))


@pytest.mark.parametrize("seed", range(12))
def test_a_moment_later_is_read_without_an_event(seed: int) -> None:
    """A timer and a question as of a time see what an event would see, and change nothing."""
    chance = Random(seed)
    state, noted, slow = FeatureState(), FeatureState(), SlowState()
    history = a_history(chance, MANY)
    for event, at_ms in history:
        take(state, event, at_ms)
        note(noted, event, at_ms)
        slow.apply(event, at_ms)
    assert (state.log, state.relations) == (noted.log, noted.relations)
    later_ms = history[-1][1] + chance.randrange(100 * 86_400_000)
    before = (state.log, repr(state.relations))
    row = dict(zip(NAMES, look(state, later_ms).tolist(), strict=True))
    assert hexed(row) == hexed(slow.read(later_ms))
    assert (state.log, repr(state.relations)) == before


@pytest.mark.parametrize("seed", range(4))
def test_every_number_names_events_that_were_taken_in(seed: int) -> None:
    """`why` must find each event behind a number, of a score too."""
    slow = SlowState()
    history = a_history(Random(seed), MANY)
    for number, (event, at_ms) in enumerate(history):
        slow.apply(event, at_ms, tag=number)
    at_ms = history[-1][1]
    for name, value in slow.read(at_ms).items():
        members = slow.members(name, at_ms)
        assert set(members) <= set(range(MANY))
        assert members or not value > 0, name


@pytest.mark.parametrize("lost", [RelationEnded, NeighbourSignal, BureauReport, BenefitHappened])
def test_a_state_that_misses_events_is_found(lost: type) -> None:
    """Control: the comparison above must see a contract that the fast way forgot."""
    differ = 0
    for seed in range(20):
        state, slow = FeatureState(), SlowState()
        for event, at_ms in a_history(Random(seed), MANY):
            slow.apply(event, at_ms)
            if not isinstance(event, lost):
                note(state, event, at_ms)
            row = dict(zip(NAMES, look(state, at_ms).tolist(), strict=True))
            differ += hexed(row) != hexed(slow.read(at_ms))
    assert differ > 0
