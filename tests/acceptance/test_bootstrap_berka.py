"""1993 from tables with decisions off, then 1994 as it came: as if we had been there all along."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.recorded import open_source
from contracts.conversions import LoanStateChanged
from contracts.topics import Topic
from engine.codec import decode_subject
from engine.subject import SubjectState
from features import LogEvent, look, update
from features.kinds import CODES
from shouwen.recorded_end import recorded_end
from shouwen.settings import Settings
from shouwen.trial.bank import Bank, running_bank, wait_until_decided
from tests.acceptance.berka_export import export_tables
from tests.acceptance.test_try_berka import changes, loans_by_the_bank
from tests.acceptance.topics import PARTITIONS, Found, Run, read_found

pytestmark = [pytest.mark.kafka, pytest.mark.real_data]

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "docs/examples/bootstrap-berka.yaml"
LIVE_MS = int(datetime(1994, 1, 1, tzinfo=UTC).timestamp()) * 1000
END_MS = int(datetime(1994, 4, 1, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What the two commands said, and what was on Kafka behind them."""

    told: dict[str, Any]
    again: "subprocess.CompletedProcess[str]"
    found: Found


@pytest.fixture(scope="module")
def bootstrapped(berka: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    folder = tmp_path_factory.mktemp("bootstrapped")
    tables = folder / "1993"
    tables.mkdir()
    export_tables(berka, tables, last_day="931231")
    later = folder / "1994.jsonl"
    _write_later(berka, later)
    with running_bank(folder / "bank", partitions=PARTITIONS) as bank:
        load = ("bootstrap", tables, "--mapping", MAPPING, "--json")
        done = _shouwen(bank, *load)
        assert done.returncode == 0, done.stderr
        again = _shouwen(bank, *load)
        went_on = _shouwen(bank, "ingest", "jsonl", later, "--json")
        assert went_on.returncode == 0, went_on.stderr
        end = recorded_end(Settings.load(_environ(bank)))
        assert end is not None
        wait_until_decided(bank, last_slice=end.slice_no)
        bank.supervisor.stop()
        yield Bootstrapped(json.loads(done.stdout), again, read_found(bank.bootstrap))


def test_every_row_of_1993_is_an_event(bootstrapped: Bootstrapped) -> None:
    """A warehouse's year is loaded whole, or it is said what is missing."""
    told = bootstrapped.told

    assert told["read"] == told["events"] == told["published"] > 15_000
    assert told["rejected"] == 0
    assert [table["unmapped_codes"] for table in told["tables"].values()] == [[]] * 6
    assert bootstrapped.found.values(Topic.DEAD_LETTERS) == []


def test_history_after_history_is_refused_with_a_way_out(bootstrapped: Bootstrapped) -> None:
    """Recorded time does not go back: a second 1993 behind the first would be dead letters."""
    assert bootstrapped.again.returncode == 1
    assert "history comes first" in bootstrapped.again.stderr


def test_features_and_loan_states_are_those_of_a_run_over_everything(
    bootstrapped: Bootstrapped, quiet_run: Run
) -> None:
    """Every customer, every feature, to the last bit; every loan, every stage."""
    loaded, whole = _states(bootstrapped.found), _states(quiet_run.found)

    assert loaded.keys() == whole.keys()
    assert len(loaded) > 600
    assert [key for key in whole if _row(loaded[key]) != _row(whole[key])] == []
    assert [key for key in whole if loaded[key].facts.loan != whole[key].facts.loan] == []
    assert [key for key in whole if loaded[key].facts.profile != whole[key].facts.profile] == []


def test_the_comparison_of_features_sees_one_posting_more(quiet_run: Run) -> None:
    """The control: a single fen that one of the two runs does not know is a difference."""
    states = _states(quiet_run.found)
    state = states[min(states)]
    before = _row(state)
    at_ms = END_MS - 1
    fen = LogEvent(at_ms, CODES["salary"], 0, 1, 1, 0, 0, 0, at_ms)
    state.log = update(state.log, [fen], END_MS)

    assert _row(state) != before


def test_an_existing_loan_is_no_first_conversion(
    bootstrapped: Bootstrapped, quiet_run: Run, berka: Path
) -> None:
    """The drawdowns of 1993 are known and convert nobody; those of 1994 all do."""
    told = _changes(bootstrapped.found)
    converted = Counter(
        (
            change.subject_id,
            datetime.fromtimestamp(change.at_ms / 1000, UTC).strftime("%y%m%d"),
            round((change.drawn_minor or 0) / 100),
        )
        for change in told
        if change.conversion == "first"
    )
    expected = {loan: n for loan, n in loans_by_the_bank(berka).items() if loan[1] > "931231"}

    assert converted == expected
    assert len(expected) == 12
    assert {change.conversion for change in told if change.at_ms < LIVE_MS} == {None}
    assert {change.historic for change in told if change.at_ms < LIVE_MS} == {True}
    live = [change for change in told if change.at_ms >= LIVE_MS]
    assert [_said(change) for change in live] == [
        _said(change) for change in changes(quiet_run) if change.at_ms >= LIVE_MS
    ]


def test_nothing_is_decided_on_history(bootstrapped: Bootstrapped) -> None:
    """Whoever was in need in June 1993 is not written to in January 1994."""
    decided = [json.loads(raw)["at_ms"] for raw in bootstrapped.found.values(Topic.DECISIONS)]

    assert decided
    assert min(decided) >= LIVE_MS


def _write_later(berka: Path, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in open_source("berka", berka).lines():
            if line.known_at_ms >= LIVE_MS:
                value = json.loads(line.raw_value or b"")
                known = {
                    "topic": line.topic.value,
                    "key": line.key,
                    "known_at_ms": line.known_at_ms,
                }
                file.write(json.dumps(known | {"value": value}) + "\n")


def _environ(bank: Bank) -> dict[str, str]:
    return {
        "SHOUWEN_CLOCK": "recorded",
        "SHOUWEN_KAFKA_BOOTSTRAP": bank.bootstrap,
        "SHOUWEN_PARTITIONS": str(bank.partitions),
    }


def _shouwen(bank: Bank, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    return subprocess.run(
        [sys.executable, "-m", "shouwen", *(str(argument) for argument in arguments)],
        cwd=ROOT,
        env=kept | _environ(bank),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _states(found: Found) -> dict[str, SubjectState]:
    return {
        key: decode_subject(raw)
        for partition in range(PARTITIONS)
        for key, raw in found.state(partition).subjects.items()
    }


def _row(state: SubjectState) -> bytes:
    return bytes(look(state, END_MS).tobytes())


def _changes(found: Found) -> list[LoanStateChanged]:
    return [LoanStateChanged.model_validate_json(raw) for raw in found.values(Topic.CONVERSIONS)]


def _said(change: LoanStateChanged) -> LoanStateChanged:
    """Return a change without what names its place in the journal, or a decision before 1994."""
    return change.model_copy(
        update={
            "conversion_id": "",
            "seq": 0,
            "attributed_decision_ids": (),
            "flagged_decision_id": None,
            "flagged_at_ms": None,
            "risk_band_at_decision": None,
        }
    )
