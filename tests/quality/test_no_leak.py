"""Nothing that is known later reaches a score: measured quality is quality."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import POLICIES, to_hex
from models.encoding import Encoding
from models.labels import LabelPolicy, Teaches
from models.leak_alarm import LeakAlarm
from models.measures import auc_of
from shouwen.quality.bank import LEAK, bank
from shouwen.quality.plain_logistic import plain_logistic
from shouwen.quality.progressive import our_scores, refitted_scores
from tests.models.given import START_MS, a_history, a_learner, a_row
from tests.quality.given import a_stream

KINDS: tuple[Teaches, ...] = ("fake_negative", "as_arrives", "wait")


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_shuffled_labels_are_ranked_like_coins(policy: LabelPolicy) -> None:
    """A head that ranks what nobody can know has seen the answer; with the true labels it ranks."""
    stream = a_stream(14_000, policy=policy.kind, days=400, horizon_days=60)
    mixed = np.random.default_rng(1).permutation(stream.outcomes)

    by_chance = auc_of(our_scores(replace(stream, outcomes=mixed)), mixed)
    by_truth = auc_of(our_scores(stream), stream.outcomes)

    assert abs(by_chance - 0.5) < 0.02
    assert by_truth > 0.7


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=st.integers(0, 1_000), place=st.integers(100, 399))
def test_a_score_does_not_depend_on_what_is_known_after_it(
    kind: Teaches, seed: int, place: int
) -> None:
    """Every outcome that the world does not know yet is turned round: the scores so far stay."""
    stream = a_stream(400, policy=kind, seed=seed)
    now_ms = stream.opened_ms[place]
    known_ms = np.where(stream.outcomes, stream.told_ms, stream.closed_ms)
    later = replace(
        stream,
        outcomes=stream.outcomes ^ (known_ms > now_ms),
        told_ms=np.where(known_ms > now_ms, stream.closed_ms, stream.told_ms),
    )

    for scores in (our_scores, lambda s: refitted_scores(s, plain_logistic)):
        assert np.array_equal(scores(stream)[: place + 1], scores(later)[: place + 1])


def test_columns_shuffled_after_the_decision_change_no_weight() -> None:
    """A row teaches as it was scored: what it would be today, when its label comes, is ignored."""
    mixed = np.random.default_rng(0).permutation(a_row(seed=3))
    as_it_was, as_it_would_be = a_learner(), a_learner()
    for example in a_history(120):
        as_it_was.apply(example)
        is_late = example.status != "opened"
        today = example.model_copy(update={"row_hex": to_hex(mixed)}) if is_late else example
        as_it_would_be.apply(today)
    as_it_was.advance(START_MS + 400 * 86_400_000)
    as_it_would_be.advance(START_MS + 400 * 86_400_000)

    assert as_it_was.head("drawn_30d").learned > 100
    assert as_it_was.state_sha256() == as_it_would_be.state_sha256()


@pytest.mark.real_data
@pytest.mark.parametrize("planted", [True, False], ids=["planted", "left out"])
def test_the_length_of_the_call_is_found_and_nothing_honest_is(
    real_data: Path, *, planted: bool
) -> None:
    """`duration` is the textbook leak: the field is filled in once the customer has answered."""
    stream = bank(real_data, with_leak=planted)
    bins, _ = Encoding.fit(stream.features, stream.rows[:200]).encode_many(stream.rows)
    alarm, found = LeakAlarm(stream.features), set()
    for i, outcome in enumerate(stream.outcomes.tolist()):
        alarm.add(bins[i], outcome=outcome)
        if i % 1_000 == 0:
            found |= set(alarm.suspects())

    assert found == ({LEAK} if planted else set())
