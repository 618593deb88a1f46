"""What the bank's systems say about one customer, and how late and how often they say it."""

from random import Random

from contracts.decode import subject_of
from contracts.envelope import Envelope
from contracts.recorded import RecordedEvent
from contracts.topics import Topic
from simulator.chance import happens
from simulator.days import HOUR_MS, MINUTE_MS
from simulator.people import Person

SYSTEMS: dict[Topic, str] = {
    Topic.CUSTOMERS: "crm",
    Topic.CONSENTS: "consent-desk",
    Topic.LOAN_EVENTS: "loan-core",
    Topic.TRANSACTIONS: "core-banking",
    Topic.APP_EVENTS: "mobile-app",
    Topic.INTERACTIONS: "contact-centre",
    Topic.RELATIONS: "relation-graph",
    Topic.SIGNALS: "signal-hub",
}
_LATE: dict[Topic, tuple[float, int, int]] = {
    # The chance to be late, and by how much: offline terminals, phones without a network.
    Topic.TRANSACTIONS: (0.02, HOUR_MS, 20 * HOUR_MS),
    Topic.APP_EVENTS: (0.01, 5 * MINUTE_MS, 4 * HOUR_MS),
}
_TWICE = 0.003


class Outbox:
    """Turns what happens to a customer into valid source events, with the flaws of real feeds.

    Most events are known within three seconds; some transactions and app events are known hours
    later, and a few of any kind arrive twice: the same id, the same body.

    Args:
        person: Whose events these are.
        random: The customer's chance for lags and repeats, used for nothing else.
        mark: Tells the ids of one of the customer's outboxes from those of another.
    """

    def __init__(self, person: Person, random: Random, *, mark: str = "") -> None:
        self._person = person
        self._random = random
        self._mark = mark
        self._number = 0
        self._events: list[RecordedEvent] = []

    def send(self, topic: Topic, contract: type[Envelope], at_ms: int, **fields: object) -> str:
        """Send an event of this customer that happened at `at_ms`, and return its id."""
        return self._send(topic, contract, at_ms, self._person.customer_id, fields)

    def send_unowned(
        self, topic: Topic, contract: type[Envelope], at_ms: int, **fields: object
    ) -> None:
        """Send an event of another subject: a device, an enterprise, an end of a relation."""
        self._send(topic, contract, at_ms, None, fields)

    def take(self) -> list[RecordedEvent]:
        """Return what was sent since the last time."""
        taken, self._events = self._events, []
        return taken

    def _send(
        self,
        topic: Topic,
        contract: type[Envelope],
        at_ms: int,
        customer_id: str | None,
        fields: dict[str, object],
    ) -> str:
        person = self._person
        event_id = f"{person.customer_id}-{self._mark}{self._number:x}"
        self._number += 1
        event = contract.model_validate(
            {
                "event_id": event_id,
                "occurred_at_ms": at_ms,
                "source_system": SYSTEMS[topic],
                "branch_path": person.branch_path,
                "customer_id": customer_id,
                **fields,
            }
        )
        value = event.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        recorded = RecordedEvent(
            topic=topic,
            key=subject_of(event),
            known_at_ms=at_ms + self._lag_ms(topic),
            value=value,
        )
        self._events.append(recorded)
        if happens(self._random, _TWICE):
            again_ms = recorded.known_at_ms + self._random.randrange(MINUTE_MS, 6 * HOUR_MS)
            self._events.append(recorded.model_copy(update={"known_at_ms": again_ms}))
        return event_id

    def _lag_ms(self, topic: Topic) -> int:
        if topic in _LATE:
            chance, least_ms, most_ms = _LATE[topic]
            if happens(self._random, chance):
                return self._random.randrange(least_ms, most_ms)
        return self._random.randrange(200, 3_000)
