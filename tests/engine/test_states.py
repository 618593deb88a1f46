"""A subject's state: bounded, small for an ordinary customer, readable by the next version."""

from pathlib import Path

import pytest

from contracts.topics import DAY_MS
from engine.codec import decode_subject, encode_subject
from engine.event_ids import EVENT_IDS_KEPT, EventIds, note_arrival
from engine.subject import LAYOUT, StateError, SubjectState
from features import record_count

STATES = Path(__file__).parent / "states"
KNOWN_MS = 1_790_000_000_000


def test_a_state_of_layout_1_is_read_with_all_that_it_knew() -> None:
    """An upgrade must not forget a customer, nor take an old event for a new one."""
    old = decode_subject((STATES / "layout-1.bin").read_bytes())
    assert old.facts.profile.birth_year == 1990
    assert (old.entries, old.last_seq) == (22, 40)
    assert old.timers == {"label:r": KNOWN_MS + 9}
    assert record_count(old.log) > 10
    assert len(old.event_ids) == 2
    assert note_arrival(old.event_ids, "e-1", b"another", at_ms=KNOWN_MS + 6) == "conflict"
    again = encode_subject(old)
    assert again[0] == LAYOUT
    assert decode_subject(again) == old


def test_a_state_of_a_later_layout_is_refused() -> None:
    """An older version must not read half of a newer state."""
    raw = encode_subject(SubjectState())
    with pytest.raises(StateError, match="needs layout"):
        decode_subject(bytes([LAYOUT + 1]) + raw[1:])


def test_an_id_is_known_by_all_of_its_bits() -> None:
    """Hashes lie side by side in one value: one that is found across two of them is no id."""
    ids = EventIds()
    for number in range(400):
        assert note_arrival(ids, f"e-{number}", b"{}", at_ms=KNOWN_MS) == "new"
    for number in range(400):
        assert note_arrival(ids, f"e-{number}", b"{}", at_ms=KNOWN_MS) == "duplicate"
    shifted = EventIds(known=b"\0" * 5 + ids.known[:32] + b"\0" * 27)
    assert note_arrival(shifted, "e-0", b"{}", at_ms=KNOWN_MS) == "new"


def test_a_memory_that_500_events_cut_short_says_so_until_it_is_whole() -> None:
    """Who sends 500 events a day is known for a day only; a decision made then says so."""
    ids = EventIds()
    for number in range(EVENT_IDS_KEPT):
        note_arrival(ids, f"e-{number}", b"{}", at_ms=KNOWN_MS + number)
    last_ms = KNOWN_MS + EVENT_IDS_KEPT
    assert not ids.is_short(last_ms)
    note_arrival(ids, "e-more", b"{}", at_ms=last_ms)
    assert len(ids) == EVENT_IDS_KEPT
    assert ids.is_short(last_ms)
    assert note_arrival(ids, "e-1", b"[]", at_ms=last_ms) == "conflict"
    assert not ids.is_short(KNOWN_MS + 7 * DAY_MS)


def test_ids_that_grew_old_do_not_make_a_memory_short() -> None:
    """Seven days is what was promised; forgetting after that is no loss."""
    ids = EventIds()
    for number in range(3 * EVENT_IDS_KEPT):
        at_ms = KNOWN_MS + number * 30 * 60_000
        assert note_arrival(ids, f"e-{number}", b"{}", at_ms=at_ms) == "new"
        assert not ids.is_short(at_ms)
    assert len(ids) == 7 * 48
