"""`shouwen bootstrap` into a live deployment: off before the first row, and all in at the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.kafka_journal import LiveJournal
from contracts.control import DecisionsSwitched
from contracts.conversions import LoanStateChanged
from contracts.journal import Entry
from contracts.topics import BANK_SOURCES, Topic
from engine.fold import fold
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from features import NAMES, look
from shouwen.bootstrap.publish import OFF
from shouwen.cli import main
from shouwen.supervisor import Supervisor
from tests.conftest import Deployment
from tests.shell.bank_tables import write_bank, write_mapping

pytestmark = pytest.mark.kafka

EVENTS = 6


@pytest.fixture
def live(deployment: Deployment, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A live deployment whose sources are taken in; yields its settings."""
    settings = {
        "SHOUWEN_CLOCK": "live",
        "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        "SHOUWEN_PARTITIONS": str(deployment.partitions),
        "SHOUWEN_DATA_DIR": str(tmp_path / "workers"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    supervisor = Supervisor(("sequence",), environ=kept | settings, log_dir=tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    supervisor.start()
    try:
        yield settings
    finally:
        supervisor.stop()


def _shouwen(settings: dict[str, str], *arguments: str | Path) -> Result:
    runner = CliRunner(env={"SHOUWEN_CONFIG": None, **settings})
    return runner.invoke(main, [str(argument) for argument in arguments])


def _journals(deployment: Deployment) -> list[list[Entry]]:
    journal = LiveJournal(deployment.bootstrap, prefix=deployment.topic_prefix)
    return [
        [entry for batch in journal.entries(partition) for entry in batch]
        for partition in journal.partitions
    ]


def _controls(journal: list[Entry]) -> list[DecisionsSwitched]:
    return [
        DecisionsSwitched.model_validate_json(entry.value)
        for entry in journal
        if entry.topic is Topic.CONTROL
    ]


def test_history_twice_is_known_once_and_nothing_comes_before_the_switch(
    live: dict[str, str], deployment: Deployment, tmp_path: Path
) -> None:
    """An interrupted load is run again; what came twice counts once, and converts nobody."""
    load = ("bootstrap", write_bank(tmp_path), "--mapping", write_mapping(tmp_path))
    first = _shouwen(live, *load)
    assert first.exit_code == 0, first.output
    assert f"{EVENTS} events are in the journal; decisions are off" in first.output
    half = _journals(deployment)
    again = _shouwen(live, *load)
    assert again.exit_code == 0, again.output
    on = _shouwen(live, "decisions", "on", "--reason", "history is loaded")
    assert on.exit_code == 0, on.output

    whole = _journals(deployment)
    assert sum(e.topic in BANK_SOURCES for journal in half for e in journal) == EVENTS
    duplicates = 0
    for journal, before in zip(whole, half, strict=True):
        told = [entry for entry in journal if entry.topic is not Topic.CLOCK]
        assert told[0].value == OFF.model_dump_json().encode()
        assert {control.on for control in _controls(before)} == {False}
        once, _, _ = _folded(before)
        twice, changes, counted = _folded(journal)
        duplicates += counted
        assert _rows(once, at_ms=journal[-1].at_ms) == _rows(twice, at_ms=journal[-1].at_ms)
        assert {(change.conversion, change.historic) for change in changes} <= {(None, True)}
    assert duplicates == EVENTS


def test_an_existing_loan_and_a_register_s_relation_are_features_at_once(
    live: dict[str, str], deployment: Deployment, tmp_path: Path
) -> None:
    """What the bank knew before we came is what the first decision rests on."""
    load = ("bootstrap", write_bank(tmp_path), "--mapping", write_mapping(tmp_path))
    done = _shouwen(live, *load)
    assert done.exit_code == 0, done.output

    found = {}
    for journal in _journals(deployment):
        subjects, _, _ = _folded(journal)
        found |= {key: (subjects.get(key), journal[-1].at_ms) for key in _keys(journal)}
    state, at_ms = found["c-1"]
    row = dict(zip(NAMES, look(state, at_ms).tolist(), strict=True))

    assert state.facts.loan.state == "drawn_active"
    assert state.facts.consents["marketing_sms"].status == "granted"
    assert row["owner_edge_confidence"] == 0.95


def test_with_too_many_rows_rejected_nothing_is_published(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Half of a bank's money in its history is worse than none: it cannot be taken out again."""
    settings = {
        "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        "SHOUWEN_PARTITIONS": str(deployment.partitions),
    }
    tables = write_bank(tmp_path, account=["A1", "A8", "A1"])
    done = _shouwen(settings, "bootstrap", tables, "--mapping", write_mapping(tmp_path))

    assert done.exit_code == 1
    assert "1 of 7 were rejected, and at most 1 % may be. Nothing was published" in done.output
    journal = LiveJournal(deployment.bootstrap, prefix=deployment.topic_prefix)
    for topic in (Topic.CONTROL, *BANK_SOURCES):
        assert [list(journal.records(topic, p)) for p in journal.partitions] == [[]] * 4


def test_without_a_worker_that_takes_it_in_nothing_is_published(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Topics do not wait for each other: history before its switch would be decided on."""
    monkeypatch.setattr("shouwen.bootstrap.publish.SILENT_SECONDS", 1.0)
    settings = {
        "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        "SHOUWEN_PARTITIONS": str(deployment.partitions),
    }
    load = ("bootstrap", write_bank(tmp_path), "--mapping", write_mapping(tmp_path))
    done = _shouwen(settings, *load)

    assert done.exit_code == 1
    assert "Start `shouwen worker sequence decide` and run this again" in done.output
    journal = LiveJournal(deployment.bootstrap, prefix=deployment.topic_prefix)
    for topic in BANK_SOURCES:
        for partition in journal.partitions:
            assert list(journal.records(topic, partition)) == []


def _folded(journal: list[Entry]) -> tuple[MemorySubjects, list[LoanStateChanged], int]:
    partition = PartitionState(partition=journal[0].partition, build="test-build")
    subjects = MemorySubjects()
    outputs = fold(partition, subjects, journal)
    changes = [
        LoanStateChanged.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.CONVERSIONS
    ]
    return subjects, changes, partition.facts.counts.get("duplicate_events", 0)


def _keys(journal: list[Entry]) -> list[str]:
    return sorted({entry.key for entry in journal if entry.topic in BANK_SOURCES})


def _rows(subjects: MemorySubjects, *, at_ms: int) -> dict[str, bytes]:
    return {key: look(subjects.get(key), at_ms).tobytes() for key in ("c-1", "c-2")}
