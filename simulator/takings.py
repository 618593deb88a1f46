"""A merchant's day at the card network: what was settled, by how many cards, what went back."""

from datetime import UTC, datetime, timedelta
from random import Random

from contracts.signals import MerchantFlowDay
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import around, happens, how_many
from simulator.days import DAY_MS, HOUR_MS, LOCAL_OFFSET_MS, SATURDAY, Day
from simulator.hardship import Hardship
from simulator.outbox import Outbox
from simulator.people import Person
from simulator.trade import Trade

_CLOSED = 0.04
_WEEKEND = 1.3
_TICKET_MINOR = 6_000
_MOST_CARDS = 900
_ALL_BPS = 10_000


class Takings:
    """Tells each business day of a merchant on the night after it.

    They follow the trade, which grows before its need, and fall in hard times.

    Args:
        person: Whose takings; only merchants have any.
        random: The customer's chance for takings, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._returns_bps = random.randint(40, 350)
        self._night_bps = random.randint(0, 2_500)

    def plan(self, day: Day, agenda: Agenda, trade: Trade, hardship: Hardship) -> None:
        """Put the report of today's takings on the agenda, unless the shop is closed."""
        random, person = self._random, self._person
        if person.kind != "merchant" or happens(random, _CLOSED):
            return
        weekend = _WEEKEND if day.weekday >= SATURDAY else 1.0
        factor = trade.level(day) * weekend * max(0.4, hardship.income_factor)
        settled = int(around(random, person.income_minor * 1.8 / 30.0, 0.35) * factor) + 1
        cards = 1 + how_many(random, min(_MOST_CARDS, settled / _TICKET_MINOR))
        returned = around(random, settled * self._returns_bps / _ALL_BPS, 0.8)
        night_bps = min(_ALL_BPS, around(random, self._night_bps + 1, 0.5))

        def report(at_ms: int) -> None:
            self._outbox.send_unowned(
                Topic.SIGNALS,
                MerchantFlowDay,
                at_ms,
                event_type="merchant_flow",
                source_system="card-network",
                enterprise_id=person.enterprise_id,
                business_date=date_of(day),
                settle_minor=settled,
                txn_cnt=cards + cards // 7,
                distinct_card_cnt=cards,
                refund_minor=min(returned, settled),
                night_bps=night_bps,
            )

        agenda.add(day.end_ms + 2 * HOUR_MS + random.randrange(HOUR_MS), report)


def date_of(day: Day) -> str:
    """Return the business date of a day.

    >>> date_of(Day.of(first_ms=1_767_196_800_000, number=31))
    '2026-02-01'
    """
    local_ms = day.start_ms + LOCAL_OFFSET_MS
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=local_ms // DAY_MS)).date().isoformat()
    )
