"""kill −9 of the learner: whatever it was doing, the weights are those of an undisturbed run."""

import json
import os
import signal

import pytest

from contracts.snapshots import SnapshotRecord
from contracts.topics import Topic
from models import Learner
from streams.changelog import last_record
from tests.models.given import DAY_MS, a_bank_stream
from tests.streams.stand import Stand, eventually, running

pytestmark = pytest.mark.kafka

START_MS = 20_000 * DAY_MS
PATIENCE_SECONDS = 120.0
KILLS = int(os.environ.get("SHOUWEN_TEST_LEARNER_KILLS", "4"))
"""How often it is killed; twenty for the long form."""

DEATHS = (
    {"commits": 1, "where": "before"},
    {"commits": 1, "where": "after"},
    {"records": 1},
    {"commits": 2, "where": "before"},
    {"records": 3},
    {"commits": 2, "where": "after"},
)
"""Before a commit whose records have all arrived, just behind one, and in the middle of one."""

EXAMPLES = [
    example.model_copy(update={"at_ms": START_MS + (example.at_ms - START_MS) // 20})
    for example in a_bank_stream(30, rows_per_day=60, rate=0.2, seed=3)
][: 50 * KILLS + 600]
"""A month in a day and a half: outcomes among the rows, and a snapshot every dozen examples."""


def undisturbed() -> list[tuple[int, str]]:
    """Return offset and hash of every checkpoint that a learner takes which nobody kills."""
    learner = Learner()
    taken = []
    for offset, example in enumerate(EXAMPLES, start=1):
        learner.apply(example)
        at_ms = learner.clock_ms
        if learner.snapshot_due(at_ms):
            record = learner.snapshot(at_ms, examples_offset=offset)
            assert record is not None
            taken.append((offset, record.checkpoint_sha256))
    return taken


def newest_offset(stand: Stand) -> int:
    """Return how far the newest checkpoint has come."""
    last = last_record(stand.settings.bootstrap, stand.settings.name(Topic.MODELS), 0)
    return 0 if last is None else json.loads(last.value() or b"")["examples_offset"]


def test_a_learner_that_is_killed_again_and_again_learns_the_same(stand: Stand) -> None:
    """No example twice, none lost, each checkpoint once: weights and position are one record."""
    wanted = undisturbed()
    for example in EXAMPLES:
        stand.send(Topic.EXAMPLES, example.model_dump_json().encode(), partition=0)
    stand.flush()
    learn = stand.role("learn")

    def taken() -> list[tuple[int, str]]:
        records = [
            SnapshotRecord.model_validate_json(message.value() or b"")
            for message in stand.read(Topic.MODELS, 0)
        ]
        return [(record.examples_offset, record.checkpoint_sha256) for record in records]

    for number in range(KILLS):
        learn.start(die=DEATHS[number % len(DEATHS)])
        assert learn.wait() == -signal.SIGKILL
    so_far = taken()
    with running(learn):
        assert eventually(lambda: newest_offset(stand) == wanted[-1][0], seconds=PATIENCE_SECONDS)
        assert learn.stop() == 0

    assert 0 < len(so_far) < len(wanted)  # it was killed while it had more to do
    assert taken() == wanted
