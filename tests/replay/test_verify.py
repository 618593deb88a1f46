"""`replay verify`: every decision is made again to the last bit, or the difference is named."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.kept import KeptDamageError, KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.decisions import Decision
from contracts.topics import Topic
from engine.outputs import Output
from replay.verify import Verification, verify
from tests.replay.toy import TOY, a_strategy, an_entry, decide_live, keep, toy_digest

ENTRIES = [
    an_entry(0, a_strategy()),
    *(an_entry(seq, {"amount": amount}) for seq, amount in enumerate([5, 2, 100, 7, 1], start=1)),
]


def verified(folder: Path) -> Verification:
    return verify(KeptJournal(folder), engine=TOY)


def changed(outputs: list[Output], place: int, **fields: Any) -> list[Output]:
    """Return the outputs with one record that says something else, as a forger would write it."""
    value = json.dumps({**json.loads(outputs[place].value), **fields}, separators=(",", ":"))
    return [
        replace(item, value=value.encode()) if number == place else item
        for number, item in enumerate(outputs)
    ]


def test_a_journal_verifies_against_what_was_decided_on_it(tmp_path: Path) -> None:
    """The whole promise: all equal, nothing missing, nothing more."""
    found = verified(keep(tmp_path / "kept", ENTRIES))

    assert found.exact
    assert (found.entries, found.decisions_checked, found.conversions_checked) == (6, 5, 1)


def test_processes_find_the_same(tmp_path: Path) -> None:
    """The answer belongs to the journal, whatever the machine has to offer."""
    entries = [replace(entry, partition=place) for place in (0, 1) for entry in ENTRIES]
    outputs = changed(decide_live(entries), 7, soft_points=9)
    kept = KeptJournal(keep(tmp_path / "kept", entries, outputs=outputs))
    folded: list[int] = []

    found = verify(kept, engine=TOY, processes=2, progress=folded.append)

    assert found == verify(kept, engine=TOY, processes=1)
    assert [item.field for item in found.mismatches] == ["soft_points"]
    assert folded == [6, 6]


def test_damage_found_in_another_process_is_named_all_the_same(tmp_path: Path) -> None:
    """An error that cannot travel would end as a broken pool, which tells nobody anything."""
    entries = [replace(entry, partition=place) for place in (0, 1) for entry in ENTRIES]
    kept = KeptJournal(keep(tmp_path / "kept", entries))
    path = kept.folder / "journal-1.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seq":3', b'"seq":4'))

    with pytest.raises(KeptDamageError, match=r"journal-1\.jsonl, line 4: ") as raised:
        verify(kept, engine=TOY, processes=2)

    assert (raised.value.file, raised.value.line) == ("journal-1.jsonl", 4)


def test_one_unit_in_the_last_place_of_one_feature_is_named(tmp_path: Path) -> None:
    """A float that another CPU rounds differently is exactly what a replay is for."""
    outputs = decide_live(ENTRIES)
    ulp = math.nextafter(2.0, math.inf).hex()
    folder = keep(tmp_path / "kept", ENTRIES, outputs=changed(outputs, 1, features={"amount": ulp}))

    found = verified(folder)

    assert not found.exact
    (mismatch,) = found.mismatches
    assert mismatch.record_id == json.loads(outputs[1].value)["decision_id"]
    assert mismatch.field == "features.amount"
    assert (mismatch.live, mismatch.replayed) == (ulp, (2.0).hex())
    assert not mismatch.digest_agrees


def test_a_forger_who_signs_again_is_found_by_the_replay(tmp_path: Path) -> None:
    """A digest protects against accidents; only folding again protects against a new signature."""
    outputs = decide_live(ENTRIES)
    forged = Decision.model_validate_json(outputs[1].value).model_copy(
        update={"risk_outcome": "approve"}
    )
    fields = {"risk_outcome": "approve", "digest": toy_digest(forged)}
    folder = keep(tmp_path / "kept", ENTRIES, outputs=changed(outputs, 1, **fields))

    found = verified(folder)

    assert [item.field for item in found.mismatches] == ["risk_outcome"]


def test_a_lost_decision_is_missing_and_the_rest_still_meets(tmp_path: Path) -> None:
    """One hole must not hide the state of everything behind it."""
    outputs = decide_live(ENTRIES)
    folder = keep(tmp_path / "kept", ENTRIES, outputs=[*outputs[:1], *outputs[2:]])

    found = verified(folder)

    assert [item.record_id for item in found.missing] == [
        json.loads(outputs[1].value)["decision_id"]
    ]
    assert (found.decisions_checked, found.mismatches, found.extra) == (4, [], [])


def test_an_invented_decision_is_extra_and_the_rest_still_meets(tmp_path: Path) -> None:
    """A decision that no journal entry explains was not made by the engine."""
    outputs = decide_live(ENTRIES)
    invented = changed(outputs, 0, decision_id="d_invented")[0]
    folder = keep(tmp_path / "kept", ENTRIES, outputs=[*outputs[:2], invented, *outputs[2:]])

    found = verified(folder)

    assert [item.record_id for item in found.extra] == ["d_invented"]
    assert (found.decisions_checked, found.missing, found.mismatches) == (5, [], [])


def test_a_decision_published_twice_is_found(tmp_path: Path) -> None:
    """Exactly once means that a reader sees one."""
    outputs = decide_live(ENTRIES)
    folder = keep(tmp_path / "kept", ENTRIES, outputs=[*outputs, outputs[0]])

    found = verified(folder)

    assert not found.exact
    assert len(found.repeated) == 1


def test_two_decisions_in_the_wrong_order_are_found(tmp_path: Path) -> None:
    """The order is part of the record: a chain binds each decision to the one before it."""
    outputs = decide_live(ENTRIES)
    swapped = [outputs[1], outputs[0], *outputs[2:]]

    found = verified(keep(tmp_path / "kept", ENTRIES, outputs=swapped))

    assert "(order)" in [item.field for item in found.mismatches]


def test_another_build_is_named_and_its_equal_decisions_are_still_equal(tmp_path: Path) -> None:
    """A new version that decides the same passes; that it is another version is said."""
    outputs = decide_live(ENTRIES)

    found = verified(keep(tmp_path / "kept", ENTRIES, outputs=changed(outputs, 1, build="toy-0")))

    assert found.exact
    assert found.other_builds == {"toy-0": 1}


def test_what_was_not_decided_yet_is_not_missing(tmp_path: Path) -> None:
    """A live journal is ahead of its decisions; one that cries wolf is switched off."""
    outputs = decide_live(ENTRIES)
    with KeptWriter(tmp_path / "kept", partitions=[0]) as kept:
        kept.add_entries(ENTRIES)
        for item in outputs[:2]:
            kept.add_record(item.topic, partition=0, key=item.key, value=item.value)
        kept.decided_until(0, seq=2)

    found = verified(tmp_path / "kept")

    assert found.exact
    assert found.undecided == 4


def test_a_changed_conversion_is_named(tmp_path: Path) -> None:
    """Effect is counted in conversions, so they are evidence too."""
    outputs = decide_live(ENTRIES)
    place = next(n for n, item in enumerate(outputs) if item.topic is Topic.CONVERSIONS)
    folder = keep(tmp_path / "kept", ENTRIES, outputs=changed(outputs, place, drawn_minor=1))

    found = verified(folder)

    assert [(item.kind, item.field) for item in found.mismatches] == [("conversion", "drawn_minor")]


def test_a_record_that_is_not_a_decision_at_all_is_named(tmp_path: Path) -> None:
    """Garbage on the topic is a finding, not a crash."""
    outputs = decide_live(ENTRIES)
    folder = tmp_path / "kept"
    with KeptWriter(folder, partitions=[0]) as kept:
        kept.add_entries(ENTRIES)
        for item in outputs:
            kept.add_record(item.topic, partition=0, key=item.key, value=item.value)
        kept.add_record(Topic.DECISIONS, partition=0, key="c-1", value=b"garbage")

    found = verified(folder)

    assert [item.record_id for item in found.extra] == ["(record 5)"]
