"""Which events a table can become: every event that a bank sends, by its `event_type`."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from contracts.app_events import AppEvent
from contracts.consents import Consent
from contracts.customers import Customer
from contracts.envelope import Envelope
from contracts.interactions import Interaction
from contracts.loan_events import LoanEvent
from contracts.relations import Relation
from contracts.signals import Signal
from contracts.topics import Topic
from contracts.transactions import Transaction

OURS = frozenset({"event_type", "event_id", "schema_version"})
"""Fields that no mapping sets: what the event is, and its id, which is made of the row's key."""

_UNIONS: dict[Topic, Any] = {
    Topic.CUSTOMERS: Customer,
    Topic.CONSENTS: Consent,
    Topic.LOAN_EVENTS: LoanEvent,
    Topic.TRANSACTIONS: Transaction,
    Topic.APP_EVENTS: AppEvent,
    Topic.INTERACTIONS: Interaction,
    Topic.RELATIONS: Relation,
    Topic.SIGNALS: Signal,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventForm:
    """An event that a row can become."""

    event_type: str
    topic: Topic
    contract: type[Envelope]

    @property
    def fields(self) -> tuple[str, ...]:
        """What a mapping may set."""
        return tuple(name for name in self.contract.model_fields if name not in OURS)

    @property
    def required(self) -> tuple[str, ...]:
        """What a mapping must set, since the contract has no default for it."""
        return tuple(
            name
            for name, field in self.contract.model_fields.items()
            if name not in OURS and field.default is PydanticUndefined
        )


def _forms() -> dict[str, EventForm]:
    found = {}
    for topic, union in _UNIONS.items():
        for contract in get_args(get_args(union)[0]):
            (event_type,) = get_args(contract.model_fields["event_type"].annotation)
            found[event_type] = EventForm(event_type=event_type, topic=topic, contract=contract)
    return found


FORMS = _forms()
"""`event_type` to what it is.

>>> FORMS["consent_granted"].required
('occurred_at_ms', 'customer_id', 'purpose', 'evidence_id', 'effective_at_ms')
"""
