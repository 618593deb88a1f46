"""`shouwen bench state`: a sample that stands for a million, and sums that add up."""

import json
import math
from dataclasses import replace
from random import Random

import pytest

from contracts.topics import Topic
from engine.codec import decode_subject
from shouwen.bench.changelog import (
    RATES,
    Load,
    Written,
    compressed,
)
from shouwen.bench.lives import Life, encoded, simulated_lives, state_of
from shouwen.bench.population import Population, Sampled
from shouwen.bench.report import Measured, run
from shouwen.bench.state_bench import StateBenchmark, weighted_quantile


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    """A few simulated customers."""
    return simulated_lives(6)


@pytest.fixture(scope="module")
def measured() -> Measured:
    """A small bank's states."""
    return run(StateBenchmark(customers=1_000, per_stratum=1, simulated=6))


def test_states_are_one_json_object_with_its_machine_and_commit(measured: Measured) -> None:
    """A program that keeps results reads these keys."""
    said = json.loads(measured.as_json())

    assert said["p50_bytes"] <= said["p99_bytes"] <= said["max_bytes"]
    assert said["above_128_kib"] == 0
    assert said["overflow"] >= said["windows_by_date"]
    assert set(said["changelog_bytes_per_event"]) == {str(rate) for rate in RATES}
    assert (
        said["changelog_bytes_per_event"]
        == (said["changelog_bytes_per_event_by_codec"][said["codec"]])
    )
    waits = list(said["changelog_bytes_per_event_by_interval"].values())
    for rate in map(str, RATES):
        assert [by_rate[rate] for by_rate in waits] == sorted(
            (by_rate[rate] for by_rate in waits), reverse=True
        ), "who waits longer writes less"
    assert said["sampled"] < said["customers"]


def test_a_sample_stands_for_every_customer_once() -> None:
    """Weights that miss a rank make the bank smaller than it is."""
    population = Population(customers=1_000_000)
    sample = population.sample(Random(3), per_stratum=7)

    assert sum(one.weight for one in sample) == pytest.approx(1_000_000)
    assert len({one.rank for one in sample}) == len(sample)
    assert {one.rank for one in sample if one.weight == 1.0} >= set(range(1, 7))


def test_a_sample_finds_the_mean_that_is_known() -> None:
    """What the sample says of activity must be near what the law says."""
    population = Population(customers=100_000)
    sample = population.sample(Random(5), per_stratum=50)
    found = sum(one.weight * population.per_day(one.rank) for one in sample) / 100_000

    assert found == pytest.approx(population.mean_per_day, rel=0.05)


def test_a_state_is_written_once_an_interval_however_many_its_events() -> None:
    """That is the whole point of writing behind: the busiest costs no more than its size."""
    alone = Population(customers=1)
    written = [Written(sampled=Sampled(rank=1, weight=1.0), life="c-1", value=bytes(990))]

    load = Load(population=alone, rate=25_000, interval_seconds=10.0)
    assert load.writes_per_second(1) == pytest.approx(0.1)
    record = written[0].record_bytes
    assert load.bytes_per_event(written) == pytest.approx(record / 250_000)


def test_a_quiet_customer_is_written_nearly_as_often_as_it_has_events() -> None:
    """Two events within a second are rare there."""
    population = Population(customers=1_000_000)
    per_second = 5_000 * population.share(900_000)

    often = Load(population=population, rate=5_000, interval_seconds=1.0).writes_per_second(900_000)
    assert often == pytest.approx(per_second, rel=1e-3)
    assert often < per_second


def test_a_codec_is_measured_on_the_bytes_that_are_written() -> None:
    """A state that is seldom written must not flatter the codec."""
    population = Population(customers=2)
    noise = Random(1).randbytes(20_000)
    hard = Written(sampled=Sampled(rank=1, weight=1.0), life="c-1", value=noise)
    easy = Written(sampled=Sampled(rank=2, weight=1.0), life="c-2", value=bytes(20_000))

    def ratio(written: list[Written], codec: str) -> float:
        load = Load(population=population, rate=5_000, interval_seconds=1.0)
        return compressed(load, written, codec=codec, chance=Random(2)).ratio

    assert ratio([hard], "none") == 1.0
    assert ratio([easy], "zstd") < 0.1 < ratio([hard, easy], "zstd") < 0.9
    assert ratio([hard, replace(hard)], "zstd") > 0.9, "one life twice in a batch is no saving"


def test_a_quantile_counts_customers_and_not_samples() -> None:
    """One sampled busy customer stands for itself; a quiet one for a hundred thousand."""
    assert weighted_quantile([(1_000, 999_000.0), (90_000, 1_000.0)], 0.99) == 1_000
    assert weighted_quantile([(1_000, 999_000.0), (90_000, 1_000.0)], 0.9995) == 90_000


@pytest.mark.parametrize("per_day", [0.02, 1.0, 12.0])
def test_a_made_customer_is_as_busy_as_was_asked(lives: list[Life], per_day: float) -> None:
    """The sizes are of customers of that activity, or of nobody."""
    states = [state_of(life, per_day=per_day, chance=Random(1)) for life in lives]
    whole = [sum(event.topic is Topic.CONSENTS for event in life.events) for life in lives]

    for state, consents in zip(states, whole, strict=True):
        assert state.facts.profile.known
        assert state.entries >= consents
    sizes = [len(encoded(state)) for state in states]
    assert decode_subject(encoded(states[0])) == states[0]
    assert all(not math.isnan(size) and size > 500 for size in sizes)


def test_a_busier_customer_has_a_larger_state(lives: list[Life]) -> None:
    """Otherwise the copies never reached it."""
    quiet, ordinary, busy = (
        len(encoded(state_of(lives[0], per_day=per_day, chance=Random(1))))
        for per_day in (0.02, 3.0, 40.0)
    )

    assert quiet < ordinary < busy
