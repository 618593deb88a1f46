"""Customers who never were: log events by the thousand, the same on every machine.

An ordinary customer has three source events a day: somewhat more than half are postings, most of
which state a balance (a second line of the log), a third are sessions and pages of the app, the
rest is what passes between the bank and the customer. Every kind there is occurs at least
sometimes, so that no feature is measured over nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from contracts.relations import RelationStated
from features import PLAN, LogEvent
from features.kinds import CODES, INFLOW, KINDS, OUTFLOW
from features.log_event import ADD, REVERSAL, hash63
from features.relations import Relations, note_relation

DAY_MS: Final = 86_400_000
START_MS: Final = 1_767_225_600_000
ORDINARY_PER_DAY: Final = 3
ORDINARY_DAYS: Final = 180

_PER_MILLE: Final = {
    "other_out": 250,
    "session_day": 215,
    "other_in": 90,
    "customer_receipt": 60,
    "touch_app": 50,
    "loan_page_view": 40,
    "supplier_payment": 25,
    "utilities": 20,
    "session_night": 20,
    "own_transfer_in": 15,
    "own_transfer_out": 15,
    "travel": 15,
    "own_transfer_out_other_bank": 10,
    "limit_query": 10,
    "touch_sms": 10,
    "medical": 8,
    "calculator": 8,
    "salary": 6,
    "loan_repayment_external": 6,
    "apply_step": 6,
    "touch_wecom": 6,
    "education": 5,
    "rent": 5,
    "loan_repayment_own": 4,
    "insurance_out": 4,
    "wecom_reply": 4,
    "tax": 3,
    "interest_in": 3,
}
"""Of a thousand source events; what is not named here comes once or so."""

_DRAWN: Final = tuple(kind for kind in KINDS[1:] if kind != "balance")
_WEIGHTS: Final = tuple(accumulate(_PER_MILLE.get(kind, 1) for kind in _DRAWN))
_POSTINGS: Final = INFLOW | OUTFLOW
_BALANCE: Final = CODES["balance"]
_STATED: Final = 0.85
_LATE: Final = 0.02
_LATEST_DAYS: Final = 3
_REVERSED: Final = 0.005
_RELATED_EACH: Final = 5


class Arrival(NamedTuple):
    """A source event as it reaches the log: whose, when the bank knew, and its lines."""

    customer: int
    at_ms: int
    events: tuple[LogEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How often and how tidily events come.

    Attributes:
        per_day: Source events of one customer a day.
        days: For how many days.
        tidy: Whether each event comes when it occurs and stands for ever. Else 2 in 100 come up to
            three days late, and 5 in 1,000 are a reversal of the one before.
    """

    per_day: float = ORDINARY_PER_DAY
    days: int = ORDINARY_DAYS
    tidy: bool = False


def arrivals(customer: int, traffic: Traffic, *, seed: int = 0) -> list[Arrival]:
    """Return the history of one customer, in order of arrival; it begins at `START_MS`.

    >>> history = arrivals(7, Traffic(days=10))
    >>> (
    ...     len(history),
    ...     history == arrivals(7, Traffic(days=10)),
    ...     history == arrivals(8, Traffic(days=10)),
    ... )
    (30, True, False)
    """
    chance = Random(f"{seed}/{customer}")
    count = round(traffic.per_day * traffic.days)
    end_ms = START_MS + traffic.days * DAY_MS
    times = sorted(chance.randrange(START_MS, end_ms) for _ in range(count))
    kinds = chance.choices(_DRAWN, cum_weights=_WEIGHTS, k=count)
    balance = chance.randrange(100_000_00)
    found: list[Arrival] = []
    for number, (at_ms, kind) in enumerate(zip(times, kinds, strict=True)):
        event_id = hash63(f"{seed}/{customer}/{number}")
        if not traffic.tidy and found and chance.random() < _REVERSED:
            event = _reversal(found[-1].events[0], at_ms, event_id)
            found.append(Arrival(customer, at_ms, (event,)))
            continue
        late = not traffic.tidy and chance.random() < _LATE
        occurred_ms = at_ms - chance.randrange(_LATEST_DAYS * DAY_MS) if late else at_ms
        amount = int(chance.lognormvariate(9.0, 1.3))
        code = CODES[kind]
        key = hash63(f"party/{chance.randrange(6)}") if code in PLAN.keyed else 0
        lines = [LogEvent(occurred_ms, code, key, amount, event_id, ADD, 0, 0, occurred_ms)]
        if kind in _POSTINGS and chance.random() < _STATED:
            balance += amount if kind in INFLOW else -amount
            key = hash63(f"account/{customer}/{chance.randrange(2)}")
            lines.append(
                LogEvent(occurred_ms, _BALANCE, key, balance, event_id, ADD, 0, 0, occurred_ms)
            )
        found.append(Arrival(customer, at_ms, tuple(lines)))
    return found


def relations_of(customer: int) -> Relations | None:
    """Return the relations of each fifth customer: an enterprise of its own and two partners.

    >>> relations_of(1) is None, sorted(relations_of(5).edges)
    (True, ['legal_rep', 'supplier_of'])
    """
    if customer % _RELATED_EACH:
        return None
    relations = Relations()
    for number, kind in enumerate(("legal_rep", "supplier_of", "supplier_of")):
        event = RelationStated.model_validate(
            {
                "event_type": "relation_stated",
                "event_id": f"relation-{customer}-{number}",
                "occurred_at_ms": START_MS,
                "node_id": f"c-{customer}",
                "node_kind": "customer",
                "other_node_id": f"e-{customer}-{number}",
                "other_node_kind": "enterprise",
                "edge_kind": kind,
                "direction": "out",
                "confidence_bps": 9_000,
                "valid_from_ms": START_MS,
                "evidence_source": "register",
                "permitted_use": ("marketing", "credit"),
            }
        )
        note_relation(relations, event, START_MS)
    return relations


def in_order(histories: Sequence[Sequence[Arrival]]) -> list[Arrival]:
    """Return the events of many customers as one stream, by arrival."""
    every = [arrival for history in histories for arrival in history]
    return sorted(every, key=lambda arrival: (arrival.at_ms, arrival.customer))


def _reversal(of: LogEvent, at_ms: int, event_id: int) -> LogEvent:
    return LogEvent(at_ms, 0, 0, 0, event_id, REVERSAL, of.stated_at_ms, of.id_hash, at_ms)
