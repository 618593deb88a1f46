"""Events of every contract with every value it allows, and journals of them in any order.

Everything is drawn from one `random.Random`: a seeded one for long journals, hypothesis' own where
a failure is to be made small.
"""

import json
import types
import typing
from random import Random
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.app_events import AppEvent
from contracts.consents import Consent
from contracts.customers import Customer
from contracts.decode import adapter, subject_of
from contracts.interactions import Interaction
from contracts.loan_events import LoanEvent
from contracts.neighbours import NeighbourSignal
from contracts.relations import Relation
from contracts.signals import Signal
from contracts.topics import DAY_MS, Topic
from contracts.transactions import Transaction

CONTRACTS: dict[Topic, Any] = {
    Topic.TRANSACTIONS: Transaction,
    Topic.APP_EVENTS: AppEvent,
    Topic.LOAN_EVENTS: LoanEvent,
    Topic.CUSTOMERS: Customer,
    Topic.CONSENTS: Consent,
    Topic.INTERACTIONS: Interaction,
    Topic.RELATIONS: Relation,
    Topic.SIGNALS: Signal,
    Topic.NEIGHBOUR_SIGNALS: NeighbourSignal,
}
MODELS: tuple[tuple[Topic, type[BaseModel]], ...] = tuple(
    (topic, model)
    for topic, contract in CONTRACTS.items()
    for model in (get_args(get_args(contract)[0]) if get_args(contract) else (contract,))
)
HUGE = 10**30
LATEST_MS = 1 << 42
AHEAD_MS = 300_000

_POOLS = {
    "customer_id": ("c-1", "c-1", "c-1", "c:2", "x" * 64),
    "application_id": ("a-1", "a-2", "a:3:7"),
    "loan_id": ("l-1", "l-2", "l-3"),
    "session_id": ("s-1", "s:2"),
    "product_id": ("consumer_loan", "p/2", "p-3"),
    "timezone": (
        "Asia/Shanghai",
        "America/New_York",
        "Pacific/Apia",
        "Mars/Olympus",
        "/",
        "Etc/GMT+8",
    ),
    "account_id_hash": ("acc-1", "acc-2"),
    "counterparty_id_hash": tuple(f"cp-{i}" for i in range(6)),
    "outcome_code": ("rejected", "complaint", "opt_out", "other"),
    "risk_flags": ((), ("pep",)),
    "branch_path": ("hq", "hq/hz", "elsewhere"),
    "node_id": ("c-1", "c-1", "c:2", "ent-1"),
    "subject_id": ("c-1", "c:2", "ent-1"),
    "enterprise_id": ("ent-1", "c-1"),
    "lead_token": ("lead-1", "c:2"),
    "other_node_id": tuple(f"n-{i}" for i in range(90)),
}
"""Where events must meet to matter, they choose from a few values."""
_KINDLY = {
    "customer_id": "c-1",
    "dpd_days": 0,
    "has_account": True,
    "birth_year": 1990,
    "rm_id": "rm-1",
}
"""With these a customer gets as far as a message."""
_CHARACTERS = "azAZ09._:-"
_STEPS_MS = (0, 0, 1, 999, 60_000, 3_600_000, 7 * 3_600_000, DAY_MS, 3 * DAY_MS)
_HASTE_MS = (0, 1, 60_000, 600_000, 3_600_000, 2 * 3_600_000)
_LEAPS_MS = (8 * DAY_MS, 31 * DAY_MS, 95 * DAY_MS, 400 * DAY_MS)


def any_value(  # noqa: PLR0911 - one way out per kind of field reads best
    chance: Random, annotation: Any, metadata: tuple[Any, ...] = ()
) -> Any:
    """Return any JSON value that a field allows, extremes more often than the rest."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *notes = get_args(annotation)
        found = [
            item
            for note in notes
            for item in (note.metadata if isinstance(note, FieldInfo) else [note])
        ]
        return any_value(chance, inner, (*metadata, *found))
    if origin in {typing.Union, types.UnionType}:
        options = get_args(annotation)
        return any_value(chance, options[chance.randrange(len(options))], metadata)
    if origin is Literal:
        options = get_args(annotation)
        return options[chance.randrange(len(options))]
    if origin is tuple:
        return [any_value(chance, get_args(annotation)[0]) for _ in range(chance.randrange(3))]
    if annotation is type(None):
        return None
    if annotation is bool:
        return chance.randrange(2) == 1
    if annotation is int:
        return _any_int(chance, metadata)
    if annotation is float:
        return (0.0, 5e-324, 0.5, 1.0)[chance.randrange(4)]
    if annotation is str:
        return _any_text(chance, metadata)
    raise TypeError(f"nobody taught any_value what {annotation!r} allows")


def _any_int(chance: Random, metadata: tuple[Any, ...]) -> int:
    low, high = -HUGE, HUGE
    for note in metadata:
        match note:
            case Ge(ge=least):
                low = int(least)
            case Gt(gt=below):
                low = int(below) + 1
            case Le(le=most):
                high = int(most)
            case Lt(lt=above):
                high = int(above) - 1
            case _:
                pass
    if chance.randrange(3) == 0:
        return (low, high)[chance.randrange(2)]
    return chance.randint(low, min(high, low + 10 ** chance.randrange(1, 12)))


def _any_text(chance: Random, metadata: tuple[Any, ...]) -> str:
    pattern = "".join(getattr(note, "pattern", "") for note in metadata)
    if "[A-Z]{3}" in pattern:
        return "CNY"
    if "{4}-" in pattern:
        return "2024-02-29" if pattern.endswith("-\\d{2}-\\d{2}$") else "2024-02"
    if "b-hjkmnp-z" in pattern:
        return "wtmk72"
    if "{1,64}" in pattern:
        return "Zone/1+-_"
    least = max((note.min_length for note in metadata if isinstance(note, MinLen)), default=0)
    most = max((note.max_length for note in metadata if isinstance(note, MaxLen)), default=64)
    length = (least, most, 8)[chance.randrange(3)]
    return "".join(_CHARACTERS[chance.randrange(len(_CHARACTERS))] for _ in range(length))


class AnyJournal:
    """A source of events of a few customers, whose ids meet as often as chance has it."""

    def __init__(self, chance: Random, *, start_ms: int) -> None:
        self.chance = chance
        self.at_ms = start_ms
        # A journal of one topic, or of some kinds, gets further into each than one of all.
        only = (
            tuple(CONTRACTS)[chance.randrange(len(CONTRACTS))] if chance.randrange(4) == 0 else None
        )
        some = [
            pair for pair in MODELS if (only is None and chance.randrange(2)) or pair[0] is only
        ]
        self.models = some or list(MODELS)
        self.kindly = chance.randrange(2) == 1
        self.steps_ms = _HASTE_MS if chance.randrange(3) == 0 else _STEPS_MS
        self.sent: list[tuple[str, int]] = []
        self.decision_ids: list[str] = []

    def pass_time(self) -> int:
        """Let time go on by any step, rarely a leap; return the new time."""
        steps = _LEAPS_MS if self.chance.randrange(25) == 0 else self.steps_ms
        self.at_ms += steps[self.chance.randrange(len(steps))]
        return self.at_ms

    def event(self) -> tuple[Topic, str, dict[str, Any]]:
        """Return (topic, key, event): any event that the front door lets in now."""
        chance = self.chance
        topic, model = self.models[chance.randrange(len(self.models))]
        event: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            if not field.is_required() and chance.randrange(2):
                continue
            pool = _POOLS.get(name)
            if pool is not None and chance.randrange(20):
                event[name] = pool[chance.randrange(len(pool))]
            else:
                event[name] = any_value(chance, field.annotation, tuple(field.metadata))
        if self.kindly:
            event |= {name: value for name, value in _KINDLY.items() if name in model.model_fields}
            for word in ("feedback_type", "outcome_code"):
                if event.get(word) == "opt_out":  # for ever: nothing would follow
                    event[word] = "complaint"
        event["event_id"] = f"e-{len(self.sent)}"
        event["occurred_at_ms"] = self._occurred_ms()
        if self.sent:
            self._refer(event)
        self.sent.append((event["event_id"], event["occurred_at_ms"]))
        key = subject_of(adapter(topic).validate_json(json.dumps(event)))
        assert key is not None
        return topic, key, event

    def _occurred_ms(self) -> int:
        chance = self.chance
        match chance.randrange(6):
            case 0:
                return chance.randint(0, self.at_ms)
            case 1:
                return min(self.at_ms + chance.randint(0, AHEAD_MS), LATEST_MS - 1)
            case 2:
                return max(0, self.at_ms - chance.randint(0, 60 * DAY_MS))
            case _:
                return self.at_ms

    def _refer(self, event: dict[str, Any]) -> None:
        """Let the event name an earlier one: as its own id, as corrected, or a decision of ours."""
        chance = self.chance
        event_id, occurred_ms = self.sent[chance.randrange(len(self.sent))]
        if chance.randrange(15) == 0:
            event["event_id"] = event_id
        if event.get("corrects_event_id") is not None:
            event["corrects_event_id"] = event_id
            if chance.randrange(2) and event.get("corrects_occurred_at_ms") is not None:
                event["corrects_occurred_at_ms"] = occurred_ms
        if "decision_id" in event and self.decision_ids:
            event["decision_id"] = self.decision_ids[chance.randrange(len(self.decision_ids))]


def as_bytes(topic: Topic, event: dict[str, Any]) -> bytes:
    """Return the event's JSON, after its contract has said yes: a test of the tester."""
    raw = json.dumps(event).encode()
    adapter(topic).validate_json(raw)
    return raw
