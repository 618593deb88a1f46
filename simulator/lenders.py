"""Other lenders: where a need goes that this bank was not asked for, or turned away."""

from functools import partial
from random import Random

from contracts.transactions import PurposeClass
from simulator.chance import around, happens
from simulator.days import DAY_MS, Day
from simulator.life import Life
from simulator.purse import Movement

_ASKS_PER_DAY = 0.10
_DESPERATE_PER_DAY = 0.035
_MOST_LENDERS = 6


class OtherLenders:
    """The customer's loans elsewhere: the bank sees the money come, and the instalments go.

    Args:
        life: The customer.
        random: The customer's chance for other lenders, used for nothing else.

    Attributes:
        owed_to: How many loans run.
        due_minor: What all of them ask for in a month, in fen.
        outstanding_minor: What is still to be repaid, in fen.
        asked_ms: When a lender asked the bureau, in order; epoch milliseconds.
    """

    def __init__(self, life: Life, random: Random) -> None:
        self._life = life
        self._random = random
        self.owed_to = 0
        self.due_minor = 0
        self.outstanding_minor = 0
        self.asked_ms: list[int] = []

    def plan(self, day: Day, *, turned_away: bool) -> None:
        """Perhaps borrow today: for a ripe need that this bank does not meet, or out of hardship.

        Args:
            day: Today.
            turned_away: Whether this bank refused lately.
        """
        life, random = self._life, self._random
        if life.person.is_minor or self.owed_to >= _MOST_LENDERS:
            return
        need = life.needs.current
        elsewhere = need is not None and (turned_away or not need.ours_first)
        if need is not None and elsewhere:
            if happens(random, _ASKS_PER_DAY * life.needs.level(day)):
                borrow = partial(self._borrow, amount_minor=need.amount_minor)
                life.agenda.add(day.between(random, 9, 22), borrow)
                life.needs.met()
        elif life.hardship.is_on and happens(random, _DESPERATE_PER_DAY):
            small = around(random, life.person.income_minor * 0.4, 0.5)
            life.agenda.add(day.between(random, 0, 24), partial(self._borrow, amount_minor=small))

    def _borrow(self, at_ms: int, amount_minor: int) -> None:
        lender = f"ol-{self._random.randrange(25):02}"
        self.owed_to += 1
        self._life.purse.receive(at_ms, _wire(amount_minor, "loan_inflow_external", lender))
        months = self._random.choice((6, 9, 12))
        due_minor = int(amount_minor * 1.06) // months
        self.asked_ms.append(at_ms)
        self.due_minor += due_minor
        self.outstanding_minor += due_minor * months
        for month in range(1, months + 1):
            repay = partial(self._repay, due_minor=due_minor, lender=lender, last=month == months)
            self._life.agenda.add(at_ms + month * 30 * DAY_MS, repay)

    def _repay(self, at_ms: int, due_minor: int, lender: str, *, last: bool) -> None:
        # A customer who cannot pay does not: that lender's trouble is not in our records.
        self._life.purse.pay(at_ms, _wire(due_minor, "loan_repayment_external", lender))
        self.owed_to -= last
        self.due_minor -= due_minor * last
        self.outstanding_minor -= due_minor


def _wire(amount_minor: int, purpose: PurposeClass, lender: str) -> Movement:
    return Movement(
        amount_minor=amount_minor,
        purpose=purpose,
        party_id=lender,
        party_kind="lender",
        channel="wire",
    )
