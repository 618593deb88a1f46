"""Who works for whom and who delivers to whom: owners, employees, wholesalers, core enterprises.

Every hundred numbers are a market: one business owner is its wholesaler and delivers to the shops,
and many of the shops sell for one of a few core enterprises, which belong to no customer.
"""

from functools import lru_cache
from random import Random

from contracts.relations import EdgeKind
from contracts.uses import Use
from simulator.chance import happens, stream
from simulator.edges import Edge
from simulator.people import TRADES, Person, enterprise_of, kind_of

MARKET = 100
_CORES = 3
_SELLS_FOR_CORE = 0.55
_BUYS_FROM_WHOLESALER = 0.75
_CHAIN_USES: tuple[Use, ...] = ("marketing", "credit", "fraud")


def work_of(person: Person, *, seed: int) -> tuple[Edge, ...]:
    """Return what the customer owns, whom the customer works for, and the enterprise's chain."""
    random = stream(seed, person.number, "work")
    if person.employer_id is not None:
        leaves = random.randint(30, 900) if happens(random, 0.1) else None
        return (
            _owned(person, "employee", person.employer_id, random, source="payroll", ends=leaves),
        )
    if person.enterprise_id is None:
        return ()
    known = person.number == _wholesaler(seed, person.number // MARKET)  # everybody buys there
    edges = [
        _owned(person, "legal_rep", person.enterprise_id, random, source="registry", known=known)
    ]
    if person.kind == "sme_owner" and happens(random, 0.5):
        edges.append(_owned(person, "shareholder", person.enterprise_id, random, source="registry"))
        edges.append(
            _owned(person, "beneficial_owner", person.enterprise_id, random, source="registry")
        )
    return (*edges, *_chain(person.number, seed=seed))


def _owned(
    person: Person,
    kind: EdgeKind,
    enterprise: str,
    random: Random,
    *,
    source: str,
    ends: int | None = None,
    known: bool = False,
) -> Edge:
    sure = happens(random, 0.9) or known
    return Edge(
        kind=kind,
        node=person.customer_id,
        node_kind="customer",
        other=enterprise,
        other_kind="enterprise",
        source=source,
        uses=_CHAIN_USES,
        confidence_bps=random.randint(9_000, 10_000) if sure else random.randint(5_500, 8_500),
        years=person.years_with_us,
        ends_on_day=ends,
    )


def _chain(number: int, *, seed: int) -> tuple[Edge, ...]:
    wholesaler = _wholesaler(seed, number // MARKET)
    edges: list[Edge] = []
    if number == wholesaler:
        edges += [
            _trade(number, "supplier_of", enterprise_of(shop), tells_other=False)
            for shop in _shops(seed, number // MARKET)
        ]
    elif number in _shops(seed, number // MARKET) and wholesaler is not None:
        edges.append(
            _trade(number, "supplier_of", enterprise_of(wholesaler), out=False, tells_other=False)
        )
    random = stream(seed, number, "core")
    if number != wholesaler and happens(random, _SELLS_FOR_CORE):
        core = f"core-{number // MARKET % _CORES}"
        ends_on_day = random.randint(60, 700) if happens(random, 0.1) else None
        edges.append(_trade(number, "distributor_of", core, ends_on_day=ends_on_day))
    return tuple(edges)


def _trade(
    number: int,
    kind: EdgeKind,
    other: str,
    *,
    out: bool = True,
    tells_other: bool = True,
    ends_on_day: int | None = None,
) -> Edge:
    return Edge(
        kind=kind,
        node=enterprise_of(number),
        node_kind="enterprise",
        other=other,
        other_kind="enterprise",
        source="payment-flows",
        uses=_CHAIN_USES,
        confidence_bps=8_800,
        out=out,
        years=2,
        tells_other=tells_other,
        ends_on_day=ends_on_day,
    )


@lru_cache(maxsize=4_096)
def _wholesaler(seed: int, market: int) -> int | None:
    """Return the first business owner of a market."""
    numbers = range(market * MARKET, (market + 1) * MARKET)
    return next((n for n in numbers if kind_of(seed=seed, number=n) == "sme_owner"), None)


@lru_cache(maxsize=4_096)
def _shops(seed: int, market: int) -> tuple[int, ...]:
    """Return whom the wholesaler of a market delivers to."""
    wholesaler = _wholesaler(seed, market)
    return tuple(
        n
        for n in range(market * MARKET, (market + 1) * MARKET)
        if n != wholesaler
        and kind_of(seed=seed, number=n) in TRADES
        and happens(stream(seed, n, "wholesale"), _BUYS_FROM_WHOLESALER)
    )
