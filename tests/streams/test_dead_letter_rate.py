"""A batch of recorded time may hold days: each record counts in the minute it belongs to."""

from collections import Counter

from contracts.dead_letters import DeadLetter
from contracts.journal import Entry
from contracts.topics import Topic
from streams.dead_letter_rate import WINDOW_MS, DeadLetterRate
from streams.records import SourceRecord
from streams.sequencer import Buried, JournalPlace, Numbered


def an_entry(seq: int, *, at_ms: int) -> Entry:
    return Entry(
        partition=0,
        seq=seq,
        at_ms=at_ms,
        topic=Topic.CONSENTS,
        source_partition=0,
        source_offset=seq,
        key="c-1",
        value=b"{}",
    )


def a_dead_one(*, at_ms: int) -> Buried:
    record = SourceRecord(
        topic=Topic.CONSENTS, partition=0, offset=0, appended_ms=0, key=b"c-1", value=b"{"
    )
    letter = DeadLetter(
        reason="not_json",
        detail="",
        source_topic=Topic.CONSENTS.value,
        source_partition=0,
        source_offset=0,
        at_ms=at_ms,
    )
    return Buried(record=record, letter=letter)


def a_batch(entries: list[Entry], buried: list[Buried]) -> Numbered:
    clock_ms = max(entry.at_ms for entry in entries)
    return Numbered(
        events=[None] * len(entries),
        entries=entries,
        buried=buried,
        place=JournalPlace(seq=entries[-1].seq, clock_ms=clock_ms),
        known=Counter(),
        late=Counter(),
        unknown_fields=0,
    )


def test_the_alert_is_about_its_own_minute_however_long_the_batch() -> None:
    """Ten bad records among ten good ones, then a quiet hour of a hundred good ones."""
    good = [an_entry(n, at_ms=5) for n in range(10)]
    later = [an_entry(10 + n, at_ms=60 * WINDOW_MS + n) for n in range(100)]
    bad = [a_dead_one(at_ms=7) for _ in range(10)]

    alerts = DeadLetterRate(partition=0, ratio=0.4, minimum=10).observe(
        a_batch([*good, *later], bad)
    )

    assert [(alert.at_ms, alert.seq) for alert in alerts] == [(7, 9)]
    assert alerts[0].numbers == {"dead_letters": 10.0, "records": 20.0, "ratio": 0.5}


def test_bad_records_of_different_minutes_do_not_add_up() -> None:
    """Five a day is a typing error a day, not a bad deploy, also when a month is one batch."""
    bad = [a_dead_one(at_ms=day * 1_440 * WINDOW_MS) for day in range(30) for _ in range(5)]

    alerts = DeadLetterRate(partition=0, ratio=0.1, minimum=10).observe(
        a_batch([an_entry(0, at_ms=5)], bad)
    )

    assert alerts == []
