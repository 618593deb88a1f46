"""Features as of any moment are those that the engine had in hand, and never know more."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.kept import KeptJournal
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.topics import Topic
from features import NAMES, Asked, KnownEvent
from replay.as_of import AsOf, Coordinate, as_of, known_events, rows_at
from replay.errors import AsOfError
from replay.folding import this_engine
from tests.replay import bank
from tests.support.live_rows import LiveRow, live_rows


class Journals:
    """Journals in memory."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries
        self.partitions = tuple(range(bank.PARTITIONS))

    def entries(self, partition: int) -> Iterator[Entry]:
        return (entry for entry in self._entries if entry.partition == partition)


@pytest.fixture(scope="module")
def lived() -> list[LiveRow]:
    """Every row that the engine made of the bank's journal."""
    rows: list[LiveRow] = []
    engine = this_engine()
    with live_rows(rows.append):
        for partition in range(bank.PARTITIONS):
            own = [entry for entry in bank.journal() if entry.partition == partition]
            for _ in engine.outputs(own, state=engine.state(partition)):
                pass
    return rows


def known(partition: int) -> Iterator[KnownEvent]:
    return known_events(entry for entry in bank.journal() if entry.partition == partition)


def test_every_row_that_was_decided_on_is_read_again_as_of_its_coordinate(
    lived: list[LiveRow],
) -> None:
    """What a data scientist is given is what was scored: events, timers, duplicates and all."""
    assert sum(row.before for row in lived) > 20
    for partition in range(bank.PARTITIONS):
        own = [row for row in lived if row.partition == partition]
        again = rows_at(known(partition), [row.asked for row in own])
        assert len(own) > 2_000
        assert [row.tobytes() for row in again] == [row.bits for row in own]


def test_a_row_read_one_coordinate_late_is_another_row(lived: list[LiveRow]) -> None:
    """The comparison can see a leak: with the next event known, rows differ."""
    own = [row for row in lived if row.partition == 0 and not row.before]
    numbers: dict[str, list[int]] = {}
    for row in own:
        numbers.setdefault(row.subject_id, []).append(row.seq)
    following = {
        (name, seq): then for name, seqs in numbers.items() for seq, then in pairwise(seqs)
    }
    late = [row for row in own if (row.subject_id, row.seq) in following]
    at = {row.seq: row.at_ms for row in own}
    asked = [
        replace(row.asked, seq=following[row.subject_id, row.seq], at_ms=at[then])
        for row in late
        if (then := following[row.subject_id, row.seq])
    ]

    again = rows_at(known(0), asked)

    differ = sum(row.tobytes() != was.bits for row, was in zip(again, late, strict=True))
    assert differ > len(late) * 0.8


def a_page(
    seq: int, *, event_id: str, known_ms: int, name: str = "loan_page_view", occurred_ms: int = 0
) -> Entry:
    """An entry of a customer who looks at a page."""
    said = {
        "event_type": "page",
        "event_id": event_id,
        "customer_id": "c-1",
        "session_id": "s-1",
        "device_id_hash": "d-1",
        "occurred_at_ms": occurred_ms or known_ms,
        "event_name": name,
    }
    return Entry(
        partition=partition_of("c-1", bank.PARTITIONS),
        seq=seq,
        at_ms=known_ms,
        topic=Topic.APP_EVENTS,
        source_partition=0,
        source_offset=seq,
        key="c-1",
        value=json.dumps(said).encode(),
    )


START = 1_780_000_000_000
PAGES = (
    a_page(0, event_id="e-1", known_ms=START),
    a_page(1, event_id="e-1", known_ms=START + 10),
    a_page(2, event_id="e-1", known_ms=START + 20, name="limit_query"),
    a_page(3, event_id="e-2", known_ms=START + 5_000, occurred_ms=START - 1_000),
)
"""One event, its duplicate, a conflict with it, and one that occurred first and came last."""
HOME = PAGES[0].partition


def value(found: AsOf, name: str) -> float:
    return next(used.value for used in found.features if used.name == name)


def views(at: Coordinate | int | None) -> float:
    return value(as_of(Journals(*PAGES), "c-1", at), "loan_page_view_cnt_1h")


def test_a_late_event_is_in_no_row_before_it_was_known() -> None:
    """It occurred first; at 4.999 s nobody knew."""
    assert views(START + 4_999) == 1
    assert views(START + 5_000) == 2
    assert views(Coordinate(partition=HOME, seq=2)) == 1
    assert views(Coordinate(partition=HOME, seq=3)) == views(None) == 2


def test_a_duplicate_and_a_conflict_change_nothing_as_in_life() -> None:
    """The first one with an id stands: a reading must not count what the engine refused."""
    found = as_of(Journals(*PAGES), "c-1", Coordinate(partition=HOME, seq=2))

    assert value(found, "limit_query_cnt_24h") == 0
    assert found.events == 1


def test_each_value_names_its_events_and_is_confirmed_by_them() -> None:
    """A number that nobody can trace is no answer."""
    found = as_of(Journals(*PAGES), "c-1")
    used = next(used for used in found.features if used.name == "loan_page_view_cnt_1h")

    assert [event.event_id for event in used.events] == ["e-2", "e-1"]
    assert [event.seq for event in used.events] == [3, 0]
    assert all(used.confirmed for used in found.features)
    assert [used.name for used in found.features] == list(NAMES)


@pytest.mark.parametrize(
    ("customer", "at", "told"),
    [
        ("c-1", START - 1, "begins at"),
        ("c-1", START + 5_001, "cannot know all yet"),
        ("c-1", Coordinate(partition=HOME, seq=4), "entries 0 to 3; got 4"),
        ("c-1", Coordinate(partition=1 - HOME, seq=0), f"lives in partition {HOME}"),
        ("c-nobody", None, "no event of 'c-nobody'|is empty"),
    ],
)
def test_a_moment_of_which_the_journal_says_nothing_is_refused(
    customer: str, at: Coordinate | int | None, told: str
) -> None:
    """A row of zeros for a typing error would be believed."""
    with pytest.raises(AsOfError, match=told):
        as_of(Journals(*PAGES), customer, at)


def test_a_kept_journal_is_read_like_any_other(lived: list[LiveRow], tmp_path: Path) -> None:
    """The command's own way: a folder, a customer, a coordinate and a time."""
    kept = KeptJournal(bank.keep(tmp_path / "kept", bank.journal()).folder)
    for row in [row for row in lived if not row.before][::1_500]:
        place = Coordinate(partition=row.partition, seq=row.seq)
        found = as_of(kept, row.subject_id, place)
        bits = [float.fromhex(used.value_hex) for used in found.features]
        wanted = rows_at(known(row.partition), [row.asked])[0].tolist()
        assert [number.hex() for number in bits] == [number.hex() for number in wanted]
        assert found.at_ms == row.at_ms


def test_many_places_are_answered_in_the_order_in_which_they_were_asked() -> None:
    """Whoever asks for ten thousand rows puts them beside ten thousand labels."""
    places = [
        Asked(subject_id="c-1", seq=seq, at_ms=START + 9_000, labels=None) for seq in (3, 0, 2, 3)
    ]
    found = rows_at(known_events(PAGES), places)
    column = NAMES.index("loan_page_view_cnt_1h")

    assert [row[column] for row in found] == [2, 1, 1, 2]
