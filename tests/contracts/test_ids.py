"""Partitions and ids are the same in every producer, whatever it is written in."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_murmur2

from contracts.ids import murmur2, partition_of, unit_interval


@given(st.binary(max_size=64))
def test_murmur2_is_the_one_of_kafka(data: bytes) -> None:
    """A producer in Java that leaves partitioning to Kafka must meet our subjects."""
    assert murmur2(data) == kafka_murmur2(data) & 0xFFFFFFFF


@given(st.text(min_size=1, max_size=40), st.integers(1, 64))
def test_a_subject_has_one_partition(key: str, partitions: int) -> None:
    """All events of a customer meet in one partition, and it exists."""
    assert 0 <= partition_of(key, partitions) < partitions


def test_chance_is_spread_evenly() -> None:
    """Arms are drawn by hash: a tenth of the hash space must hold a tenth of the customers."""
    tenths = [0] * 10
    for number in range(20_000):
        tenths[int(unit_interval("experiment-1", f"c-{number}") * 10)] += 1

    assert max(abs(count - 2_000) for count in tenths) < 200
