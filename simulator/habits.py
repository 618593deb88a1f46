"""The ordinary money of a day: wages, takings, rent, shopping; bent by needs and by hardship."""

from functools import partial
from random import Random

from contracts.transactions import PurposeClass
from simulator.agenda import Agenda
from simulator.chance import around, happens, how_many, pick
from simulator.days import Day
from simulator.hardship import Hardship
from simulator.needs import Cause, Needs
from simulator.people import Person
from simulator.purse import Movement, Purse

_TAX_DAY = 14
_ELSEWHERE = "bank-0308"
_HIDES_PER_DAY = 0.12
_LEAST_TRADE = 0.1
"""Of a business that shrinks for years: below it the line of its trend would cross zero."""
_BUSINESS = {"merchant", "sme_owner"}
_SHOPS: tuple[tuple[PurposeClass, float], ...] = (
    ("other", 16.0),
    ("travel", 0.4),
    ("medical", 0.5),
    ("education", 0.3),
    ("insurance", 0.2),
)
_TRACES: dict[Cause, tuple[PurposeClass, float]] = {
    # What is bought before the loan, and how often a day when the need is strongest.
    "renovation": ("renovation", 0.20),
    "vehicle": ("vehicle", 0.10),
    "education": ("education", 0.12),
    "travel": ("travel", 0.15),
}


class Habits:
    """Plans the postings of a day.

    A strong need leaves traces: small purchases for its cause, larger supplier payments before a
    season, weaker takings in a cash gap. Hardship cuts the income, and may bring gambling.

    Args:
        person: Whose habits.
        random: The customer's chance for habits, used for nothing else.
        purse: The account that the money moves on.
    """

    def __init__(self, person: Person, random: Random, purse: Purse) -> None:
        self._person = person
        self._random = random
        self._purse = purse
        self._rents = person.kind == "merchant" or happens(random, 0.45)
        self._banks_elsewhere = happens(random, 0.25)
        self._trend = random.uniform(-0.0012, 0.0020)  # growth of a business, per day

    def plan(self, day: Day, agenda: Agenda, needs: Needs, hardship: Hardship) -> None:
        """Put today's postings on the agenda."""
        if self._person.kind in _BUSINESS:
            self._plan_business(day, agenda, needs, hardship)
        else:
            self._plan_income(day, agenda, hardship)
        self._plan_bills(day, agenda)
        self._plan_shopping(day, agenda, needs, hardship)
        self._plan_cash(day, agenda, hardship)

    def _plan_income(self, day: Day, agenda: Agenda, hardship: Hardship) -> None:
        person = self._person
        if day.day_of_month != person.salary_day:
            return
        amount = int(around(self._random, person.income_minor, 0.04) * hardship.income_factor)
        if person.kind == "retired":
            money = _money(amount, "pension", "gov-pensions", "government")
        else:
            money = _money(amount, "salary", person.employer_id, "enterprise")
        agenda.add(day.between(self._random, 8, 10), partial(self._purse.receive, money=money))
        if person.kind == "salaried":
            part = _money(amount // 12 + 1, "social_insurance", "gov-social", "government")
            self._spend(day, agenda, 10, part)

    def _plan_business(self, day: Day, agenda: Agenda, needs: Needs, hardship: Hardship) -> None:
        person, random = self._person, self._random
        level = needs.level(day)
        cause = None if needs.current is None else needs.current.cause
        factor = hardship.income_factor * max(_LEAST_TRADE, 1.0 + self._trend * day.number)
        factor *= 1.0 - 0.6 * level if cause == "cash_gap" else 1.0
        is_shop = person.kind == "merchant"
        kind, channel = ("person", "qr") if is_shop else ("enterprise", "wire")
        for _ in range(how_many(random, 2.2 if is_shop else 0.5)):
            middle = person.income_minor * 1.8 / (66.0 if is_shop else 15.0)
            amount = int(around(random, middle, 0.8) * factor) + 1
            payer = f"k-{person.number:06}-{random.randrange(30)}"
            money = _money(amount, "customer_receipt", payer, kind, channel)
            agenda.add(day.between(random, 8, 21), partial(self._purse.receive, money=money))
        if happens(random, 0.22):
            stocking = 1.0 + 1.2 * level if cause == "stocking" else 1.0
            amount = int(around(random, person.income_minor * 0.16, 0.4) * factor * stocking) + 1
            supplier = f"s-{person.number:06}-{random.randrange(4)}"
            money = _money(amount, "supplier_payment", supplier, "enterprise", "wire")
            self._spend(day, agenda, 10, money)
        if day.day_of_month == _TAX_DAY:
            tax = _money(person.income_minor // 25, "tax", "gov-tax", "government")
            self._spend(day, agenda, 11, tax)

    def _plan_bills(self, day: Day, agenda: Agenda) -> None:
        person, income = self._person, self._person.income_minor
        if day.day_of_month == 1 + person.number % 5 and self._rents:
            landlord = f"l-{person.number:06}"
            self._spend(day, agenda, 9, _money(int(income * 0.22), "rent", landlord, "person"))
        if day.day_of_month == 18 + person.number % 7:
            bill = around(self._random, 25_000, 0.6)
            self._spend(day, agenda, 7, _money(bill, "utilities", "utility-1", "enterprise"))
        if day.day_of_month == person.salary_day + 1 and self._banks_elsewhere:
            part, own = int(income * person.thrift), f"own-{person.number:06}"
            there = _money(part, "own_transfer", own, "self", "mobile", bank_code=_ELSEWHERE)
            self._spend(day, agenda, 20, there)

    def _plan_shopping(self, day: Day, agenda: Agenda, needs: Needs, hardship: Hardship) -> None:
        person, random = self._person, self._random
        share = 0.68 if person.kind in _BUSINESS else 0.88 - 0.22 * self._rents
        a_day = person.income_minor * (share - person.thrift) / 30.0
        for _ in range(how_many(random, person.spends_per_day)):
            purpose = pick(random, _SHOPS)
            amount = around(random, a_day / person.spends_per_day, 0.8)
            channel = random.choice(("pos", "qr", "mobile"))
            shop = f"m-{random.randrange(400):03}"
            self._spend(day, agenda, 7, _money(amount, purpose, shop, "merchant", channel))
        if needs.current is not None and needs.current.cause in _TRACES:
            purpose, at_most = _TRACES[needs.current.cause]
            if happens(random, at_most * needs.level(day)):
                amount = around(random, needs.current.amount_minor * 0.015, 0.7)
                shop = f"m-{random.randrange(400, 500)}"
                self._spend(day, agenda, 9, _money(amount, purpose, shop, "merchant", "pos"))
        if hardship.gambles and happens(random, 0.3):
            stake = around(random, person.income_minor * 0.03, 0.8)
            bet = _money(stake, "gambling_like", "g-1", "platform", "mobile")
            self._spend(day, agenda, 15, bet)

    def _plan_cash(self, day: Day, agenda: Agenda, hardship: Hardship) -> None:
        """In trouble people take their money out before anyone else does."""
        if hardship.is_on and happens(self._random, _HIDES_PER_DAY):
            part = int(self._purse.balance_minor * self._random.uniform(0.4, 0.9))
            if part > 0:
                self._spend(day, agenda, 9, _money(part, "other", None, None, "atm"))

    def _spend(self, day: Day, agenda: Agenda, from_hour: int, money: Movement) -> None:
        # What the balance does not cover is not bought.
        at_ms = day.between(self._random, from_hour, from_hour + 3)
        agenda.add(at_ms, partial(self._purse.pay, money=money))


def _money(
    amount_minor: int,
    purpose: PurposeClass,
    party_id: str | None,
    kind: str | None,
    channel: str = "batch",
    *,
    bank_code: str | None = None,
) -> Movement:
    return Movement(
        amount_minor=amount_minor,
        purpose=purpose,
        party_id=party_id,
        party_kind=kind,
        channel=channel,
        bank_code=bank_code,
    )
