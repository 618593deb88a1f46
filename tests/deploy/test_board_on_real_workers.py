"""Every panel of the board finds data when a real Prometheus scrapes real workers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ports import LOOPBACK
from contracts.recorded import RecordedEvent, RecordedLine
from contracts.topics import DAY_MS, Topic
from deploy.grafana.panels import panel_queries
from shouwen.commands.demo import SimulatedSource
from shouwen.ingest import IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.bank import Bank, running_bank, wait_until_decided
from shouwen.trial.publisher import KafkaPublisher
from streams.settings import ROLES
from tests.deploy.prom import LocalPrometheus, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.prometheus]

PARTITIONS = 2
POISON = 25
"""Enough dead letters in a minute to raise an alert."""


def _troubled(lines: list[RecordedLine]) -> list[RecordedLine]:
    """A recording in which also happens what seldom does: a late event, and a bad deploy."""
    middle = len(lines) // 2
    known_at_ms = lines[middle].known_at_ms
    payment = next(line for line in lines if line.topic is Topic.TRANSACTIONS)
    again = json.loads(payment.raw_value or b"") | {"event_id": "late-1", "txn_id": "late-1"}
    late = RecordedEvent(topic=payment.topic, key=payment.key, known_at_ms=known_at_ms, value=again)
    poison = RecordedLine(
        topic=Topic.CONSENTS, key="c-1", known_at_ms=known_at_ms, raw_value=b"not JSON"
    )
    return [*lines[:middle], RecordedLine.of(late), *[poison] * POISON, *lines[middle:]]


def _ports(bank: Bank) -> list[int]:
    """Where the workers serve their metrics, as they say in their logs."""
    started = [
        json.loads(line)
        for role in ROLES
        for line in (bank.logs / f"{role}.log").read_text(encoding="utf-8").splitlines()
        if '"worker_started"' in line
    ]
    return [event["port"] for event in started]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPrometheus]:
    """A Prometheus that has watched four workers live through months of a simulated bank."""
    folder: Path = tmp_path_factory.mktemp("watched")
    source = SimulatedSource(seed=7, customers=60, days=150)
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS,
        learn_every_ms=14 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    with running_bank(folder, partitions=PARTITIONS) as bank:
        assert eventually(lambda: len(_ports(bank)) == len(ROLES))
        targets = [f"{LOOPBACK}:{port}" for port in _ports(bank)]
        with LocalPrometheus(folder, targets) as server:
            with KafkaPublisher(bank.bootstrap) as publisher:
                done = ingest(_troubled(list(source.lines())), publisher, plan)
            wait_until_decided(bank, last_slice=done.slices)
            assert bank.supervisor.restarts == 0
            yield server


@pytest.mark.parametrize(("title", "expr"), panel_queries())
def test_a_panel_finds_data_of_real_workers(
    prometheus: LocalPrometheus, title: str, expr: str
) -> None:
    """A metric that is declared, shown on a panel and never set is an empty panel for ever."""
    assert eventually(lambda: bool(prometheus.series(expr)), seconds=20), title


def test_what_prometheus_saw_is_what_happened(prometheus: LocalPrometheus) -> None:
    """Data is not yet the right data: the poison that went in is counted, to the letter."""
    dead = 'sum(shouwen_dead_letters_total{topic="consents.v1",reason="not_json"})'

    def values(expr: str) -> list[str]:
        return [series["value"][1] for series in prometheus.series(expr)]

    assert eventually(lambda: values(dead) == [str(POISON)], seconds=20), values(dead)
    assert values("min(shouwen_ready)") == ["1"]
