"""The credit bureau: asked at an application and once a month, with the customer's consent only."""

from functools import partial
from random import Random

from contracts.signals import BureauReport
from contracts.topics import Topic
from simulator.chance import happens
from simulator.contact import Contact
from simulator.days import DAY_MS, MINUTE_MS, Day
from simulator.lenders import OtherLenders
from simulator.outbox import Outbox
from simulator.people import Person

_EVERY_DAYS = 30
_MONTH_MS = 30 * DAY_MS
_FRAIL = 0.45
_WAS_LATE = 0.3


class Bureau:
    """Reports on one customer: what other lenders know of the same latent life.

    Args:
        person: On whom.
        random: The customer's chance for reports, used for nothing else.
        outbox: Where the reports go.
        contact: Knows whether the customer allows it.
        lenders: Whom else the customer owes.
    """

    def __init__(
        self,
        person: Person,
        random: Random,
        outbox: Outbox,
        *,
        contact: Contact,
        lenders: OtherLenders,
    ) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._contact = contact
        self._lenders = lenders
        was_late = happens(random, _WAS_LATE) and person.frailty > _FRAIL
        self._worst_dpd_days = random.randint(15, 120) if was_late else 0
        self._asked_ms: list[int] = []

    def plan(self, day: Day) -> int | None:
        """Return the moment of today's look at an existing customer, or none."""
        if day.number % _EVERY_DAYS == 1 + self._person.number % (_EVERY_DAYS - 2):
            return day.between(self._random, 8, 20)
        return None

    def review(self, at_ms: int) -> None:
        """Ask as the lender who looks after a customer: the bureau does not count that."""
        if self._contact.allows("bureau_query"):
            self._report(at_ms)

    def apply(self, at_ms: int) -> None:
        """Ask because of an application: the bureau counts that."""
        if self._contact.allows("bureau_query"):
            self._asked_ms.append(at_ms)
            self._report(at_ms + MINUTE_MS)

    def _report(self, at_ms: int) -> None:
        number, lenders = self._person.number, self._lenders
        recently = partial(_within, at_ms=at_ms)
        self._outbox.send(
            Topic.SIGNALS,
            BureauReport,
            at_ms,
            event_type="bureau_report",
            source_system="bureau",
            authorization_id=f"ev-{number:06}-bureau_query",
            report_time_ms=at_ms,
            query_cnt_30d=sum(map(recently, (*self._asked_ms, *lenders.asked_ms))),
            ext_lender_cnt=lenders.owed_to,
            ext_outstanding_minor=max(0, lenders.outstanding_minor),
            ext_monthly_due_minor=lenders.due_minor,
            max_dpd_24m_days=self._worst_dpd_days,
            permitted_use=("credit", "fraud"),
        )


def _within(asked_ms: int, *, at_ms: int) -> bool:
    return at_ms - _MONTH_MS < asked_ms <= at_ms
