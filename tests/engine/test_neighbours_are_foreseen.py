"""What can reach others is known from a record's topic alone: a recorded run waits by it."""

from random import Random

import pytest

from contracts.topics import BANK_SOURCES, Topic
from shouwen.ingest import HOPS
from tests.engine.any_events import AnyJournal, as_bytes
from tests.engine.given import START_MS
from tests.engine.town import Town

EVENTS = 150


@pytest.mark.parametrize("seed", range(16))
def test_no_event_reaches_further_than_ingest_thinks(seed: int) -> None:
    """One hop more than foreseen, and a signal comes when its slice is closed."""
    town, source = Town(), AnyJournal(Random(seed), start_ms=START_MS)
    has_edges = False
    reached = 0
    for _ in range(EVENTS):
        town.now_ms = source.pass_time()
        topic, _, event = source.event()
        if topic not in BANK_SOURCES:
            continue
        has_edges = has_edges or topic is Topic.RELATIONS
        signals = town.deliver(topic, as_bytes(topic, event))
        reached += len(signals)
        assert max((signal.hops for signal in signals), default=0) <= HOPS.get(topic, 0)
        if topic in {Topic.LOAN_EVENTS, Topic.SIGNALS} and not has_edges:
            assert signals == []
    assert reached or not {topic for topic, _ in source.models} & {Topic.APP_EVENTS}
