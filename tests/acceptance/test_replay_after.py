"""After the runs: their kept journals verify, and one changed bit anywhere is found and named."""

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.kept import KeptDamageError, KeptError, KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.decisions import Decision
from contracts.ids import chain
from contracts.topics import Topic
from engine.decide import digest_of
from shouwen.cli import main
from tests.acceptance.topics import Run
from tests.acceptance.tried import Tried

pytestmark = pytest.mark.kafka

FLIPS = 16


def verify(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["replay", "verify", "--journal", str(folder), *options])


def told_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(verify(folder, "--json").stdout)
    return told


@pytest.mark.real_data
def test_the_journals_of_the_quiet_and_of_the_killed_run_verify(
    quiet_run: Run, killed_run: Run
) -> None:
    """All of them: no sample, no tolerance."""
    for run in (quiet_run, killed_run):
        found = told_of(run.kept)
        kept = KeptJournal(run.kept)
        assert found["exact"] is True
        assert found["decisions_checked"] == kept.rows(Topic.DECISIONS) > 0
        assert found["conversions_checked"] == kept.rows(Topic.CONVERSIONS) > 500
        assert found["entries"] == kept.rows(Topic.JOURNAL) > 25_000
        assert found["other_builds"] == {}
        print(f"{found['decisions_checked']} decisions of {found['entries']} entries: all equal")


def test_the_journal_of_the_simulated_bank_verifies(tried_twice: tuple[Tried, Tried]) -> None:
    """With actions, hold-outs, deferrals and models that were learnt on the way."""
    kept = tried_twice[0].kept
    found = told_of(kept.folder)

    assert found["exact"] is True
    assert found["decisions_checked"] == kept.rows(Topic.DECISIONS) > 100
    assert "完全一致" in verify(kept.folder).output
    print(f"{found['decisions_checked']} decisions of {found['entries']} entries: all equal")


def test_one_ulp_in_one_feature_of_one_decision_is_named(
    tried_twice: tuple[Tried, Tried], tmp_path: Path
) -> None:
    """The smallest change a number can have: exit code 1, the decision and the feature."""
    changed: list[tuple[str, str]] = []

    def nudge(decision: dict[str, Any]) -> dict[str, Any]:
        name = next(n for n, text in decision["features"].items() if "nan" not in text)
        value = float.fromhex(decision["features"][name])
        nudged = math.nextafter(value, math.inf).hex()
        changed.append((decision["decision_id"], name))
        return decision | {"features": decision["features"] | {name: nudged}}

    folder = with_one_decision(tried_twice[0].kept, tmp_path / "nudged", nudge)
    result = verify(folder)
    found = told_of(folder)

    (decision_id, name) = changed[0]
    assert result.exit_code == 1
    assert decision_id in result.output
    assert [(m["record_id"], m["field"]) for m in found["mismatches"]] == [
        (decision_id, f"features.{name}")
    ]
    assert found["mismatches"][0]["digest_agrees"] is False


def test_a_change_that_was_signed_again_is_named_all_the_same(
    tried_twice: tuple[Tried, Tried], tmp_path: Path
) -> None:
    """Who can write the topic can also write a digest; the replay needs no trust in either."""
    changed: list[str] = []

    def forge(decision: dict[str, Any]) -> dict[str, Any]:
        changed.append(decision["decision_id"])
        forged = Decision.model_validate(decision | {"risk_band": "A"}, strict=False)
        digest = digest_of(forged)
        link = chain(forged.prev_hash, digest.encode())
        signed = forged.model_copy(update={"digest": digest, "hash": link})
        return json.loads(signed.model_dump_json())  # type: ignore[no-any-return] # an object, by contract

    folder = with_one_decision(tried_twice[0].kept, tmp_path / "forged", forge)
    found = told_of(folder)

    assert verify(folder).exit_code == 1
    named = found["mismatches"][0]
    assert (named["record_id"], named["field"]) == (changed[0], "risk_band")
    assert named["digest_agrees"] is True


def test_a_flipped_bit_anywhere_is_found(tried_twice: tuple[Tried, Tried], tmp_path: Path) -> None:
    """Random places in all files, the manifest too; tests/replay goes through every byte."""
    folder = tmp_path / "flipped"
    shutil.copytree(tried_twice[0].kept.folder, folder)
    dice = random.Random(4)
    paths = sorted(folder.iterdir())
    for place in range(FLIPS):
        path = paths[place % len(paths)]
        whole = path.read_bytes()
        at = dice.randrange(len(whole))
        path.write_bytes(
            whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :]
        )
        with pytest.raises(KeptError) as found:
            KeptJournal(folder).check()
        if isinstance(found.value, KeptDamageError):
            assert found.value.file == path.name
        if place == 0:
            assert verify(folder).exit_code == 1
        path.write_bytes(whole)
    assert KeptJournal(folder).check() > 0


def with_one_decision(
    kept: KeptJournal, folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """Return a kept journal, whole and sealed, in which one decision says something else."""
    todo = True
    with KeptWriter(folder, partitions=kept.partitions) as writer:
        for partition in kept.partitions:
            writer.add_entries(list(kept.entries(partition)))
            for number, record in enumerate(kept.decisions(partition)):
                value = record.value
                if todo and number == 5:
                    todo = False
                    text = json.dumps(change(json.loads(value)), ensure_ascii=False)
                    value = Decision.model_validate_json(text).model_dump_json().encode()
                writer.add_record(Topic.DECISIONS, partition=partition, key=record.key, value=value)
            for record in kept.conversions(partition):
                writer.add_record(
                    Topic.CONVERSIONS, partition=partition, key=record.key, value=record.value
                )
    assert not todo
    return folder
