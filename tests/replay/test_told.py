"""A replay knows where each neighbour signal in a journal came from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adapters.kept import KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.journal import Entry
from contracts.topics import Topic
from replay.folding import this_engine
from replay.verify import verify
from tests.engine.town import Town


def a_town_that_talks() -> list[Entry]:
    """A journal in which two customers share a device, and an owner hears of a shop."""
    town = Town()
    for customer in ("c-1", "c-2"):
        town.opens_app(customer)
    town.relate("c-1", "legal_rep", "ent-1")
    town.sells("ent-1")
    return town.journal.entries


def kept(folder: Path, entries: Sequence[Entry]) -> KeptJournal:
    with KeptWriter(folder, partitions=[0]) as writer:
        writer.add_entries(entries)
    return KeptJournal(folder)


def test_every_signal_in_a_journal_is_caused_by_an_entry(tmp_path: Path) -> None:
    """A backtest reads them from the journal: they must be what this journal's facts say."""
    found = verify(kept(tmp_path / "kept", a_town_that_talks()), engine=this_engine())

    assert found.exact
    assert found.signals_checked == 5


def test_a_signal_that_nothing_caused_is_named(tmp_path: Path) -> None:
    """Somebody who can write to the topic could make a customer look like a ring."""
    entries = [
        replace(entry, value=entry.value.replace(b'"value_int":2', b'"value_int":9'))
        if entry.topic is Topic.NEIGHBOUR_SIGNALS and entry.key == "c-1"
        else entry
        for entry in a_town_that_talks()
    ]
    found = verify(kept(tmp_path / "kept", entries), engine=this_engine())

    (stray,) = found.extra
    assert (stray.kind, stray.partition) == ("signal", 0)
    assert entries[stray.seq].key == "c-1"


def test_a_signal_that_is_still_on_its_way_is_no_finding(tmp_path: Path) -> None:
    """A journal that is kept in the middle of the day ends in the middle of a sentence."""
    entries = a_town_that_talks()[:1]
    found = verify(kept(tmp_path / "kept", entries), engine=this_engine())

    assert found.exact
    assert found.signals_checked == 0
