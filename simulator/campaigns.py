"""A campaign with a control: every thirty days a coin says who is contacted of those who may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from contracts.interactions import CampaignAssigned, Feedback
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import happens
from simulator.days import MINUTE_MS, Day
from simulator.outbox import Outbox
from simulator.people import Kind, Person
from simulator.reaction import Reaction

EVERY_DAYS = 30
"""Days between two drawings of one customer: the effect of the last one is over by then."""

_CONTACTED_MICRO: Mapping[Kind, int] = {
    "salaried": 500_000,
    "sme_owner": 600_000,
    "merchant": 600_000,
    "young": 500_000,
    "retired": 300_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One drawing of the coin.

    Attributes:
        at_ms: When the contact was made, or would have been.
        treated: Whether it was made.
        selection_prob_micro: How likely that was, in millionths.
    """

    customer_id: str
    day: int
    at_ms: int
    treated: bool
    selection_prob_micro: int


class Campaigns:
    """The drawings of one customer, and the messages that follow from them.

    Everyone has a fixed day in thirty. Who does not allow messages by SMS then, or owes, or has
    asked, is not drawn: control and contacted are alike in everything but the coin.

    Args:
        person: Who it is.
        random: The customer's chance for campaigns, used for nothing else.
        outbox: Where the events go.
        reaction: What a contact does.
        instead: Drawings that are to come out otherwise than the coin says, by their number: the
            same life with one contact more or less shows what that contact does.
    """

    def __init__(
        self,
        person: Person,
        random: Random,
        outbox: Outbox,
        reaction: Reaction,
        *,
        instead: Mapping[int, bool],
    ) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._reaction = reaction
        self._instead = instead
        self.drawings: list[Drawing] = []

    def plan(self, day: Day, agenda: Agenda, *, may: bool) -> None:
        """Draw, if it is this customer's day and the customer may be contacted."""
        if day.number % EVERY_DAYS != self._person.number % EVERY_DAYS:
            return
        prob_micro = _CONTACTED_MICRO[self._person.kind]
        heads = happens(self._random, prob_micro / 1_000_000)
        at_ms = day.between(self._random, 10, 19)
        if not may:
            return
        treated = self._instead.get(len(self.drawings), heads)
        drawing = Drawing(
            customer_id=self._person.customer_id,
            day=day.number,
            at_ms=at_ms,
            treated=treated,
            selection_prob_micro=prob_micro if treated else 1_000_000 - prob_micro,
        )
        self.drawings.append(drawing)
        agenda.add(at_ms, lambda now_ms: self._tell(now_ms, drawing))
        if treated:
            self._reaction.contacted(day)
            agenda.add(at_ms + MINUTE_MS, self._send)

    def _tell(self, at_ms: int, drawing: Drawing) -> None:
        self._outbox.send(
            Topic.INTERACTIONS,
            CampaignAssigned,
            at_ms,
            event_type="campaign",
            source_system="campaigns",
            campaign_id=f"sms-{drawing.day // EVERY_DAYS}",
            treated=drawing.treated,
            selection_prob_micro=drawing.selection_prob_micro,
        )

    def _send(self, at_ms: int) -> None:
        self._outbox.send(
            Topic.INTERACTIONS,
            Feedback,
            at_ms,
            event_type="feedback",
            source_system="campaigns",
            feedback_type="sent",
            channel="sms",
        )
