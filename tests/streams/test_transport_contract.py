"""What our transport relies on in Faust and aiokafka; an upgrade that changes it must be red."""

import importlib.metadata
import inspect
import re

import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import transport
from streams.microbatch import BatchFlow, MicroBatchScheduler, RecordBatch
from tests.streams.fakes import a_fetched

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}


@pytest.mark.parametrize("library", PINNED)
def test_the_versions_are_those_that_were_read(library: str) -> None:
    """Private names are overridden: another version needs another reading of its source."""
    assert importlib.metadata.version(library) == PINNED[library]


@pytest.mark.parametrize(
    "name",
    [
        "_to_message",
        "_add_gap",
        "_new_offset",
        "on_partitions_revoked",
        "_getmany",
        "_wait_next_records",
        "perform_seek",
        "resume_partitions",
        "resume_flow",
        "stop_flow",
        "on_buffer_full",
        "on_buffer_drop",
        "_new_consumer_thread",
    ],
)
def test_each_override_overrides_something(name: str) -> None:
    """A renamed method would leave the fault it was there for, silently."""
    ours = inspect.signature(getattr(transport.HoldingConsumer, name))
    theirs = inspect.signature(getattr(driver.Consumer, name))

    assert list(ours.parameters) == list(theirs.parameters)


@pytest.mark.parametrize(
    "name",
    ["_acked_index", "_acked", "_committed_offset", "_buffered_partitions"],
)
def test_the_bookkeeping_that_is_used_is_there(name: str) -> None:
    """These are the names that hold what was acknowledged and what is buffered."""
    assert f"self.{name}" in inspect.getsource(faust_consumer.Consumer)
    assert f"self.{name}" in inspect.getsource(transport)


def test_the_consumer_reads_the_two_options_that_are_set_behind_faust() -> None:
    """`read_committed` is set on a private name: were it ignored, aborted records would be read."""
    source = inspect.getsource(AIOKafkaConsumer)

    assert "self._isolation_level" in source
    assert "self._fetch_max_wait_ms" in source
    assert inspect.getsource(AIOKafkaConsumer.start).count("self._isolation_level")


def test_a_batch_has_every_attribute_that_the_driver_copies() -> None:
    """The driver makes a message of a batch by copying attributes of a record."""
    source = inspect.getsource(driver.Consumer._to_message)
    names = set(re.findall(r"record\.(\w+)", source))
    batch = RecordBatch(TP("t", 0), [a_fetched(7, b"v", topic="t")])

    assert names >= {"topic", "partition", "offset", "timestamp", "key", "value"}
    for name in names:
        assert hasattr(batch, name), name


def test_the_scheduler_keeps_order_and_bounds_batches() -> None:
    """One batch per partition and fetch, cut at the bound, offsets of the last record."""
    fetched = {TP("t", 0): [a_fetched(i, b"v", topic="t") for i in range(2_500)]}

    batches = [batch for _, batch in MicroBatchScheduler().iterate(fetched)]

    assert [len(batch) for batch in batches] == [1_000, 1_000, 500]
    assert [batch.offset for batch in batches] == [999, 1_999, 2_499]
    assert batches[0].value is batches[0]


def test_a_flow_bridges_the_gaps_that_markers_leave() -> None:
    """Offsets jump at every transaction; what counts is which batch came before."""
    flow = BatchFlow()
    flow.start("p", next_offset=0)

    flow.follow("p", after=-1, last=3)
    flow.follow("p", after=3, last=9)

    assert flow.last("p") == 9
