"""A town: subjects in one partition, and what they tell each other delivered as it comes."""

import itertools
import json
import math
from typing import Any

from contracts.decode import decode, subject_of
from contracts.neighbours import NeighbourFact, NeighbourSignal
from contracts.relations import EdgeKind
from contracts.topics import DAY_MS, Topic
from engine.fold import fold
from engine.outputs import Output
from engine.subjects import MemorySubjects
from features import NAMES, look
from tests.engine.given import START_MS, Journal, a_partition

ALL_USES = ("marketing", "credit", "fraud")
MINUTE_MS = 60_000


class Town:
    """Folds an event, then the signals that it causes, then those that they cause."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.journal = Journal()
        self.partition = a_partition()
        self.subjects = MemorySubjects()
        self.signals: list[NeighbourSignal] = []
        self.said: list[Output] = []
        self._numbers = itertools.count()

    def activates(self) -> None:
        """Activate the bundled strategy, so that there is something to decide with."""
        self.said += fold(self.partition, self.subjects, [self.journal.strategy(self.now_ms)])

    def wait(self, *, days: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self.now_ms += int(days * DAY_MS + minutes * MINUTE_MS)

    def send(self, topic: Topic, event_type: str, **fields: Any) -> list[NeighbourSignal]:
        """Deliver an event, and all that comes of it; return the signals."""
        event = {
            "event_type": event_type,
            "event_id": f"e-{next(self._numbers)}",
            "occurred_at_ms": self.now_ms,
        } | fields
        return self.deliver(topic, json.dumps(event).encode())

    def deliver(self, topic: Topic, raw: bytes) -> list[NeighbourSignal]:
        """Deliver bytes, and all that comes of them; return the signals."""
        found: list[NeighbourSignal] = []
        waiting = [(topic, raw)]
        while waiting:
            topic, raw = waiting.pop(0)
            key = subject_of(decode(topic, raw)) or ""
            entry = self.journal.add(topic, raw, at_ms=self.now_ms, key=key)
            said = fold(self.partition, self.subjects, [entry])
            self.said += said
            sent = [output.value for output in said if output.topic is Topic.NEIGHBOUR_SIGNALS]
            waiting += [(Topic.NEIGHBOUR_SIGNALS, value) for value in sent]
            found += [NeighbourSignal.model_validate_json(value) for value in sent]
        self.signals += found
        return found

    def opens_app(
        self, customer: str | None, *, device: str = "d-1", ip: str | None = None, **fields: Any
    ) -> list[NeighbourSignal]:
        """Let somebody look at the app."""
        where = {} if ip is None else {"ip_prefix_hash": ip}
        who = {} if customer is None else {"customer_id": customer}
        return self.send(
            Topic.APP_EVENTS,
            "page",
            event_name="app_open",
            session_id="s-1",
            device_id_hash=device,
            **where,
            **who,
            **fields,
        )

    def relate(self, one: str, kind: EdgeKind, other: str, **fields: Any) -> list[NeighbourSignal]:
        """State "one kind other" to both ends; ids beginning with "e" are enterprises."""
        return [
            *self.state_edge(one, kind, other, direction="out", **fields),
            *self.state_edge(other, kind, one, direction="in", **fields),
        ]

    def state_edge(
        self, node: str, kind: EdgeKind, other: str, *, direction: str, **fields: Any
    ) -> list[NeighbourSignal]:
        """State one end of an edge."""
        edge: dict[str, Any] = {
            "node_id": node,
            "node_kind": _kind(node),
            "other_node_id": other,
            "other_node_kind": _kind(other),
            "edge_kind": kind,
            "direction": direction,
            "confidence_bps": 9_500,
            "valid_from_ms": START_MS - DAY_MS,
            "evidence_source": "register",
            "permitted_use": ALL_USES,
        }
        return self.send(Topic.RELATIONS, "relation_stated", **(edge | fields))

    def end_edge(
        self, node: str, kind: EdgeKind, other: str, *, direction: str
    ) -> list[NeighbourSignal]:
        """End one end of an edge."""
        return self.send(
            Topic.RELATIONS,
            "relation_ended",
            node_id=node,
            other_node_id=other,
            edge_kind=kind,
            direction=direction,
            ended_at_ms=self.now_ms,
        )

    def draws(self, customer: str) -> list[NeighbourSignal]:
        """Let a customer draw a loan."""
        return self.send(
            Topic.LOAN_EVENTS,
            "loan_disbursement",
            customer_id=customer,
            loan_stage="disbursement",
            stage_status="passed",
            application_id=f"app-{customer}",
            loan_id=f"loan-{customer}-{next(self._numbers)}",
            drawn_minor=100,
            outstanding_minor=100,
        )

    def registers(self, enterprise: str, what: str) -> list[NeighbourSignal]:
        """Let a public register speak of an enterprise."""
        return self.send(
            Topic.SIGNALS, "enterprise", enterprise_id=enterprise, enterprise_event=what
        )

    def sells(self, enterprise: str, **fields: Any) -> list[NeighbourSignal]:
        """Let the card network report a day of a merchant."""
        day = {
            "enterprise_id": enterprise,
            "business_date": "2026-01-01",
            "settle_minor": 90_000,
            "txn_cnt": 12,
        }
        return self.send(Topic.SIGNALS, "merchant_flow", **(day | fields))

    def heard(self, subject_id: str, fact: NeighbourFact) -> list[int]:
        """Return the values of a fact that were told to a subject so far."""
        return [
            signal.value_int
            for signal in self.signals
            if signal.subject_id == subject_id and signal.fact == fact
        ]

    def feature(self, subject_id: str, name: str) -> float | None:
        """Return a feature of a subject now; none where it is missing."""
        value = look(self.subjects.get(subject_id), self.now_ms)[NAMES.index(name)]
        return None if math.isnan(value) else float(value)


def _kind(node: str) -> str:
    return "enterprise" if node.startswith("e") else "customer"
