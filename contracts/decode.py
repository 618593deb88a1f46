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
from contracts.topics import Topic
from contracts.transactions import Transaction

SourceEvent = Transaction | AppEvent | LoanEvent | Customer | Consent | Interaction

_CONTRACTS: dict[Topic, Any] = {
    Topic.TRANSACTIONS: Transaction,
    Topic.APP_EVENTS: AppEvent,
    Topic.LOAN_EVENTS: LoanEvent,
    Topic.CUSTOMERS: Customer,
    Topic.CONSENTS: Consent,
    Topic.INTERACTIONS: Interaction,
    Topic.CONTROL: Control,
    Topic.CLOCK: Tick,
}


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
    """Return whose event this is: the customer, or a device where nobody is logged in."""
    return event.customer_id or getattr(event, "device_id_hash", None)


__all__ = ["SourceEvent", "ValidationError", "adapter", "decode", "subject_of", "unknown_fields"]
