"""How many bytes of changelog an event costs: each changed state is written once per interval.

Events of one customer come at random (a Poisson process), so that a customer with `x` events per
interval on average is written in it with probability `1 - exp(-x)`. Sizes are those of real states,
as bytes of a Kafka record; a codec is measured on the states themselves, in batches as a producer
makes them, each there as often as it is written.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from shouwen.bench.population import Population, Sampled
from shouwen.settings import Settings
from streams.sink import PRODUCER_OPTIONS
from streams.state_log import subject_key

RATES: Final = (5_000, 25_000)
"""Events a second, of all partitions together."""

CODECS: Final = ("lz4", "zstd")
INTERVALS_SECONDS: Final = (1, 5, 10, 30)
"""Beside the one that is the default."""

RECORD_BYTES: Final = 10
"""What a Kafka record adds to its key and value: lengths, attributes, deltas (record format 2)."""

_ZSTD_LEVEL: Final = 1
"""Level 3, librdkafka's own choice, saves 8 % more for twice the CPU."""

_BATCH_BYTES: Final = 1_000_000
_BATCHES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A customer of the sample and its encoded state; `life` is who it was made from."""

    sampled: Sampled
    life: str
    value: bytes

    @property
    def record_bytes(self) -> int:
        """Return the size of its record in the changelog."""
        return RECORD_BYTES + len(subject_key(self.life)) + len(self.value)


class Cost(NamedTuple):
    """What a codec makes of the changelog.

    Attributes:
        ratio: Bytes after it by bytes before.
        ns_per_byte: CPU to compress a byte, as measured here.
    """

    ratio: float
    ns_per_byte: float


def configured_interval() -> float:
    """Return the seconds between two writes of a state, as they are where nobody says otherwise.

    >>> configured_interval() >= 1
    True
    """
    return float(Settings.model_fields["state_interval_ms"].default) / 1_000


def configured_codec() -> str:
    """Return the codec of our producers, as librdkafka calls it.

    >>> configured_codec() in {"none", "gzip", "snappy", "lz4", "zstd"}
    True
    """
    return str(PRODUCER_OPTIONS.get("compression.type", "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Events of a population, and how long a changed state may wait.

    Attributes:
        population: Whose events.
        rate: Events a second.
        interval_seconds: Between two writes of one state.
    """

    population: Population
    rate: int
    interval_seconds: float

    def writes_per_second(self, rank: int) -> float:
        """Return how often a second the state of the customer of a rank is written.

        >>> bank = Population(customers=1_000)
        >>> round(Load(population=bank, rate=5_000, interval_seconds=10.0).writes_per_second(1), 3)
        0.1
        """
        per_interval = self.rate * self.population.share(rank) * self.interval_seconds
        return (1.0 - math.exp(-per_interval)) / self.interval_seconds

    def bytes_per_event(self, written: Sequence[Written]) -> float:
        """Return the bytes of changelog per event before any codec."""
        per_second = sum(self.often(one) * one.record_bytes for one in written)
        return per_second / self.rate

    def states_per_second(self, written: Sequence[Written]) -> float:
        """Return how many states are written a second."""
        return sum(self.often(one) for one in written)

    def often(self, one: Written) -> float:
        """Return how many states of customers like this one are written a second."""
        return one.sampled.weight * self.writes_per_second(one.sampled.rank)


def compressed(load: Load, written: Sequence[Written], *, codec: str, chance: Random) -> Cost:
    """Return what a codec makes of the changelog: zstd at level 1, lz4 at its own.

    No two states of a batch are made from one simulated customer: they would have its account,
    its shops and its employer in common, and a codec would see what no bank has.

    Raises:
        ValueError: pyarrow does not know the codec.
    """
    if codec == "none":
        return Cost(1.0, 0.0)
    compressor = (
        pa.Codec(codec, compression_level=_ZSTD_LEVEL) if codec == "zstd" else pa.Codec(codec)
    )
    before = after = spent_ns = 0
    for _ in range(_BATCHES):
        joined = b"".join(_batch(load, written, chance))
        start_ns = time.process_time_ns()
        after += len(compressor.compress(joined, asbytes=True))
        spent_ns += time.process_time_ns() - start_ns
        before += len(joined)
    return Cost(after / before, spent_ns / before)


def _batch(load: Load, written: Sequence[Written], chance: Random) -> list[bytes]:
    """Draw states that are written together, the likelier the oftener they are written.

    Source: Efraimidis and Spirakis (2006), "Weighted random sampling with a reservoir", Information
    Processing Letters 97(5): the largest u ** (1 / w) come first.
    """

    def place(one: Written) -> float:
        return float(chance.random() ** (1.0 / load.often(one)))

    batch: dict[str, bytes] = {}
    size = 0
    for one in sorted(written, key=place, reverse=True):
        if one.life not in batch and size < _BATCH_BYTES:
            batch[one.life] = one.value
            size += len(one.value)
    return list(batch.values())
