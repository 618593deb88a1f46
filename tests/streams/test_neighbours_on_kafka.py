"""Neighbours on real Kafka: one decide worker or four, one of them killed, say the same."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from adapters.local_kafka import LocalKafka
from adapters.topics_admin import apply_topics, wanted_topics
from contracts.decode import decode
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.slices import HEADER as SLICE_HEADER
from contracts.slices import SliceStamp
from contracts.topics import DAY_MS, Topic
from replay.folding import this_engine
from shouwen.ingest import IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.supervisor import Supervisor
from shouwen.trial.publisher import KafkaPublisher
from simulator import simulate
from streams.changelog import header_of
from streams.settings import StreamSettings
from tests.streams.stand import Stand, eventually

pytestmark = pytest.mark.kafka

PARTITIONS = 4
START_MS = 1_750_000_000_000 // DAY_MS * DAY_MS
PATIENCE_SECONDS = 120.0
SEPARATE = ("device_customer_cnt_7d", "ip_customer_cnt_1h", "settle_sum_minor_30d")
"""Features that rest on what neighbours told."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """All that a run has said, for a committed reader."""

    journals: list[list[Entry]]
    decisions: list[list[bytes]]
    signals: list[bytes]

    def lines(self) -> list[list[tuple[int, int, Topic, str, bytes]]]:
        """The journals without offsets: where among several writers a signal stands is chance."""
        return [
            [(e.seq, e.at_ms, e.topic, e.key, e.value) for e in entries]
            for entries in self.journals
        ]


@contextmanager
def a_deployment(
    kafka: LocalKafka, prefix: str, folder: Path, *, workers: int
) -> Iterator[tuple[Stand, list[Supervisor]]]:
    """The roles that decide on a recorded clock; `decide` by several workers."""
    apply_topics(kafka.bootstrap, wanted_topics(prefix=prefix, partitions=PARTITIONS))
    settings = StreamSettings(
        bootstrap=kafka.bootstrap, topic_prefix=prefix, partitions=PARTITIONS, clock="recorded"
    )
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    supervisors: list[Supervisor] = []
    with ExitStack() as stack:
        stand = Stand(settings, folder)
        stack.callback(stand.close)
        for number in range(1, workers + 1):
            environ = {
                **ours,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "SHOUWEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
                "SHOUWEN_TOPIC_PREFIX": prefix,
                "SHOUWEN_PARTITIONS": str(PARTITIONS),
                "SHOUWEN_CLOCK": "recorded",
                "SHOUWEN_WORKER_ID": str(number),
            }
            roles = ("sequence", "learn", "decide") if number == 1 else ("decide",)
            supervisor = Supervisor(roles, environ=environ, log_dir=folder / str(number))
            (folder / str(number)).mkdir(parents=True)
            supervisor.start()
            stack.callback(supervisor.stop)
            supervisors.append(supervisor)
        yield stand, supervisors


def publish(stand: Stand) -> int:
    """Ten days of a small bank that shares devices; return the ticks written."""
    events = simulate(seed=5, customers=40, days=10, start_ms=START_MS)
    publisher = KafkaPublisher(stand.settings.bootstrap, topic_prefix=stand.settings.topic_prefix)
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS // 4,
        learn_every_ms=3 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    done = ingest((RecordedLine.of(event) for event in events), publisher, plan)
    publisher.flush()
    return done.ticks


def has_decided(stand: Stand, ticks: int) -> Callable[[], bool]:
    """Ask whether the marks of the changelog stand behind so many ticks."""

    def ask() -> bool:
        behind = 0
        for entries, stored in zip(stand.journals(), stand.states(), strict=True):
            seq = stored.mark("outputs").seq
            behind += sum(entry.topic is Topic.CLOCK for entry in entries if entry.seq <= seq)
        return behind >= ticks

    return ask


def members_at_work(folder: Path, workers: int) -> int:
    """How many decide workers have a partition, by what each of them shows of itself."""
    return sum(_owns_partitions(folder / str(n) / "decide.log") for n in range(1, workers + 1))


def _owns_partitions(log: Path) -> bool:
    lines = log.read_text().splitlines() if log.exists() else []
    ports = [json.loads(line)["port"] for line in lines if '"worker_started"' in line]
    try:
        with urlopen(f"http://127.0.0.1:{ports[-1]}/metrics", timeout=5) as answer:
            shown = answer.read().decode()
    except (IndexError, OSError):
        return False
    found = re.search(r'^shouwen_partitions\{role="decide"\} (\d)', shown, re.MULTILINE)
    return found is not None and found[1] != "0"


def a_run(kafka: LocalKafka, prefix: str, folder: Path, *, workers: int, kill: bool) -> Said:
    """What a run has said in the end."""
    with a_deployment(kafka, prefix, folder, workers=workers) as (stand, supervisors):
        assert eventually(lambda: members_at_work(folder, workers) == workers)
        ticks = publish(stand)
        if kill:
            assert eventually(has_decided(stand, ticks // 3), seconds=PATIENCE_SECONDS)
            os.kill(supervisors[-1].pids["decide"], signal.SIGKILL)
            assert eventually(lambda: supervisors[-1].restarts == 1)
        done = eventually(has_decided(stand, ticks), seconds=PATIENCE_SECONDS)
        assert done, (folder / "1" / "decide.log").read_text()[-2_000:]
        return Said(
            journals=stand.journals(),
            decisions=[
                [record.value() or b"" for record in records]
                for records in stand.read_all(Topic.DECISIONS)
            ],
            signals=[
                record.value() or b""
                for records in stand.read_all(Topic.NEIGHBOUR_SIGNALS)
                for record in records
                if not SliceStamp.unpack(header_of(record, SLICE_HEADER) or b"").marker
            ],
        )


def test_one_worker_four_workers_a_kill_and_a_replay_say_the_same(
    kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    """What is known of a neighbour must not depend on which machine was faster, or died."""
    one = a_run(kafka, f"{topic_prefix}one.", tmp_path / "one", workers=1, kill=False)
    four = a_run(kafka, f"{topic_prefix}four.", tmp_path / "four", workers=4, kill=True)

    assert one.lines() == four.lines()
    assert one.decisions == four.decisions
    assert sorted(one.signals) == sorted(four.signals)

    replayed = []
    decided: list[list[bytes]] = []
    for partition, entries in enumerate(four.journals):
        engine = this_engine()
        said = list(engine.outputs(entries, state=engine.state(partition)))
        decided.append([o.value for o in said if o.topic is Topic.DECISIONS])
        replayed += [
            o.value for o in said if o.topic is Topic.NEIGHBOUR_SIGNALS and not o.everywhere
        ]
    assert decided == four.decisions
    assert sorted(replayed) == sorted(four.signals)

    came = [e.value for j in four.journals for e in j if e.topic is Topic.NEIGHBOUR_SIGNALS]
    assert sorted(came) == sorted(four.signals), "each signal is in a journal, once"
    facts = {decode(Topic.NEIGHBOUR_SIGNALS, value).fact for value in came}
    assert facts >= {"device_customers", "merchant_day", "core_hops"}
    assert sum(map(len, four.decisions)) > 0
