"""Where a partition stands is read from its own topics, to their very ends."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.journal import VECTOR_HEADER, pack_offsets
from contracts.topics import Topic
from streams.journal_tail import read_place
from streams.sequencer import JournalPlace
from streams.sink import TransactionalSink
from tests.conftest import Deployment

pytestmark = pytest.mark.kafka


def _sink(deployment: Deployment, name: str) -> TransactionalSink:
    sink = TransactionalSink(
        deployment.bootstrap, transactional_id=f"{deployment.topic_prefix}{name}"
    )
    sink.fence()
    return sink


def _bury(sink: TransactionalSink, deployment: Deployment, *, offset: int | None) -> None:
    headers = [] if offset is None else [(VECTOR_HEADER, pack_offsets({Topic.CONSENTS: offset}))]
    sink.begin()
    sink.produce(
        f"{deployment.topic_prefix}{Topic.DEAD_LETTERS}",
        partition=0,
        key=b"c-1",
        value=b"{",
        headers=headers,
    )


def _place(deployment: Deployment) -> JournalPlace:
    return read_place(
        deployment.bootstrap,
        journal=f"{deployment.topic_prefix}{Topic.JOURNAL}",
        dead_letters=f"{deployment.topic_prefix}{Topic.DEAD_LETTERS}",
        partition=0,
    )


def test_an_open_transaction_of_somebody_else_hides_no_place(deployment: Deployment) -> None:
    """`decide` writes dead letters too, and dies with a transaction open like any process.

    What `sequence` committed behind it cannot be read before that one is over. Taken for the end,
    it would be read, and buried, a second time.
    """
    decide, sequence = _sink(deployment, "decide-0"), _sink(deployment, "sequence-0")
    _bury(decide, deployment, offset=None)
    threading.Timer(1.5, decide.abort).start()
    decide._open().flush(5.0)
    _bury(sequence, deployment, offset=7)
    sequence.commit()
    with ThreadPoolExecutor(1) as pool:
        place = pool.submit(_place, deployment).result(timeout=30.0)

    assert place.offsets == {Topic.CONSENTS: 7}
