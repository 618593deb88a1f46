"""How far a bank is, by what is committed: neither too early nor by what was undone."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from adapters.local_kafka import LocalKafka
from adapters.topics_admin import apply_topics, wanted_topics
from contracts.clock import Tick
from contracts.journal import HEADER, Entry, pack_header
from contracts.topics import Topic
from shouwen.trial.standing import Standing
from streams.state_log import Mark, mark_key

pytestmark = pytest.mark.kafka

PARTITIONS = 2


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of our own: the topics of a trial have no prefix."""
    with LocalKafka(tmp_path_factory.mktemp("standing")) as kafka:
        apply_topics(kafka.bootstrap, wanted_topics(partitions=PARTITIONS))
        yield kafka.bootstrap


def a_tick(partition: int, seq: int, *, slice_no: int) -> Entry:
    return Entry(
        partition=partition,
        seq=seq,
        at_ms=seq,
        topic=Topic.CLOCK,
        source_partition=partition,
        source_offset=seq,
        key="",
        value=Tick(slice_no=slice_no).model_dump_json().encode(),
    )


class Writer:
    """What `sequence` and `decide` would write, in a transaction that ends as the test says."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "a-test"})
        self._producer.init_transactions(30)

    def write(self, *, ticks: list[Entry], decided: dict[int, int], commit: bool = True) -> None:
        self._producer.begin_transaction()
        for tick in ticks:
            self._producer.produce(
                Topic.JOURNAL.value,
                partition=tick.partition,
                key=b"",
                value=tick.value,
                headers=[(HEADER, pack_header(tick))],
            )
        for partition, seq in decided.items():
            self._producer.produce(
                Topic.DECIDE_STATE.value,
                partition=partition,
                key=mark_key("outputs"),
                value=Mark(seq=seq, journal_offset=seq, build="b").encode(),
            )
        if commit:
            self._producer.commit_transaction(30)
        else:
            self._producer.abort_transaction(30)


def read_until(standing: Standing, *, decided: int, behind: list[int]) -> None:
    """Look until the reader is there; what it says there must be what was committed."""
    for _ in range(300):
        standing.look(seconds=0.1)
        if standing.decided >= decided and standing.behind(1) == behind:
            break
    assert (standing.decided, standing.behind(1)) == (decided, behind)


def test_a_partition_is_there_when_it_has_decided_on_the_tick_and_not_before(
    bootstrap: str,
) -> None:
    """A run that is stopped too early reports what it has not seen as lost."""
    writer = Writer(bootstrap)
    with Standing(bootstrap, partitions=PARTITIONS) as standing:
        assert standing.behind(1) == [0, 1]

        writer.write(ticks=[a_tick(0, 5, slice_no=1), a_tick(1, 3, slice_no=1)], decided={0: 4})
        read_until(standing, decided=5, behind=[0, 1])

        writer.write(ticks=[], decided={0: 5, 1: 3}, commit=False)
        writer.write(ticks=[], decided={0: 5})
        read_until(standing, decided=6, behind=[1])

        writer.write(ticks=[], decided={1: 3})
        read_until(standing, decided=10, behind=[])
        assert standing.behind(2) == [0, 1]
