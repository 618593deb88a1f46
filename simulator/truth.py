"""What nobody at the bank can know: what each contact of a campaign did, and its absence would."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO

from contracts.recorded import RecordedEvent
from contracts.topics import Topic
from simulator.campaigns import Drawing
from simulator.customer import Customer
from simulator.days import DAY_MS, Day
from simulator.people import person
from simulator.reaction import pull_of

HORIZON_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One drawing of a campaign, with both of its outcomes: a loan drawn within 30 days or not.

    Attributes:
        customer_id: Who was drawn.
        at_ms: When the contact was made, or would have been.
        treated: Whether it was made.
        selection_prob_micro: How likely that was, in millionths.
        pull_ratio: What a contact does to this customer (see `simulator.reaction`).
        drawn_if_contacted: The outcome with the contact.
        drawn_if_left_alone: The outcome of the same life without it.
    """

    customer_id: str
    at_ms: int
    treated: bool
    selection_prob_micro: int
    pull_ratio: float
    drawn_if_contacted: bool
    drawn_if_left_alone: bool

    @property
    def drawn(self) -> bool:
        """What happened."""
        return self.drawn_if_contacted if self.treated else self.drawn_if_left_alone

    @property
    def effect(self) -> int:
        """What the contact changes: 1 brings a loan, -1 costs one."""
        return int(self.drawn_if_contacted) - int(self.drawn_if_left_alone)


def truths(*, seed: int, customers: int, days: int, start_ms: int) -> Iterator[Truth]:
    """Yield every drawing whose 30 days are over within the days, customer by customer.

    A customer's life is lived once as it was, and once more for each drawing, with that one coin
    the other way round; everything before it is the same to the bit, and so is the customer's
    chance. The arguments are those of `simulate(..., campaigns=True)`.
    """
    for number in range(customers):
        someone = person(seed=seed, number=number, start_ms=start_ms, days=days)
        as_it_was = Customer(someone, seed=seed, campaigns=True)
        events = _lived(as_it_was, start_ms, days)
        pull = pull_of(someone, seed=seed)
        for index, drawing in enumerate(as_it_was.drawings):
            until = drawing.day + HORIZON_DAYS + 1
            if until > days:
                break
            instead = {index: not drawing.treated}
            other = Customer(someone, seed=seed, campaigns=True, instead=instead)
            outcomes = {
                drawing.treated: _drew(events, drawing),
                not drawing.treated: _drew(_lived(other, start_ms, until), drawing),
            }
            yield Truth(
                customer_id=drawing.customer_id,
                at_ms=drawing.at_ms,
                treated=drawing.treated,
                selection_prob_micro=drawing.selection_prob_micro,
                pull_ratio=pull,
                drawn_if_contacted=outcomes[True],
                drawn_if_left_alone=outcomes[False],
            )


def write_truths(truth: Iterable[Truth], file: BinaryIO) -> int:
    """Write one drawing a line as JSON, with its effect, and return how many there were."""
    count = 0
    for count, one in enumerate(truth, start=1):  # noqa: B007 - the count is the answer
        line = json.dumps({**asdict(one), "effect": one.effect}, separators=(",", ":"))
        file.write(line.encode() + b"\n")
    return count


def _lived(life: Customer, start_ms: int, days: int) -> list[RecordedEvent]:
    """Live the days and return what the loan system said."""
    told = []
    for number in range(days):
        day = Day.of(first_ms=start_ms, number=number)
        told += [event for event in life.live(day) if event.topic is Topic.LOAN_EVENTS]
    return told


def _drew(events: Sequence[RecordedEvent], drawing: Drawing) -> bool:
    """Return whether a loan was drawn within the horizon, and kept beyond the cooling-off days."""
    last_ms = drawing.at_ms + HORIZON_DAYS * DAY_MS
    drawn, undone = set(), set()
    for event in events:
        value = event.value
        if value["event_type"] != "loan_disbursement":
            continue
        if value.get("stage_status") == "cancelled":
            undone.add(value["loan_id"])
        elif drawing.at_ms < value["occurred_at_ms"] <= last_ms:
            drawn.add(value["loan_id"])
    return bool(drawn - undone)
