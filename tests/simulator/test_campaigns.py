"""A campaign by a coin: who is contacted is chance, what it does is true, and nobody can see it."""

import io
import json
from collections import Counter
from math import sqrt
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.recorded import RecordedEvent
from shouwen.commands.simulate import command
from simulator import Truth, simulate, truths, write_jsonl
from simulator.people import person
from simulator.reaction import pull_of

START_MS = 1_767_196_800_000
BANK = {"seed": 1, "customers": 120, "days": 130, "start_ms": START_MS}


def written(events: list[RecordedEvent]) -> bytes:
    """Return events as the file that they become."""
    file = io.BytesIO()
    write_jsonl(events, file)
    return file.getvalue()


def is_message(event: RecordedEvent) -> bool:
    """Say whether the campaign sent this."""
    return bool(
        event.value.get("source_system") == "campaigns" and event.value["event_type"] == "feedback"
    )


@pytest.fixture(scope="module")
def drawings() -> list[Truth]:
    """Return the drawings of a small bank, with both outcomes."""
    return list(truths(**BANK))


@pytest.fixture(scope="module")
def events() -> list[RecordedEvent]:
    """Return the events of the same bank."""
    return list(simulate(**BANK, campaigns=True))


def test_every_drawing_is_told_and_only_contacts_are_sent(
    drawings: list[Truth], events: list[RecordedEvent]
) -> None:
    """The history must tell who was contacted and who was not, or nothing can be learnt of it."""
    told = {
        (e.key, e.value["occurred_at_ms"], e.value["treated"], e.value["selection_prob_micro"])
        for e in events
        if e.value["event_type"] == "campaign"
    }
    sent = {(e.key, e.value["occurred_at_ms"] - 60_000) for e in events if is_message(e)}

    assert {(t.customer_id, t.at_ms, t.treated, t.selection_prob_micro) for t in drawings} <= told
    assert sent == {(key, at_ms) for key, at_ms, treated, _ in told if treated}


def test_what_is_known_of_the_outcome_is_what_happened(
    drawings: list[Truth], events: list[RecordedEvent]
) -> None:
    """The true outcome of the arm that was drawn is in the events; the other one is nowhere."""
    month_ms = 30 * 86_400_000
    undone = {
        event.value["loan_id"]
        for event in events
        if event.value["event_type"] == "loan_disbursement"
        and event.value.get("stage_status") == "cancelled"
    }
    drew = [
        (event.key, event.value["occurred_at_ms"])
        for event in events
        if event.value["event_type"] == "loan_disbursement" and event.value["loan_id"] not in undone
    ]
    for truth in drawings:
        seen = any(
            key == truth.customer_id and truth.at_ms < at_ms <= truth.at_ms + month_ms
            for key, at_ms in drew
        )
        assert seen == truth.drawn


def test_the_coin_is_as_it_says(drawings: list[Truth]) -> None:
    """Weights are 1 / this probability; five sigma is one in two million."""
    expected = Counter[bool]()
    for truth in drawings:
        expected[truth.treated] += 1
    p_treated = [
        (t.selection_prob_micro if t.treated else 1_000_000 - t.selection_prob_micro) / 1e6
        for t in drawings
    ]
    spread = sqrt(sum(p * (1 - p) for p in p_treated))

    assert abs(expected[True] - sum(p_treated)) < 5 * spread
    assert {round(p, 1) for p in p_treated} == {0.3, 0.5, 0.6}


def test_contact_helps_some_and_keeps_others_away(drawings: list[Truth]) -> None:
    """Without sleeping dogs the best would be to contact everybody, and there was no ranking."""
    drawn_in = [t.effect for t in drawings if t.pull_ratio > 0.2]
    put_off = [t.effect for t in drawings if t.pull_ratio < 0.0]

    assert sum(drawn_in) / len(drawn_in) > 0.03
    assert sum(put_off) < 0


def test_without_a_campaign_nothing_differs() -> None:
    """Recorded figures of the bank as it was must stay; so must customers who are left alone."""
    small = {**BANK, "customers": 8, "days": 60}
    plain = list(simulate(**small, campaigns=False))
    with_it = list(simulate(**small, campaigns=True))
    touched = {e.key for e in with_it if is_message(e)}

    def of_others(events: list[RecordedEvent]) -> bytes:
        numbers = tuple(f"{key}-" for key in touched)
        return written(
            [
                event
                for event in events
                if event.value["event_type"] != "campaign"
                and not str(event.value["event_id"]).startswith(numbers)
            ]
        )

    assert touched
    assert of_others(plain) == of_others(with_it)
    assert not any(map(is_message, plain))


def test_the_effect_is_in_no_event(events: list[RecordedEvent]) -> None:
    """A feature that holds the truth would make every model look good."""
    pulls = {
        str(pull_of(person(seed=1, number=n, start_ms=START_MS, days=130), seed=1))
        for n in range(120)
    }
    text = written(events).decode()

    assert "pull" not in text
    assert not any(pull in text for pull in pulls)


def test_the_truth_goes_to_its_own_file(tmp_path: Path) -> None:
    """`shouwen simulate --truth` is for tests and measures; the bank's events stay apart."""
    out, truth = tmp_path / "bank.jsonl", tmp_path / "truth.jsonl"
    few = ["--customers", "4", "--days", "70", "--out", str(out)]

    ran = CliRunner().invoke(command, [*few, "--campaigns", "--truth", str(truth)])
    alone = CliRunner().invoke(command, [*few, "--truth", str(truth)])

    assert ran.exit_code == 0, ran.output
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert lines
    for line in lines:
        assert line["effect"] == line["drawn_if_contacted"] - line["drawn_if_left_alone"]
    assert alone.exit_code == 2
    assert "--campaigns" in alone.output
