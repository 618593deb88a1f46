"""`shouwen bench state`: how large the states of a million customers are, and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from engine.subject import SubjectState
from features import is_by_date, is_cut
from shouwen.bench.changelog import (
    CODECS,
    INTERVALS_SECONDS,
    RATES,
    Load,
    Written,
    compressed,
    configured_codec,
    configured_interval,
)
from shouwen.bench.lives import (
    DAY_MS,
    DAYS,
    MOST_PER_DAY,
    START_MS,
    encoded,
    simulated_lives,
    state_of,
)
from shouwen.bench.population import Population
from shouwen.bench.report import Findings, Sheet, Tell

MOST_BYTES: Final = 128 << 10
"""What no state may exceed."""

_BOUNDS: Final = ("overflow", "windows_by_date", "windows_cut", "event_ids_short")
_END_MS: Final = START_MS + DAYS * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBenchmark:
    """Whole states: log, ids, facts, relations, timers, open rows.

    Attributes:
        customers: How many the bank has.
        per_stratum: How many of each stratum of rank are really made.
        simulated: How many simulated customers they are made from.
    """

    customers: int = 1_000_000
    per_stratum: int = 20
    simulated: int = 150
    seed: int = 1
    name: str = field(default="state", init=False)

    @property
    def parts(self) -> int:
        """One for each customer of the sample."""
        population = Population(customers=self.customers)
        return len(population.sample(Random(self.seed), per_stratum=self.per_stratum))

    def measure(self, tell: Tell) -> Findings:
        """Make the sample's states and weigh them."""
        chance = Random(self.seed)
        population = Population(customers=self.customers)
        lives = simulated_lives(self.simulated, seed=self.seed)
        written, bounds = list[Written](), dict.fromkeys(_BOUNDS, 0.0)
        for one in population.sample(chance, per_stratum=self.per_stratum):
            life = chance.choice(lives)
            state = state_of(life, per_day=population.per_day(one.rank), chance=chance)
            written.append(Written(sampled=one, life=life.customer_id, value=encoded(state)))
            for bound in bounds_reached(state, at_ms=_END_MS):
                bounds[bound] += one.weight
            tell(1)
        numbers = {
            "customers": self.customers,
            "sampled": len(written),
            "days": DAYS,
            "mean_events_per_day": round(population.mean_per_day, 3),
            **_sizes(written),
            **{bound: round(customers) for bound, customers in bounds.items()},
            **_changelog(population, written, chance),
        }
        return Findings(
            numbers=numbers, sheets=sheets(numbers), notes=_notes(population, len(written))
        )


def sheets(numbers: Mapping[str, Any]) -> tuple[Sheet, ...]:
    """Return the tables for people, from the numbers as they are kept."""
    return _sizes_sheet(numbers), _changelog_sheet(numbers), _interval_sheet(numbers)


def bounds_reached(state: SubjectState, *, at_ms: int) -> list[str]:
    """Return which bounds of a state a decision at `at_ms` would declare as reached.

    >>> bounds_reached(SubjectState(), at_ms=0)
    []
    """
    reached = {
        "windows_by_date": is_by_date(state.log, at_ms),
        "windows_cut": is_cut(state.log, at_ms),
        "event_ids_short": state.event_ids.is_short(at_ms),
    }
    found = [bound for bound, is_reached in reached.items() if is_reached]
    return ["overflow", *found] if found else []


def weighted_quantile(sizes: Sequence[tuple[int, float]], quantile: float) -> int:
    """Return the least size that at least this part of the customers does not exceed.

    >>> weighted_quantile([(10, 98.0), (500, 1.0), (9_000, 1.0)], 0.99)
    500
    """
    total = sum(weight for _, weight in sizes)
    below = 0.0
    for size, weight in sorted(sizes):
        below += weight
        if below >= quantile * total:
            return size
    return max(size for size, _ in sizes)


def _sizes(written: Sequence[Written]) -> dict[str, object]:
    sizes = [(len(one.value), one.sampled.weight) for one in written]
    return {
        "p50_bytes": weighted_quantile(sizes, 0.5),
        "p99_bytes": weighted_quantile(sizes, 0.99),
        "p999_bytes": weighted_quantile(sizes, 0.999),
        "max_bytes": max(size for size, _ in sizes),
        "mean_bytes": round(sum(s * w for s, w in sizes) / sum(w for _, w in sizes)),
        "above_128_kib": round(sum(weight for size, weight in sizes if size > MOST_BYTES)),
    }


def _changelog(
    population: Population, written: Sequence[Written], chance: Random
) -> dict[str, object]:
    """Return bytes and CPU per event: by codec at our interval, by interval with our codec."""
    ours, seconds = configured_codec(), configured_interval()
    codecs = ("none", *CODECS)

    def load(rate: int, interval_seconds: float = seconds) -> Load:
        return Load(population=population, rate=rate, interval_seconds=interval_seconds)

    def after(codec: str, of: Load) -> tuple[int, float]:
        plain = of.bytes_per_event(written)
        cost = compressed(of, written, codec=codec, chance=chance)
        return round(plain * cost.ratio), round(plain * cost.ns_per_byte / 1_000, 2)

    by_codec = {codec: {str(rate): after(codec, load(rate)) for rate in RATES} for codec in codecs}
    bytes_by_codec = {
        codec: {rate: size for rate, (size, _) in costs.items()}
        for codec, costs in by_codec.items()
    }
    return {
        "codec": ours,
        "state_interval_seconds": seconds,
        "changelog_bytes_per_event": bytes_by_codec[ours],
        "changelog_bytes_per_event_by_codec": bytes_by_codec,
        "compression_us_per_event_by_codec": {
            codec: {rate: us for rate, (_, us) in costs.items()}
            for codec, costs in by_codec.items()
        },
        "changelog_bytes_per_event_by_interval": {
            str(interval): {str(rate): after(ours, load(rate, interval))[0] for rate in RATES}
            for interval in INTERVALS_SECONDS
        },
        "states_written_per_second": {
            str(rate): round(load(rate).states_per_second(written)) for rate in RATES
        },
    }


def _sizes_sheet(numbers: Mapping[str, Any]) -> Sheet:
    rows = (
        ("half of the customers have no more than", "p50_bytes"),
        ("99 in 100 have no more than", "p99_bytes"),
        ("999 in 1,000 have no more than", "p999_bytes"),
        ("the largest that was made", "max_bytes"),
        ("mean", "mean_bytes"),
        (f"customers above {MOST_BYTES:,} bytes", "above_128_kib"),
        ("customers at some bound that their decisions declare", "overflow"),
        ("  windows partly by date", "windows_by_date"),
        ("  windows cut", "windows_cut"),
        ("  ids of less than seven days", "event_ids_short"),
    )
    return Sheet(
        title=f"The whole states of {numbers['customers']:,} customers after {DAYS} days",
        columns=("what", "bytes or customers"),
        rows=[(what, f"{numbers[key]:,}") for what, key in rows],
    )


def _changelog_sheet(numbers: Mapping[str, Any]) -> Sheet:
    cpu = numbers["compression_us_per_event_by_codec"]
    states = numbers["states_written_per_second"]
    rows = [
        (
            f"{codec}, which our producers use" if codec == numbers["codec"] else codec,
            *(f"{sizes[str(rate)]:,}" for rate in RATES),
            *(f"{cpu[codec][str(rate)]:g}" for rate in RATES),
        )
        for codec, sizes in numbers["changelog_bytes_per_event_by_codec"].items()
    ]
    rows.append(
        ("states written per second", *(f"{states[str(rate)]:,}" for rate in RATES), "", "")
    )
    return Sheet(
        title="Bytes of changelog per event, each changed state written once in "
        f"{numbers['state_interval_seconds']:g} seconds",
        columns=(
            "codec",
            *(f"at {rate:,} events/s" for rate in RATES),
            *(f"CPU at {rate:,}, µs" for rate in RATES),
        ),
        rows=rows,
    )


def _interval_sheet(numbers: Mapping[str, Any]) -> Sheet:
    return Sheet(
        title=f"Bytes of changelog per event with {numbers['codec']}, by how long a state waits",
        columns=("seconds", *(f"at {rate:,} events/s" for rate in RATES)),
        rows=[
            (seconds, *(f"{sizes[str(rate)]:,}" for rate in RATES))
            for seconds, sizes in numbers["changelog_bytes_per_event_by_interval"].items()
        ],
    )


def _notes(population: Population, sampled: int) -> tuple[str, ...]:
    text = f"""
        Activity falls with rank as Zipf's law with exponent 1: the busiest customer has
        {population.per_day(1):,.0f} events a day, one in a hundred more than
        {population.p99_per_day:g}, half of them fewer than
        {population.per_day(population.customers // 2 or 1):.2g}; the mean is
        {population.mean_per_day:.2g}.
        ---
        {sampled} customers were made by the real engine, at random within strata of rank, five to
        each power of ten, and stand for the others by weight. Each is a simulated customer with
        some of its events left out, or with its postings and pages copied to other times.
        ---
        A customer with more than {MOST_PER_DAY:,} events a day was made with that many: a log keeps
        its newest records, and of older ones only what a day, kind and key may need.
        ---
        Changelog: the same customers' states, events at random with the same shares, however many
        a second; marks and the partition's own state are not in it. CPU is that of compressing,
        which producers do.
    """
    return tuple(" ".join(note.split()) for note in text.split("---"))
