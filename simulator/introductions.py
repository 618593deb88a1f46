"""Who brings whom: customers who invite a friend, and partners who hand over a lead."""

from random import Random

from contracts.relations import ReferralStep
from contracts.signals import ExternalLead
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import happens
from simulator.days import DAY_MS, HOUR_MS, Day
from simulator.edges import Edge, Ties
from simulator.outbox import Outbox
from simulator.people import Person

_INVITES_PER_DAY = 0.0015
_STEPS: tuple[tuple[str, float, int], ...] = (
    # The step, the chance that it follows the one before, and after how many days at most.
    ("clicked", 0.6, 2),
    ("registered", 0.5, 3),
    ("applied", 0.4, 10),
    ("approved", 0.6, 3),
    ("drawn", 0.7, 10),
    ("qualified", 0.8, 40),
)
_LED_BY_A_PARTNER = 0.5
_LEAD_DAYS = 6


class Invitations:
    """The customer's invitations; a friend is a token, and mostly stays one.

    Args:
        person: Who invites.
        random: The customer's chance for invitations, used for nothing else.
        outbox: Where the events go.
        ties: Told of a friend who registered.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox, ties: Ties) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._ties = ties
        self._number = 0

    def plan(self, day: Day, agenda: Agenda) -> None:
        """Perhaps invite somebody today; the steps that follow are put on the agenda."""
        random = self._random
        if not happens(random, _INVITES_PER_DAY):
            return
        self._number += 1
        at_ms = day.between(random, 9, 22)
        steps = [("invited", at_ms)]
        for step, follows, days in _STEPS:
            if not happens(random, follows):
                break
            at_ms += random.randrange(HOUR_MS, days * DAY_MS)
            steps.append((step, at_ms))
        friend = f"rf-{self._person.number:06}-{self._number}"
        for step, when_ms in steps:
            self._put(agenda, when_ms, step, friend)

    def _put(self, agenda: Agenda, at_ms: int, step: str, friend: str) -> None:
        def happen(now_ms: int) -> None:
            self._outbox.send(
                Topic.RELATIONS,
                ReferralStep,
                now_ms,
                event_type="referral_step",
                source_system="campaigns",
                campaign_id="mgm-1",
                invite_code=f"iv-{self._person.number:06}",
                referee_token=friend,
                step=step,
            )
            if step == "registered":
                self._ties.add(now_ms, _referral(self._person.customer_id, friend))

        agenda.add(at_ms, happen)


def _referral(customer_id: str, friend: str) -> Edge:
    return Edge(
        kind="referral",
        node=customer_id,
        node_kind="customer",
        other=friend,
        other_kind="customer",
        source="campaigns",
        uses=("marketing", "fraud"),
    )


class Lead:
    """How a partner leads somebody to the bank, some days before an account is opened.

    Args:
        person: Who opens an account later; for all others nothing happens.
        random: The customer's chance for leads, used for nothing else.
        outbox: Where the event goes.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        led, days = happens(random, _LED_BY_A_PARTNER), random.randint(1, _LEAD_DAYS)
        opens_on = person.opens_on_day
        self._on_day = max(0, opens_on - days) if opens_on is not None and led else None

    def live(self, day: Day) -> None:
        """Let a day pass before the account is opened."""
        if day.number != self._on_day:
            return
        self._outbox.send_unowned(
            Topic.SIGNALS,
            ExternalLead,
            day.between(self._random, 9, 22),
            event_type="external_lead",
            source_system="partners",
            lead_token=f"ld-{self._person.number:06}",
            partner_id=f"pt-{self._person.number % 3}",
            lead_source="loan-market",
            campaign_id="lead-1",
            consent_evidence_id=f"ev-{self._person.number:06}-lead",
            intent_product="consumer_loan",
        )
