"""What is usual for one customer: what it learns, what it refuses to learn, and what it is for."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import anomaly

from models.half_space import HalfSpaceTrees
from models.measures import auc_of, average_precision_of
from models.profile import (
    LEAST_DATES,
    MOST_FROZEN_DATES,
    PROFILE_BYTES,
    PROFILE_FEATURES,
    TOP,
    dates_of,
    is_due,
    learnt,
    unusual,
    z_row,
)

DAY_MS = 86_400_000
NAMES = tuple(PROFILE_FEATURES)
Features = dict[str, float]

values = st.one_of(st.floats(-1e12, 1e12), st.just(math.nan))
rows = st.fixed_dictionaries(dict.fromkeys(NAMES, values))


def after(days: int, features: Features, *, profile: bytes = b"", start: int = 0) -> bytes:
    """Return a profile that saw the same features on so many dates."""
    for day in range(start, start + days):
        profile = learnt(profile, features, at_ms=day * DAY_MS)
    return profile


def a_usual_day(**changes: float) -> Features:
    """Return a quiet customer's features."""
    return {**dict.fromkeys(NAMES, 0.0), "balance_last_minor": 900_000.0, **changes}


@given(st.lists(rows, max_size=30), rows)
def test_reading_changes_nothing_and_the_size_is_bounded(
    past: list[Features], now: Features
) -> None:
    """A profile lies in every customer's state, and is read at every decision."""
    profile = b""
    for day, features in enumerate(past):
        profile = learnt(profile, features, at_ms=day * DAY_MS)
    before = bytes(profile)
    found = unusual(profile, now)

    assert profile == before
    assert len(profile) in {0, PROFILE_BYTES}
    assert PROFILE_BYTES <= 160
    if found is not None:
        assert 0.0 <= found.score <= 8.0
        assert len(found.top) == TOP
        assert found.score == pytest.approx(sum(abs(z) for z in found.top.values()) / TOP)


@given(st.lists(rows, min_size=1, max_size=20))
def test_a_date_is_learnt_once_from_its_first_event(past: list[Features]) -> None:
    """A thief could teach a profile that learns from each event within an afternoon."""
    profile = learnt(b"", past[0], at_ms=0)
    for minute, features in enumerate(past):
        assert not is_due(profile, minute)
        assert learnt(profile, features, at_ms=minute) == profile


def test_the_date_is_the_banks_own() -> None:
    """Dates turn at midnight in UTC+8, as all business dates do."""
    profile = learnt(b"", {}, at_ms=15 * 3_600_000)

    assert not is_due(profile, 16 * 3_600_000 - 1)
    assert is_due(profile, 16 * 3_600_000)


@given(st.lists(rows, min_size=2, max_size=40), st.integers(0, 40))
def test_a_profile_that_was_stored_goes_on_as_if_it_had_not_been(
    past: list[Features], cut: int
) -> None:
    """It is stored in 32 bits after each date, so that a resumed worker has the same ones."""
    whole, halves = b"", b""
    for day, features in enumerate(past):
        whole = learnt(whole, features, at_ms=day * DAY_MS)
        halves = learnt(bytes(halves), features, at_ms=day * DAY_MS)
        if day == cut:
            halves = bytes(bytearray(halves))

    assert whole == halves


def test_nothing_is_unusual_before_ten_dates() -> None:
    """Two days are no habit."""
    young = after(LEAST_DATES - 1, a_usual_day())

    assert unusual(young, a_usual_day(balance_last_minor=0.0)) is None
    assert unusual(after(LEAST_DATES, a_usual_day()), a_usual_day()) is not None


def test_what_was_never_known_is_not_unusual() -> None:
    """A customer's first loan page is news, not an alarm; a missing number is neither."""
    profile = after(20, a_usual_day(limit_query_cnt_24h=math.nan))
    found = unusual(profile, a_usual_day(limit_query_cnt_24h=9.0, cash_buffer_days=math.nan))

    assert found is not None
    assert not {"limit_query_cnt_24h", "cash_buffer_days"} & found.z.keys()
    assert [math.isnan(z) for z in z_row(found.z)].count(True) == 2


def test_an_alarm_freezes_the_profile_for_a_month_at_most() -> None:
    """The thief must not become the habit; a new life must, at last."""
    profile = after(30, a_usual_day())
    strange = a_usual_day(
        balance_last_minor=0.0, outflow_sum_minor_7d=5e6, outflow_max_minor_30d=5e6
    )
    scores = []
    for day in range(30, 30 + MOST_FROZEN_DATES + 40):
        found = unusual(profile, strange)
        assert found is not None
        scores.append(found.score)
        profile = learnt(profile, strange, at_ms=day * DAY_MS, alarm_from=3.0)

    assert len(set(scores[: MOST_FROZEN_DATES + 1])) == 1
    assert scores[0] > 3.0
    assert scores[-1] < 1.0
    assert dates_of(profile) == 30 + 40


def test_a_quiet_date_ends_the_freeze() -> None:
    """Thirty alarms in a row let the profile learn, thirty in a year do not."""
    profile = after(30, a_usual_day())
    strange = a_usual_day(
        balance_last_minor=0.0, outflow_sum_minor_7d=5e6, outflow_max_minor_30d=5e6
    )
    for day in range(30, 30 + 4 * MOST_FROZEN_DATES):
        quiet = day % MOST_FROZEN_DATES == 0
        features = a_usual_day() if quiet else strange
        profile = learnt(profile, features, at_ms=day * DAY_MS, alarm_from=3.0)

    found = unusual(profile, strange)
    assert found is not None
    assert found.score > 3.0


def test_bytes_of_another_format_are_refused() -> None:
    """Half of a profile would be somebody else's habits."""
    profile = learnt(b"", a_usual_day(), at_ms=0)
    for broken in (profile[:-1], b"\x09" + profile[1:]):
        with pytest.raises(ValueError, match="a profile needs"):
            unusual(broken, a_usual_day())


@given(st.lists(rows, min_size=1, max_size=60))
def test_the_profile_is_the_weighted_mean_by_definition(past: list[Features]) -> None:
    """The recursion against the sum that it stands for; equal but for 32 bits a date."""
    name = "balance_last_minor"
    profile = b""
    mean, variance, dates = math.nan, 1.0, 0
    for day, features in enumerate(past):
        profile = learnt(profile, features, at_ms=day * DAY_MS)
        dates += 1
        rate = max(0.05, 1.0 / dates)
        size = abs(features[name]) / 100_000.0
        value = math.copysign(math.log1p(size), features[name])
        if math.isnan(features[name]):
            continue
        if math.isnan(mean):
            mean = value
            continue
        weights = (1.0 - rate, rate)
        new_mean = weights[0] * mean + weights[1] * value
        second = weights[0] * (variance + mean * mean) + weights[1] * value * value
        mean, variance = new_mean, second - new_mean * new_mean
    found = unusual(profile, a_usual_day(balance_last_minor=0.0, cash_buffer_days=0.0))
    if found is not None and name in found.z:
        expected = (0.0 - mean) / max(math.sqrt(max(variance, 0.0)), 0.25)
        assert found.z[name] == pytest.approx(min(max(expected, -8.0), 8.0), rel=1e-3, abs=1e-3)


def over_all_customers() -> Any:
    """Return a detector that sees everybody's numbers; River's types are not strict."""
    return anomaly.HalfSpaceTrees(n_trees=10, height=8, window_size=250, seed=1)


def takeovers(*, customers: int, days: int, seed: int) -> Iterator[tuple[int, int, Features, bool]]:
    """Yield (day, customer, features, is taken over): half a percent behave like another one."""
    rng = np.random.default_rng(seed)
    usual = rng.normal(0.0, 2.0, (customers, len(NAMES)))
    for day in range(days):
        for customer in range(customers):
            taken = day >= 2 * LEAST_DATES and rng.random() < 0.005
            who = int(rng.integers(customers)) if taken else customer
            log = usual[who] + rng.normal(0.0, 0.5, len(NAMES))
            features = {
                name: float(np.sign(x) * np.expm1(abs(x)) * unit)
                for (name, unit), x in zip(PROFILE_FEATURES.items(), log, strict=True)
            }
            yield day, customer, features, taken


def test_a_takeover_is_seen_by_the_profile_and_by_no_detector_over_all_customers() -> None:
    """Why there is a profile: who behaves like another customer is like customers in general."""
    profiles = [b""] * 60
    whole = over_all_customers()
    ours: list[float] = []
    trees: list[float] = []
    everyone: list[float] = []
    outcomes: list[bool] = []
    on_z = HalfSpaceTrees()
    for day, customer, features, taken in takeovers(customers=60, days=60, seed=5):
        found = unusual(profiles[customer], features)
        squashed = {
            name: 0.5 + math.copysign(math.log1p(abs(features[name] / unit)), features[name]) / 16.0
            for name, unit in PROFILE_FEATURES.items()
        }
        if found is not None and day >= 2 * LEAST_DATES:
            ours.append(found.score)
            trees.append(on_z.score(z_row(found.z)))
            everyone.append(whole.score_one(squashed))
            outcomes.append(taken)
        if found is not None:
            on_z.learn(z_row(found.z))
        whole.learn_one(squashed)
        profiles[customer] = learnt(
            profiles[customer], features, at_ms=day * DAY_MS, alarm_from=4.0
        )

    auc = {
        name: auc_of(np.array(scores), outcomes)
        for name, scores in {"ours": ours, "trees": trees, "everyone": everyone}.items()
    }
    assert average_precision_of(np.array(ours), outcomes) > 0.8
    assert auc["ours"] > 0.95
    assert auc["trees"] > 0.8
    assert 0.3 < auc["everyone"] < 0.7
