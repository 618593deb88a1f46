"""What became of a row: true or not, known or not, final or not."""

from typing import Any

from contracts.conversions import LoanStateChanged
from contracts.examples import Example
from replay.frame_labels import of_decisions, of_examples
from tests.replay import bank

DAY_MS = 86_400_000
START = 1_780_000_000_000


def an_example(status: str, *, label: str = "drawn_30d", row_id: str = "r-1") -> Example:
    return Example.model_validate(
        {
            "row_id": row_id,
            "label_name": None if status == "opened" else label,
            "label_names": (label,) if status == "opened" else (),
            "kind": "loan" if "dpd" in label else "week",
            "status": status,
            "subject_id": "c-1",
            "at_ms": START,
            "partition": 0,
            "seq": 7,
            "ordinal": 0,
            "scores": {label: (0.5).hex()},
            "model_ids": {label: "m-1"},
        }
    )


def labels(*statuses: str, days: int, label: str = "drawn_30d") -> dict[str, Any]:
    """What a row says of itself when the journal ends so many days later."""
    steps = [an_example(status, label=label) for status in ("opened", *statuses)]
    (asked,) = of_examples(steps, end_ms=START + days * DAY_MS)
    return dict(asked.labels)


def test_a_label_is_empty_until_something_is_known_and_final_at_its_horizon() -> None:
    """Positives come early: without `mature` the newest rows would all be positive."""
    assert (labels(days=3)["drawn_30d"], labels(days=3)["drawn_30d_mature"]) == (None, False)
    early = labels("positive", days=3)
    assert (early["drawn_30d"], early["drawn_30d_mature"]) == (1, False)
    late = labels("positive", days=30)
    assert (late["drawn_30d"], late["drawn_30d_mature"]) == (1, True)
    assert labels("closed", days=30)["drawn_30d"] == 0
    assert labels(days=3)["drawn_30d_matures_at_ms"] == START + 30 * DAY_MS


def test_a_row_that_a_timer_opened_is_read_before_the_entry_that_moved_the_clock() -> None:
    """Its features do not hold that entry yet: behind it, the time asked for would be over."""
    step = an_example("opened").model_copy(update={"decision_id": "d-1"})

    (by_event,) = of_examples([step], end_ms=START, by_timer={"d-2"})
    (by_timer,) = of_examples([step], end_ms=START, by_timer={"d-1"})

    assert (by_event.before, by_timer.before) == (False, True)


def test_a_drawdown_that_was_taken_back_is_no_positive() -> None:
    """The loan was undone: nobody drew."""
    assert labels("positive", "revised", days=30)["drawn_30d"] == 0


def test_a_risk_row_says_nothing_about_drawing() -> None:
    """Empty is not 0: the row has no such label."""
    found = labels("positive", days=120, label="dpd30_mob3")

    assert (found["dpd30_mob3"], found["dpd30_mob3_mature"]) == (1, True)
    assert found["drawn_30d"] is found["drawn_30d_mature"] is None
    assert (found["dpd30_mob3_score"], found["row_kind"]) == (0.5, "loan")


def test_a_question_that_fell_away_has_no_answer() -> None:
    """A loan that was never 30 days late is no example of one that was and recovered."""
    found = labels("void", days=210, label="dpd90_after_dpd30")

    assert (found["dpd90_after_dpd30"], found["dpd90_after_dpd30_mature"]) == (None, True)


def test_rows_of_an_older_version_are_read() -> None:
    """examples.v1 is history: what was written before labels shared rows is still in it."""
    old = {
        "row_id": "r-1", "label_name": "dpd30", "status": "opened", "subject_id": "c-1",
        "at_ms": START, "partition": 0, "seq": 7, "ordinal": 0, "schema_hash": "s",
        "row_hex": "00", "score_hex": (0.5).hex(), "model_id": "dpd30:fallback",
    }  # fmt: skip
    (asked,) = of_examples([Example.model_validate(old)], end_ms=START)

    assert asked.labels["row_kind"] == "loan"
    assert asked.labels["dpd30_mob3_matures_at_ms"] == START + 120 * DAY_MS


def a_drawdown(day: float, *, conversion: str | None = "first", revokes: str | None = None) -> Any:
    return LoanStateChanged.model_validate(
        {
            "conversion_id": f"v-{day}",
            "subject_id": "c-1",
            "partition": 0,
            "seq": 9,
            "at_ms": START + int(day * DAY_MS),
            "occurred_at_ms": START,
            "from_state": "approved_undrawn",
            "to_state": "drawn_active",
            "conversion": conversion,
            "revokes": revokes,
            "days_in_previous_state": 3,
            "loan_id": "l-1",
            "drawn_minor": 1_000,
            "attributed_decision_ids": (),
            "flagged_decision_id": None,
            "flagged_at_ms": None,
            "risk_band_at_decision": None,
        }
    )


def after_a_decision(*changes: LoanStateChanged, days: int) -> int | None:
    from contracts.decisions import Decision
    from replay.folding import this_engine

    engine = this_engine()
    own = [entry for entry in bank.journal() if entry.partition == 0]
    raw = next(
        output.value
        for output in engine.outputs(own, state=engine.state(0))
        if output.topic == "decisions.v1"
    )
    decision = Decision.model_validate_json(raw).model_copy(
        update={"subject_id": "c-1", "at_ms": START}
    )
    (asked,) = of_decisions([decision], changes, end_ms=START + days * DAY_MS)
    value: Any = asked.labels["drawn_30d"]
    return None if value is None else int(value)


def test_a_decision_is_followed_by_a_drawdown_within_thirty_days_or_not() -> None:
    """Not by one in its own millisecond, which it did not foresee, nor by one that was undone."""
    assert after_a_decision(a_drawdown(1), days=2) == 1
    assert after_a_decision(a_drawdown(30), days=31) == 1
    assert after_a_decision(a_drawdown(30.01), days=31) == 0
    assert after_a_decision(a_drawdown(0), days=31) == 0
    assert after_a_decision(days=29) is None
    undone = a_drawdown(2, conversion=None, revokes="first")
    assert after_a_decision(a_drawdown(1), undone, days=31) == 0
