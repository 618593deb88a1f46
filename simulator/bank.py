"""The bank: all its customers, and all that its systems say, in the order in which it is known."""

import heapq
from collections.abc import Iterator

from contracts.recorded import RecordedEvent
from simulator.customer import Customer
from simulator.days import Day
from simulator.people import person


def simulate(
    *, seed: int, customers: int, days: int, start_ms: int, campaigns: bool = False
) -> Iterator[RecordedEvent]:
    """Yield the events of a bank that does not exist, in `known_at_ms` order.

    The same arguments give the same bytes, on every machine. A customer's events depend on the
    seed, the customer's number, the days and the start alone: with more customers, those who were
    there already do exactly the same. What happened within the days but is known only after them
    is yielded too. Memory is for the customers and for what is still to become known.

    Args:
        seed: Any number; another seed is another bank.
        customers: How many people have, or will have, an account.
        days: How long.
        start_ms: Midnight in China that begins the first day, in epoch milliseconds.
        campaigns: Whether a campaign with a random control contacts customers, who react to it
            (see `simulator.truth`). Without it nothing else differs.

    >>> [event.topic.value for event in simulate(seed=1, customers=1, days=1, start_ms=0)][:2]
    ['customers.v1', 'consents.v1']
    """
    people = (person(seed=seed, number=n, start_ms=start_ms, days=days) for n in range(customers))
    lives = [Customer(someone, seed=seed, campaigns=campaigns) for someone in people]
    waiting: list[tuple[int, int, int, RecordedEvent]] = []
    told = 0
    for number in range(days):
        day = Day.of(first_ms=start_ms, number=number)
        for life in lives:
            for event in life.live(day):
                told += 1
                heapq.heappush(waiting, (event.known_at_ms, life.person.number, told, event))
        while waiting and waiting[0][0] < day.end_ms:
            yield heapq.heappop(waiting)[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]
