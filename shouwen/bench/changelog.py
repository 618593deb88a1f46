"""How many bytes of changelog an event costs: each changed state is written once per interval.

Events of one customer come at random (a Poisson process), so that a customer with `x` events per
interval on average is written in it with probability `1 - exp(-x)`. Sizes are those of real states,
as bytes of a Kafka record; a codec is measured on the states themselves, in batches as a producer
makes them, each there as often as it is written.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from shouwen.bench.population import Population, Sampled
from streams.sink import PRODUCER_OPTIONS
from streams.state_log import subject_key

RATES: Final = (5_000, 25_000)
"""Events a second, of all partitions together."""

CODECS: Final = ("lz4", "zstd")
INTERVAL_SECONDS: Final = 1.0
RECORD_BYTES: Final = 10
"""What a Kafka record adds to its key and value: lengths, attributes, deltas (record format 2)."""

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


def configured_codec() -> str:
    """Return the codec of our producers, as librdkafka calls it.

    >>> configured_codec() in {"none", "gzip", "snappy", "lz4", "zstd"}
    True
    """
    return str(PRODUCER_OPTIONS.get("compression.type", "none"))


def writes_per_second(population: Population, rank: int, *, rate: int) -> float:
    """Return how often a second the state of the customer of a rank is written.

    >>> bank = Population(customers=1_000)
    >>> round(writes_per_second(bank, 1, rate=5_000), 3)
    1.0
    """
    per_interval = rate * population.share(rank) * INTERVAL_SECONDS
    return (1.0 - math.exp(-per_interval)) / INTERVAL_SECONDS


def bytes_per_event(population: Population, written: Sequence[Written], *, rate: int) -> float:
    """Return the bytes of changelog per event before any codec."""
    per_second = sum(
        one.sampled.weight
        * writes_per_second(population, one.sampled.rank, rate=rate)
        * one.record_bytes
        for one in written
    )
    return per_second / rate


def states_per_second(population: Population, written: Sequence[Written], *, rate: int) -> float:
    """Return how many states are written a second."""
    return sum(
        one.sampled.weight * writes_per_second(population, one.sampled.rank, rate=rate)
        for one in written
    )


def compressed_ratio(
    population: Population, written: Sequence[Written], *, rate: int, codec: str, chance: Random
) -> float:
    """Return by what part a codec makes the changelog smaller, at librdkafka's own levels.

    No two states of a batch are made from one simulated customer: they would have its account,
    its shops and its employer in common, and a codec would see what no bank has.

    Raises:
        ValueError: pyarrow does not know the codec.
    """
    if codec == "none":
        return 1.0
    compressor = pa.Codec(codec, compression_level=3) if codec == "zstd" else pa.Codec(codec)
    before = after = 0
    for _ in range(_BATCHES):
        joined = b"".join(_batch(population, written, rate, chance))
        before += len(joined)
        after += len(compressor.compress(joined, asbytes=True))
    return after / before


def _batch(
    population: Population, written: Sequence[Written], rate: int, chance: Random
) -> list[bytes]:
    """Draw states that are written together, the likelier the oftener they are written.

    Source: Efraimidis and Spirakis (2006), "Weighted random sampling with a reservoir", Information
    Processing Letters 97(5): the largest u ** (1 / w) come first.
    """

    def place(one: Written) -> float:
        often = one.sampled.weight * writes_per_second(population, one.sampled.rank, rate=rate)
        return float(chance.random() ** (1.0 / often))

    batch: dict[str, bytes] = {}
    size = 0
    for one in sorted(written, key=place, reverse=True):
        if one.life not in batch and size < _BATCH_BYTES:
            batch[one.life] = one.value
            size += len(one.value)
    return list(batch.values())
