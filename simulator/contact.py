"""What passes between the bank and the customer: profile, consents, visits, calls, complaints."""

from random import Random

from contracts.consents import ConsentDenied, ConsentGranted, ConsentWithdrawn, Purpose
from contracts.customers import CustomerClosed, CustomerProfile
from contracts.envelope import Envelope
from contracts.interactions import BranchVisit, CallHappened, Feedback, WecomHappened
from contracts.topics import Topic
from simulator.chance import around, happens, pick
from simulator.days import DAY_MS, MINUTE_MS, SATURDAY, SECOND_MS, Day
from simulator.outbox import Outbox
from simulator.people import Kind, Person

_GRANTS: dict[Purpose, float] = {
    "marketing_push": 0.88,
    "marketing_sms": 0.80,
    "marketing_call": 0.70,
    "marketing_wecom": 0.60,
    "personalised_recommendation": 0.90,
    "automated_decision": 0.93,
    "bureau_query": 0.75,
    "relation_use": 0.35,
}
_DENIES = 0.5  # of those who do not grant; the rest were never asked
_WITHDRAWS_PER_DAY = 0.0004
_LEAVES_PER_DAY = 0.0002
_VISITS_PER_DAY: dict[Kind, float] = {
    "salaried": 0.006,
    "sme_owner": 0.025,
    "merchant": 0.020,
    "young": 0.003,
    "retired": 0.045,
}
_OBJECTIONS = (
    ("no_need", 4.0),
    ("rate_high", 2.0),
    ("think_later", 3.0),
    ("has_other_bank", 1.5),
    ("privacy_worry", 0.7),
)
_SERVICES = (("other", 5.0), ("statement", 2.0), ("large_withdrawal", 1.0), ("large_deposit", 1.0))


class Contact:
    """The customer as the contact centre, the branches and the consent desk know them.

    Args:
        person: Who it is.
        random: The customer's chance for contact, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._granted: list[Purpose] = []

    def introduce(self, at_ms: int) -> None:
        """The profile and the consents, at the first sight of the customer or at the opening."""
        person, random = self._person, self._random
        opened_ms = at_ms
        if person.opens_on_day is None:
            opened_ms -= person.years_with_us * 365 * DAY_MS
        self._outbox.send(
            Topic.CUSTOMERS,
            CustomerProfile,
            at_ms,
            event_type="customer_profile",
            birth_year=person.birth_year,
            region_code="CN-ZJ",
            occupation_class=person.kind,
            employer_id=person.employer_id,
            kyc_level=person.kyc_level,
            has_account=True,
            opened_on_ms=max(opened_ms, 0),
            rm_id=person.rm_id,
            aum_minor=around(random, person.income_minor * 8 * person.thrift, 0.9),
        )
        for purpose, grants in _GRANTS.items():
            at_ms += SECOND_MS
            if happens(random, grants):
                self._granted.append(purpose)
                self._consent(ConsentGranted, "consent_granted", at_ms, purpose)
            elif happens(random, _DENIES):
                self._consent(ConsentDenied, "consent_denied", at_ms, purpose)

    def live(self, day: Day) -> bool:
        """Let a day pass; return false when the customer left the bank today."""
        random, person = self._random, self._person
        if happens(random, _WITHDRAWS_PER_DAY) and self._granted:
            purpose = self._granted.pop(random.randrange(len(self._granted)))
            self._consent(
                ConsentWithdrawn, "consent_withdrawn", day.between(random, 9, 21), purpose
            )
        if happens(random, _VISITS_PER_DAY[person.kind]) and day.weekday <= SATURDAY:
            self._visit(day.between(random, 9, 16))
        if person.rm_id is not None and happens(random, 0.015) and day.weekday < SATURDAY:
            self._call(day.between(random, 10, 18))
        if person.rm_id is not None and happens(random, 0.03):
            self._write(day.between(random, 9, 20))
        if happens(random, 0.0005):
            channel = random.choice(("sms", "branch", "app"))
            at_ms = day.between(random, 9, 20)
            self._interact(Feedback, "feedback", at_ms, feedback_type="complaint", channel=channel)
        return not happens(random, _LEAVES_PER_DAY)

    def allows(self, purpose: Purpose) -> bool:
        """Return whether the customer allows this today."""
        return purpose in self._granted

    def leave(self, at_ms: int) -> None:
        """The last account is closed."""
        self._outbox.send(Topic.CUSTOMERS, CustomerClosed, at_ms, event_type="customer_closed")

    def _consent(
        self, contract: type[Envelope], event_type: str, at_ms: int, purpose: Purpose
    ) -> None:
        self._outbox.send(
            Topic.CONSENTS,
            contract,
            at_ms,
            event_type=event_type,
            purpose=purpose,
            evidence_id=f"ev-{self._person.number:06}-{purpose}",
            effective_at_ms=at_ms,
        )

    def _visit(self, at_ms: int) -> None:
        wait_s = self._random.randrange(60, 2_400)
        service = pick(self._random, _SERVICES)
        for name, later_s in (
            ("ticket_taken", 0),
            ("served", wait_s),
            ("left", wait_s + self._random.randrange(120, 1_800)),
        ):
            self._interact(
                BranchVisit,
                "branch",
                at_ms + later_s * SECOND_MS,
                branch_event=name,
                service_type=service,
                queue_wait_s=min(later_s, wait_s),
            )

    def _call(self, at_ms: int) -> None:
        random = self._random
        self._interact(CallHappened, "call", at_ms, call_event="dialled")
        if not happens(random, 0.6):
            self._interact(
                Feedback,
                "feedback",
                at_ms + MINUTE_MS,
                feedback_type="no_answer",
                channel="call_centre",
            )
            return
        seconds = random.randrange(20, 400)
        objection = pick(random, _OBJECTIONS) if happens(random, 0.4) else None
        self._interact(CallHappened, "call", at_ms + 15 * SECOND_MS, call_event="connected")
        self._interact(
            CallHappened,
            "call",
            at_ms + (15 + seconds) * SECOND_MS,
            call_event="ended",
            duration_s=seconds,
            objection_code=objection,
        )
        if objection is not None and happens(random, 0.35):
            self._interact(
                Feedback,
                "feedback",
                at_ms + (20 + seconds) * SECOND_MS,
                feedback_type="rejected",
                channel="call_centre",
                objection_code=objection,
            )

    def _write(self, at_ms: int) -> None:
        rm_id = self._person.rm_id
        self._interact(WecomHappened, "wecom", at_ms, wecom_event="message_out", rm_id=rm_id)
        if happens(self._random, 0.4):
            answer_ms = at_ms + self._random.randrange(MINUTE_MS, 300 * MINUTE_MS)
            self._interact(WecomHappened, "wecom", answer_ms, wecom_event="message_in", rm_id=rm_id)

    def _interact(
        self, contract: type[Envelope], event_type: str, at_ms: int, **fields: object
    ) -> None:
        self._outbox.send(Topic.INTERACTIONS, contract, at_ms, event_type=event_type, **fields)
