"""A small journal to step through: a test names only what it is about."""

import itertools
import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from contracts.clock import Tick
from contracts.control import StrategyActivated
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS, Topic
from decisions.strategy import canonical_sha256
from engine.partition import PartitionState
from simulator import simulate
from strategies import bundled, load_file

START_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
NOON_MS = START_MS + 4 * 3_600_000  # noon in Shanghai: no quiet hours


class Journal:
    """Numbers entries of one partition as `sequence` would."""

    def __init__(self, partition: int = 0) -> None:
        self.partition = partition
        self.entries: list[Entry] = []
        self._offsets = itertools.count()

    def add(self, topic: Topic, value: bytes, *, at_ms: int, key: str = "c-1") -> Entry:
        """Append one entry."""
        entry = Entry(
            partition=self.partition,
            seq=len(self.entries),
            at_ms=at_ms,
            topic=topic,
            source_partition=self.partition,
            source_offset=next(self._offsets),
            key=key,
            value=value,
        )
        self.entries.append(entry)
        return entry

    def event(self, topic: Topic, event: dict[str, Any], *, at_ms: int) -> Entry:
        """Append a source event."""
        key = event["customer_id"]
        return self.add(topic, json.dumps(event).encode(), at_ms=at_ms, key=key)

    def tick(self, at_ms: int, **fields: Any) -> Entry:
        """Append a tick: time passes."""
        return self.add(Topic.CLOCK, Tick(**fields).model_dump_json().encode(), at_ms=at_ms, key="")

    def strategy(self, at_ms: int, data: dict[str, Any] | None = None) -> Entry:
        """Append the activation of a strategy: the bundled one where none is given."""
        control = an_activation(data)
        return self.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=at_ms, key="")


def an_activation(data: dict[str, Any] | None = None) -> StrategyActivated:
    """Return a strategy as it is activated."""
    data = load_file(bundled("no_loan_to_loan_v1")) if data is None else data
    return StrategyActivated(
        strategy_id=data["strategy_id"],
        version=data["version"],
        sha256=canonical_sha256(data),
        strategy=data,
    )


def a_partition(partition: int = 0) -> PartitionState:
    """Return a partition before its first entry."""
    return PartitionState(partition=partition, build="test-build")


def a_profile(customer_id: str = "c-1", *, occurred_at_ms: int, **fields: Any) -> dict[str, Any]:
    """Return the profile of a grown-up customer with an account."""
    return {
        "event_type": "customer_profile",
        "event_id": f"profile-{customer_id}",
        "occurred_at_ms": occurred_at_ms,
        "customer_id": customer_id,
        "birth_year": 1990,
        "kyc_level": 3,
        "has_account": True,
        "rm_id": "rm-1",
    } | fields


def a_consent(purpose: str, *, occurred_at_ms: int, customer_id: str = "c-1") -> dict[str, Any]:
    """Return a yes to one purpose."""
    return {
        "event_type": "consent_granted",
        "event_id": f"consent-{customer_id}-{purpose}",
        "occurred_at_ms": occurred_at_ms,
        "customer_id": customer_id,
        "purpose": purpose,
        "evidence_id": "form-1",
        "effective_at_ms": occurred_at_ms,
    }


def a_calculation(event_id: str, *, occurred_at_ms: int) -> dict[str, Any]:
    """Return a use of the loan calculator: the plainest sign of intent."""
    return {
        "event_type": "calculator",
        "event_id": event_id,
        "occurred_at_ms": occurred_at_ms,
        "customer_id": "c-1",
        "session_id": "s-1",
        "device_id_hash": "d-1",
    }


def a_loan_stage(event_type: str, stage: str, *, occurred_at_ms: int, **f: Any) -> dict[str, Any]:
    """Return one stage of an application or loan, passed."""
    return {
        "event_type": event_type,
        "event_id": f"{event_type}-{stage}-{occurred_at_ms}",
        "occurred_at_ms": occurred_at_ms,
        "customer_id": "c-1",
        "loan_stage": stage,
        "stage_status": "passed",
        "application_id": "app-1",
    } | f


def a_known_customer() -> Journal:
    """Return a journal in which customer c-1 has an account and allows every channel."""
    journal = Journal()
    journal.strategy(START_MS)
    journal.event(Topic.CUSTOMERS, a_profile(occurred_at_ms=START_MS), at_ms=START_MS)
    for purpose in ("marketing_push", "marketing_sms", "marketing_call"):
        consent = a_consent(purpose, occurred_at_ms=START_MS)
        journal.event(Topic.CONSENTS, consent, at_ms=START_MS)
    return journal


@cache
def a_bank_journal(
    *, customers: int = 25, days: int = 70, partitions: int = 2
) -> Sequence[Journal]:
    """Return the journals of a simulated bank, a tick a day."""
    journals = [Journal(partition) for partition in range(partitions)]
    for journal in journals:
        journal.strategy(START_MS)
    day = START_MS // DAY_MS
    for line in _lines(customers, days):
        while line.known_at_ms // DAY_MS > day:
            day += 1
            for journal in journals:
                journal.tick(day * DAY_MS)
        if line.key is not None and line.raw_value is not None:
            journal = journals[partition_of(line.key, partitions)]
            journal.add(line.topic, line.raw_value, at_ms=line.known_at_ms, key=line.key)
    return journals


def _lines(customers: int, days: int) -> Iterable[RecordedLine]:
    events = simulate(seed=5, customers=customers, days=days, start_ms=START_MS)
    return (RecordedLine.of(event) for event in events)
