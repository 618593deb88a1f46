"""From a limit to the last instalment: drawdown at once, later or never; paying, falling behind."""

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from contracts.envelope import Envelope
from contracts.loan_events import (
    CollectionStage,
    CreditLineStage,
    DisbursementStage,
    MonitoringStage,
    PaymentStage,
)
from contracts.topics import Topic
from contracts.transactions import PurposeClass
from simulator.chance import around, happens
from simulator.days import DAY_MS, HOUR_MS, MINUTE_MS
from simulator.life import Life
from simulator.needs import Cause
from simulator.purse import Movement

_DRAWS_AT_ONCE = 0.55
_DRAWS_LATER = 0.27
_LINE_DAYS = 45
_COOL_OFF = 0.02
_PAYS_EARLY = 0.15
_TOLD_AT_DPD_DAYS = frozenset({1, 3, 7, 15, 30, 45, 60, 90, 120, 150})
_COLLECTED_AT_DPD_DAYS = 60
_MONTH_MS = 30 * DAY_MS
_SPENT_ON: dict[Cause, PurposeClass] = {
    "renovation": "renovation",
    "vehicle": "vehicle",
    "education": "education",
    "travel": "travel",
    "stocking": "supplier_payment",
    "cash_gap": "supplier_payment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was signed."""

    application_id: str
    limit_minor: int
    apr_all_in_bps: int
    term_months: int


@dataclass(slots=True, kw_only=True)
class _Running:
    """A loan that runs: what is owed in instalments that stay the same."""

    terms: Terms
    loan_id: str
    drawn_minor: int
    instalments_left: int
    instalment_minor: int
    due_ms: int
    in_collection: bool = False


class Loans:
    """The customer's limit and loan at this bank, one at a time.

    An instalment is due every 30 days and is taken from the account when the balance covers it;
    until it does, the loan is past due, and the bank is told at certain numbers of days.

    Args:
        life: The customer.
        random: The customer's chance for loans, used for nothing else.
    """

    def __init__(self, life: Life, random: Random) -> None:
        self._life = life
        self._random = random
        self._number = 0
        self.is_open = False

    def grant(self, at_ms: int, terms: Terms) -> None:
        """Open the limit; the customer draws at once, some days later, or never."""
        self.is_open = True
        self._line(at_ms, terms, "passed")
        fate = self._random.random()
        if fate < _DRAWS_AT_ONCE:
            wait_ms = self._random.randrange(2 * MINUTE_MS, 3 * HOUR_MS)
        elif fate < _DRAWS_AT_ONCE + _DRAWS_LATER:
            wait_ms = self._random.randrange(DAY_MS, 25 * DAY_MS)
        else:
            self._life.agenda.add(at_ms + _LINE_DAYS * DAY_MS, lambda t: self._lapse(t, terms))
            return
        self._life.agenda.add(at_ms + wait_ms, lambda t: self._draw(t, terms))

    def _lapse(self, at_ms: int, terms: Terms) -> None:
        self._line(at_ms, terms, "cancelled")
        self.is_open = False

    def _draw(self, at_ms: int, terms: Terms) -> None:
        self._number += 1
        drawn_minor = int(terms.limit_minor * self._random.choice((1.0, 1.0, 0.8, 0.5)))
        interest_minor = drawn_minor * terms.apr_all_in_bps * terms.term_months // 240_000
        loan = _Running(
            terms=terms,
            loan_id=f"ln-{self._life.person.number:06}-{self._number}",
            drawn_minor=drawn_minor,
            instalments_left=terms.term_months,
            instalment_minor=(drawn_minor + interest_minor) // terms.term_months,
            due_ms=at_ms + _MONTH_MS,
        )
        owed = drawn_minor + interest_minor
        self._tell(DisbursementStage, at_ms, loan, drawn_minor=drawn_minor, outstanding_minor=owed)
        if happens(self._random, _COOL_OFF):
            self._life.agenda.add(
                at_ms + self._random.randrange(HOUR_MS, 3 * DAY_MS), lambda t: self._undo(t, loan)
            )
            return
        self._life.purse.receive(at_ms + 1, _own(drawn_minor, "other"))
        self._spend(at_ms, drawn_minor)
        self._life.needs.met()
        self._life.agenda.add(loan.due_ms, lambda t: self._collect(t, loan))

    def _undo(self, at_ms: int, loan: _Running) -> None:
        self._tell(DisbursementStage, at_ms, loan, status="cancelled", drawn_minor=loan.drawn_minor)
        self.is_open = False

    def _spend(self, at_ms: int, drawn_minor: int) -> None:
        need, random = self._life.needs.current, self._random
        purpose = "other" if need is None else _SPENT_ON[need.cause]
        for _ in range(3):
            part = around(random, drawn_minor * 0.29, 0.15)
            party = f"m-{random.randrange(500, 600)}"
            money = Movement(
                amount_minor=part,
                purpose=purpose,
                party_id=party,
                party_kind="enterprise",
                channel="wire",
            )
            spent_ms = at_ms + random.randrange(HOUR_MS, 12 * DAY_MS)
            self._life.agenda.add(spent_ms, partial(self._life.purse.pay, money=money))

    def _collect(self, at_ms: int, loan: _Running) -> None:
        """Take the instalment that is due, or try again tomorrow."""
        dpd_days = (at_ms - loan.due_ms) // DAY_MS
        early = loan.instalments_left > 1 and happens(self._random, _PAYS_EARLY)
        count = loan.instalments_left if early and dpd_days == 0 else 1
        amount = loan.instalment_minor * count
        paid = self._life.purse.pay(at_ms, _own(amount, "loan_repayment_own"))
        if not paid and count == 1:
            self._fall_behind(at_ms, loan, dpd_days)
            return
        if paid:
            loan.instalments_left -= count
            self._paid(at_ms, loan, dpd_days)
        if loan.instalments_left == 0:
            self.is_open = False
            return
        loan.due_ms += _MONTH_MS if paid else 0
        self._life.agenda.add(max(loan.due_ms, at_ms + DAY_MS), lambda t: self._collect(t, loan))

    def _paid(self, at_ms: int, loan: _Running, dpd_days: int) -> None:
        outstanding = loan.instalment_minor * loan.instalments_left
        self._tell(PaymentStage, at_ms + 1, loan, outstanding_minor=outstanding)
        current = loan.due_ms + _MONTH_MS > at_ms
        if current and (dpd_days > 0 or happens(self._random, 0.3)):
            self._tell(MonitoringStage, at_ms + 2, loan, dpd_days=0)
        if current and loan.in_collection:
            loan.in_collection = False
            self._tell(CollectionStage, at_ms + 3, loan, dpd_days=0)

    def _fall_behind(self, at_ms: int, loan: _Running, dpd_days: int) -> None:
        if dpd_days in _TOLD_AT_DPD_DAYS:
            self._tell(MonitoringStage, at_ms, loan, status="entered", dpd_days=dpd_days)
        if dpd_days >= _COLLECTED_AT_DPD_DAYS and not loan.in_collection:
            loan.in_collection = True
            self._tell(CollectionStage, at_ms + 1, loan, status="entered", dpd_days=dpd_days)
        self._life.agenda.add(at_ms + DAY_MS, lambda t: self._collect(t, loan))

    def _line(self, at_ms: int, terms: Terms, status: str) -> None:
        self._life.outbox.send(
            Topic.LOAN_EVENTS,
            CreditLineStage,
            at_ms,
            event_type="loan_credit_line",
            loan_stage="credit_line",
            stage_status=status,
            application_id=terms.application_id,
            approved_limit_minor=terms.limit_minor,
            apr_all_in_bps=terms.apr_all_in_bps,
            term_months=terms.term_months,
        )

    def _tell(
        self,
        contract: type[Envelope],
        at_ms: int,
        loan: _Running,
        *,
        status: str = "passed",
        **fields: object,
    ) -> None:
        shared: dict[str, Any] = {
            "event_type": f"loan_{_STAGE_OF[contract]}",
            "loan_stage": _STAGE_OF[contract],
            "stage_status": status,
            "application_id": loan.terms.application_id,
            "loan_id": loan.loan_id,
            "apr_all_in_bps": loan.terms.apr_all_in_bps,
            "term_months": loan.terms.term_months,
        }
        self._life.outbox.send(Topic.LOAN_EVENTS, contract, at_ms, **shared, **fields)


_STAGE_OF: dict[type[Envelope], str] = {
    DisbursementStage: "disbursement",
    PaymentStage: "payment",
    MonitoringStage: "monitoring",
    CollectionStage: "collection",
}


def _own(amount_minor: int, purpose: PurposeClass) -> Movement:
    return Movement(
        amount_minor=amount_minor, purpose=purpose, party_id="own-bank", party_kind="bank"
    )
