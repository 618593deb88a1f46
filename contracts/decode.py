"""Bytes to events: the one table that says which contract a source topic carries."""

from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.app_events import AppEvent
from contracts.clock import Tick
from contracts.consents import Consent
from contracts.control import Control
from contracts.customers import Customer
from contracts.interactions import Interaction
from contracts.loan_events import LoanEvent
from contracts.neighbours import NeighbourSignal
from contracts.relations import Relation, RelationEnded, RelationStated
from contracts.signals import (
    EnterpriseChanged,
    ExternalLead,
    MerchantFlowDay,
    PoiObserved,
    Signal,
)
from contracts.topics import Topic
from contracts.transactions import Transaction

SourceEvent = (
    Transaction
    | AppEvent
    | LoanEvent
    | Customer
    | Consent
    | Interaction
    | Relation
    | Signal
    | NeighbourSignal
)

_CONTRACTS: dict[Topic, Any] = {
    Topic.TRANSACTIONS: Transaction,
    Topic.APP_EVENTS: AppEvent,
    Topic.LOAN_EVENTS: LoanEvent,
    Topic.CUSTOMERS: Customer,
    Topic.CONSENTS: Consent,
    Topic.INTERACTIONS: Interaction,
    Topic.CONTROL: Control,
    Topic.CLOCK: Tick,
    Topic.RELATIONS: Relation,
    Topic.SIGNALS: Signal,
    Topic.NEIGHBOUR_SIGNALS: NeighbourSignal,
}

_SUBJECT_FIELD: dict[type[BaseModel], str] = {
    RelationStated: "node_id",
    RelationEnded: "node_id",
    EnterpriseChanged: "enterprise_id",
    MerchantFlowDay: "enterprise_id",
    PoiObserved: "enterprise_id",
    ExternalLead: "lead_token",
    NeighbourSignal: "subject_id",
}
"""Events that are about somebody else than their `customer_id`."""


@cache
def adapter(topic: Topic) -> TypeAdapter[Any]:
    """Return the validator of a source topic's values."""
    return TypeAdapter(_CONTRACTS[topic])


def decode(topic: Topic, value: bytes) -> Any:
    """Return the event in `value`, validated strictly.

    Raises:
        ValidationError: the bytes are not JSON of this topic's contract.

    >>> decode(Topic.CLOCK, b'{"learn": true}').learn
    True
    """
    return adapter(topic).validate_json(value)


def unknown_fields(event: BaseModel) -> int:
    """Return how many fields the producer sent that this version does not know.

    >>> unknown_fields(decode(Topic.CLOCK, b"{}"))
    0
    """
    return len(event.model_extra or ())


def subject_of(event: Any) -> str | None:
    """Return whose event this is: the key that it must have.

    That is the customer, or a device where nobody is logged in; one end of a relation; the
    enterprise that a register or a card network speaks of; whoever receives a neighbour signal.

    >>> subject_of(
    ...     decode(
    ...         Topic.SIGNALS,
    ...         b'{"event_type": "merchant_flow", "event_id": "m-1", "occurred_at_ms": 0,'
    ...         b' "customer_id": "c-1", "enterprise_id": "ent-1", "business_date": "2024-03-01",'
    ...         b' "settle_minor": 90000, "txn_cnt": 12}',
    ...     )
    ... )
    'ent-1'
    """
    field = _SUBJECT_FIELD.get(type(event))
    if field is not None:
        subject: str = getattr(event, field)
        return subject
    return event.customer_id or getattr(event, "device_id_hash", None)


__all__ = ["SourceEvent", "ValidationError", "adapter", "decode", "subject_of", "unknown_fields"]
