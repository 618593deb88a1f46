"""Ten times kill −9 while the Berka records run through: everything is as if nothing happened."""

from itertools import pairwise
from pathlib import Path

import pytest

from adapters.recorded import open_source
from contracts.topics import Topic
from tests.acceptance.exactly_once import problems, told_apart, wanted
from tests.acceptance.killer import TIMES, Killer
from tests.acceptance.plain_bank import run_plain
from tests.acceptance.topics import Found, Run

pytestmark = [pytest.mark.kafka, pytest.mark.real_data]


def test_ten_kills_hit_processes_that_were_at_work(
    killer: Killer, killed_run: Run, quiet_run: Run
) -> None:
    """A kill that meets nobody proves nothing: each process had committed, and had more to do."""
    total = len(quiet_run.found.values(Topic.JOURNAL))
    for role in ("sequence", "decide"):
        kills = [kill for kill in killer.kills if kill.role == role]
        assert len({kill.pid for kill in kills}) == TIMES
        assert all(0 < kill.done < total for kill in kills)
        assert all(early.done < late.done for early, late in pairwise(kills))
    assert killed_run.report.restarts == 2 * TIMES


def test_nothing_is_lost_and_nothing_is_there_twice(killed_run: Run) -> None:
    """Journal without a gap, outputs once for a committed reader, states as by their journal."""
    told = killed_run.report.as_json()

    assert told["in"] == told["journal_events"] + told["dead_letters"]
    assert told["lost"] == 0
    assert problems(killed_run.found) == []
    assert killed_run.report.verification.exact


def test_the_killed_run_decides_what_the_undisturbed_one_decides(
    killed_run: Run, quiet_run: Run
) -> None:
    """Each subject's events in the same order, the same journal, the same bytes decided."""
    assert list(told_apart(quiet_run.found, killed_run.found)) == []
    assert killed_run.report.as_json()["conversions"] == {"first": 22, "again": 0}


def test_without_transactions_the_same_check_is_red(berka: Path, tmp_path: Path) -> None:
    """The check can see what it is for: one kill of a `decide` that writes without transactions."""
    found, restarts = run_plain(open_source("berka", berka), tmp_path)

    told = problems(found)
    assert restarts == 1
    assert any("too many" in problem for problem in told), told


def test_the_check_sees_one_record_that_is_missing_or_there_twice(quiet_run: Run) -> None:
    """In the journal, in outputs, and in the changelog of the state: each is named."""
    whole = quiet_run.found.records
    by_journal = wanted(quiet_run.found)

    def told(found: Found) -> str:
        return "; ".join(problems(found, by_journal=by_journal))

    def without(topic: Topic, place: int) -> Found:
        records = whole[topic, 0]
        return Found({**whole, (topic, 0): [*records[:place], *records[place + 1 :]]})

    def repeated(topic: Topic, place: int) -> Found:
        records = whole[topic, 0]
        return Found({**whole, (topic, 0): [*records[: place + 1], *records[place:]]})

    assert told(quiet_run.found) == ""
    assert "0 times in the journal" in told(without(Topic.JOURNAL, 900))
    assert "2 times in the journal" in told(repeated(Topic.JOURNAL, 900))
    for topic in (Topic.CONVERSIONS, Topic.EXAMPLES):
        assert "1 lost" in told(without(topic, 7))
        assert "1 too many" in told(repeated(topic, 7))
    changelog = whole[Topic.DECIDE_STATE, 0]
    last = max(place for place, record in enumerate(changelog) if (record.key or b"")[:2] == b"s/")
    assert "state 0: 1 of" in told(without(Topic.DECIDE_STATE, last))


def test_the_comparison_of_two_runs_sees_two_entries_that_changed_places(quiet_run: Run) -> None:
    """And a conversion that only one of them has; a run compared with itself differs in nothing."""
    whole = quiet_run.found
    journal, changes = (whole.of(topic, 0) for topic in (Topic.JOURNAL, Topic.CONVERSIONS))
    swapped = [*journal[:900], journal[901], journal[900], *journal[902:]]
    other_order = Found({**whole.records, (Topic.JOURNAL, 0): swapped})
    one_less = Found({**whole.records, (Topic.CONVERSIONS, 0): changes[:-1]})

    assert list(told_apart(whole, whole)) == []
    assert "journal 0" in "; ".join(told_apart(whole, other_order))
    assert "conversions.v1 0" in "; ".join(told_apart(whole, one_less))


def test_no_setting_of_the_product_turns_transactions_off() -> None:
    """Exactly once is not a choice that somebody can make on a bad day."""
    from shouwen.settings import Settings

    offered = " ".join(Settings.model_fields)
    assert "partitions" in offered
    for word in ("transact", "sink", "exactly", "isolation", "acks", "idempot"):
        assert word not in offered
