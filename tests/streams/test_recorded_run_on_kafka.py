"""A whole recorded run, all roles, twice: once in peace, once with every role killed on the way."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from adapters.local_kafka import LocalKafka
from adapters.topics_admin import apply_topics, wanted_topics
from contracts.recorded import RecordedLine
from contracts.snapshots import SnapshotRecord
from contracts.topics import DAY_MS, Topic
from shouwen.ingest import Ingested, IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.supervisor import Supervisor
from shouwen.trial.publisher import KafkaPublisher
from simulator import simulate
from streams.settings import StreamSettings
from tests.streams.stand import Stand, eventually

pytestmark = pytest.mark.kafka

ROLES = ("sequence", "decide", "learn")
PARTITIONS = 2
START_MS = 1_750_000_000_000 // DAY_MS * DAY_MS
PATIENCE_SECONDS = 60.0


@contextmanager
def a_deployment(
    kafka: LocalKafka, prefix: str, folder: Path
) -> Iterator[tuple[Stand, Supervisor]]:
    """All roles that decide, on a recorded clock, under their supervisor."""
    apply_topics(kafka.bootstrap, wanted_topics(prefix=prefix, partitions=PARTITIONS))
    settings = StreamSettings(
        bootstrap=kafka.bootstrap, topic_prefix=prefix, partitions=PARTITIONS, clock="recorded"
    )
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    environ = {
        **ours,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "SHOUWEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": prefix,
        "SHOUWEN_PARTITIONS": str(PARTITIONS),
        "SHOUWEN_CLOCK": "recorded",
    }
    supervisor = Supervisor(ROLES, environ=environ, log_dir=folder)
    stand = Stand(settings, folder)
    supervisor.start()
    try:
        yield stand, supervisor
    finally:
        supervisor.stop()
        stand.close()


def publish(stand: Stand) -> Ingested:
    """Fifteen days of a small bank, with a snapshot asked for each day."""
    events = simulate(seed=5, customers=8, days=15, start_ms=START_MS)
    publisher = KafkaPublisher(stand.settings.bootstrap, topic_prefix=stand.settings.topic_prefix)
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS // 2,
        learn_every_ms=DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    done = ingest((RecordedLine.of(event) for event in events), publisher, plan)
    publisher.flush()
    return done


def ticks_decided(stand: Stand) -> int:
    """How many ticks the changelog's marks stand behind."""
    behind = 0
    for entries, stored in zip(stand.journals(), stand.states(), strict=True):
        seq = stored.mark("outputs").seq
        behind += sum(entry.topic is Topic.CLOCK for entry in entries if entry.seq <= seq)
    return behind


def told(stand: Stand) -> dict[str, object]:
    """Everything a run has said, without the offsets that undone transactions move."""
    return {
        "journal": [
            [(e.seq, e.at_ms, e.topic, e.key, e.value) for e in entries]
            for entries in stand.journals()
        ],
        **{
            topic.value: [
                [(record.key(), record.value()) for record in records]
                for records in stand.read_all(topic)
            ]
            for topic in (Topic.DECISIONS, Topic.CONVERSIONS, Topic.CHANNEL_APP)
        },
        "learner": [
            (checkpoint.at_ms, checkpoint.checkpoint_sha256, checkpoint.snapshots)
            for record in stand.read_all(Topic.MODELS)[0]
            for checkpoint in [SnapshotRecord.model_validate_json(record.value() or b"")]
        ],
    }


def a_run(kafka: LocalKafka, prefix: str, folder: Path, *, kills: int) -> dict[str, object]:
    """What a run has said in the end; on its way, roles are killed at regular places."""
    dice = random.Random(23)
    with a_deployment(kafka, prefix, folder) as (stand, supervisor):
        ticks = publish(stand).ticks

        def has_decided(wanted: int) -> bool:
            return ticks_decided(stand) >= wanted

        for step in range(kills):
            assert eventually(partial(has_decided, ticks * (step + 1) // (kills + 2)))
            pids = supervisor.pids
            os.kill(pids[dice.choice(sorted(pids))], signal.SIGKILL)
        assert eventually(lambda: supervisor.restarts >= kills)
        done = eventually(partial(has_decided, ticks), seconds=PATIENCE_SECONDS)
        assert done, (folder / "decide.log").read_text()
        return told(stand)


def test_a_recorded_run_says_the_same_through_any_kills(
    kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    """Journal, snapshots, decisions, the learner's weights: the same bytes, whatever dies."""
    calm = a_run(kafka, f"{topic_prefix}calm.", tmp_path / "calm", kills=0)
    killed = a_run(kafka, f"{topic_prefix}killed.", tmp_path / "killed", kills=5)

    assert calm["learner"], "the learner must have had something to say"
    assert calm["decisions.v1"] != [[], []], "and decide too"
    for what, said in calm.items():
        assert said == killed[what], what
