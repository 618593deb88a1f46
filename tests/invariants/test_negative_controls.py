"""Each invariant holds, and its check goes red when the invariant is broken on purpose.

A check that cannot fail proves nothing. docs/invariants.md names, for every invariant, the test
that proves it and the control here or elsewhere.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.decode import SourceEvent, decode
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import Topic
from engine import decide as engine_decide
from engine import label_events, labels, loan_changes, step
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.scoring import row_of
from engine.subject import OpenRow
from engine.subjects import MemorySubjects
from features import log_events, read, state, take
from replay.folding import this_engine
from replay.verify import verify
from streams import frontdoor
from streams.slices import SliceBuffer
from tests.invariants import checks
from tests.invariants.folded import (
    BUILD,
    START_MS,
    bank_run,
    fold_again,
    in_peace,
    lines,
    pipeline,
    with_a_switch,
)
from tests.replay import bank

FEW = 1_500
SECRET = "1377-canary-8888"
Patch = pytest.MonkeyPatch


def poison(value: bytes) -> RecordedLine:
    at_ms = START_MS + 3_600_000
    return RecordedLine(topic=Topic.CONSENTS, key="c-1", known_at_ms=at_ms, raw_value=value)


def with_poison(*values: bytes) -> tuple[RecordedLine, ...]:
    some = [*lines()[:FEW], *map(poison, values)]
    return tuple(sorted(some, key=lambda line: line.known_at_ms))


BAD = (b"{", b'{"event_type": "consent_granted", "purpose": 7}', b"\xff", b"[" * 5_000, b"NaN")


def test_1_nothing_is_lost_at_the_front_door(monkeypatch: Patch) -> None:
    """Broken: a slice is released without its first record."""
    some = with_poison(*BAD)
    assert checks.lost_on_the_way(pipeline(some), some) == []
    honest = SliceBuffer.release
    monkeypatch.setattr(
        SliceBuffer,
        "release",
        lambda self: [replace(whole, records=whole.records[1:]) for whole in honest(self)],
    )

    assert checks.lost_on_the_way(pipeline(some), some) != []


def test_1_nothing_is_lost_in_the_fold(monkeypatch: Patch) -> None:
    """Broken: every fiftieth entry is taken for a known one, and nobody counts it."""
    assert checks.lost_in_the_fold(in_peace()) == []
    honest = step._known

    def forgets(partition: Any, subject: Any, event: Any, entry: Entry) -> list[Output] | None:
        if entry.seq % 50 == 0:
            return []
        return honest(partition, subject, event, entry)

    monkeypatch.setattr(step, "_known", forgets)

    assert checks.lost_in_the_fold(fold_again(bank_run().journals)) != []


@pytest.mark.parametrize("publishes_again", [False, True])
def test_2_no_decision_comes_twice(*, publishes_again: bool) -> None:
    """Broken: after a crash, what is folded again to rebuild the state is published again."""
    entries = bank_run().journals[0]
    stored_at, out_at = len(entries) // 3, 2 * len(entries) // 3
    state, known = PartitionState(partition=0, build=BUILD), MemorySubjects()
    published = fold(state, known, entries[:stored_at])
    parts, subjects = state.encode(), known.take_changed()
    published += fold(state, known, entries[stored_at:out_at])

    state, known = PartitionState.decode(parts, build=BUILD), MemorySubjects()
    for subject_id, raw in subjects.items():
        known.load(subject_id, raw)
    rebuilt = fold(state, known, entries[stored_at:out_at])
    published += rebuilt if publishes_again else []
    published += fold(state, known, entries[out_at:])

    decided = [output.value for output in published if output.topic is Topic.DECISIONS]
    assert (checks.decided_twice(decided) != []) is publishes_again
    peace = [o.value for o in in_peace().outputs[0] if o.topic is Topic.DECISIONS]
    assert (decided != peace) is publishes_again


def test_3_replay_is_exact(monkeypatch: Patch, tmp_path: Path) -> None:
    """Broken: in life, one number of each row was one unit in the last place too high."""
    entries = bank_run().journals[0]
    honest = take

    def trembles(subject: Any, event: SourceEvent, at_ms: int) -> Any:
        values = honest(subject, event, at_ms).copy()
        values[0] = math.nextafter(values[0], math.inf)
        return values

    kept = bank.keep(tmp_path / "honest", entries)
    monkeypatch.setattr(step, "take", trembles)
    trembling = bank.keep(tmp_path / "trembling", entries)
    monkeypatch.undo()

    # Of one partition alone: what the other one told it cannot be folded here.
    calm = verify(kept, engine=this_engine(), processes=1)
    assert calm.decisions_checked > 0
    assert calm.mismatches == []
    found = verify(trembling, engine=this_engine(), processes=1)
    assert {item.field for item in found.mismatches} == {"features.inflow_sum_minor_7d"}


def test_4_windows_are_exact(monkeypatch: Patch) -> None:
    """Broken: an event that is known five minutes late is not worth counting."""
    assert checks.windows_that_are_not(in_peace()) == []
    honest = log_events

    def impatient(event: SourceEvent, at_ms: int) -> Any:
        return () if at_ms - event.occurred_at_ms > 300_000 else honest(event, at_ms)

    monkeypatch.setattr(state, "log_events", impatient)

    assert checks.windows_that_are_not(fold_again(bank_run().journals)) != []


def test_5_a_label_never_meets_a_row_of_its_own_time(monkeypatch: Patch) -> None:
    """Broken: a row is opened at the drawdown, which then makes it positive."""
    assert checks.leaks(in_peace()) == []
    honest = label_events.label_drawdown

    def too_late(case: Any, transition: Any) -> list[Output]:
        row = OpenRow(f"r_late_{transition.loan_id}", -2, case.at_ms, {}, kind="week")
        return [
            *labels._open(case, row, ["drawn_30d"]),
            *honest(case, transition),
        ]

    monkeypatch.setattr(loan_changes, "label_drawdown", too_late)

    told = checks.leaks(fold_again(bank_run().journals))
    assert any("positive when it was opened" in problem for problem in told)


def test_5_a_row_holds_what_was_known_then(monkeypatch: Patch) -> None:
    """Broken: the row is read as it will be tomorrow."""
    honest = row_of

    def tomorrow(case: Any) -> Any:
        later = read(case.subject.log, case.at_ms + 86_400_000)
        return honest(replace(case, values=later))

    monkeypatch.setattr(labels, "row_of", tomorrow)

    told = checks.leaks(fold_again(bank_run().journals))
    assert any("not the numbers of its time" in problem for problem in told)


def test_6_switches_are_positional(monkeypatch: Patch) -> None:
    """Broken: the new version's name is signed under what the old version decided."""
    risk = {**bank.the_strategy().strategy["risk"], "h03_min_age_years": 40}
    journals = with_a_switch(bank_run().journals, bank.the_strategy(version=2, risk=risk))
    folded = fold_again(journals)
    assert checks.mixed_versions(folded) == []
    assert {decision.strategy.version for decision in folded.decisions()} == {1, 2}
    honest = engine_decide.active_strategies
    first: dict[str, Any] = {}

    def stale(case: Any) -> Any:
        return [
            (first.setdefault(strategy.strategy_id, strategy), sha256)
            for strategy, sha256 in honest(case)
        ]

    monkeypatch.setattr(engine_decide, "active_strategies", stale)

    assert checks.mixed_versions(fold_again(journals)) != []


def test_11_bad_input_is_a_value(monkeypatch: Patch) -> None:
    """Broken: a decoder that raises what nobody expects."""
    some = with_poison(*BAD)
    assert sum(map(len, pipeline(some).buried)) == len(BAD)

    def fragile(topic: Topic, raw: bytes) -> Any:
        raw.decode("ascii")
        return decode(topic, raw)

    monkeypatch.setattr(frontdoor, "decode", fragile)

    with pytest.raises(UnicodeDecodeError):
        pipeline(some)


def test_12_no_value_is_told_where_it_is_not_needed(monkeypatch: Patch) -> None:
    """Broken: the story of a dead letter quotes the validator, and the validator the record."""
    some = with_poison(f'{{"event_type": "consent_granted", "purpose": "{SECRET}"}}'.encode())
    assert checks.told_values(pipeline(some), SECRET) == []
    monkeypatch.setattr(
        frontdoor,
        "_unreadable",
        lambda _value, error: frontdoor.Dead(reason="invalid", detail=str(error)),
    )

    assert checks.told_values(pipeline(some), SECRET) != []
