"""Who belongs with whom at home: spouses, parents, guarantors, one address.

Numbers that follow each other may be a family: both ends know it from the seed alone, so that each
customer tells the own end and nobody has to know how many customers there are.
"""

from contracts.relations import EdgeKind
from simulator.chance import happens, stream
from simulator.edges import Edge
from simulator.people import kind_of

_MARRIED = 0.30
_ONE_ADDRESS = 0.9
_PARENTS = 0.10
_GUARANTORS = 0.03
_TOO_YOUNG = "young"


def household_of(*, seed: int, number: int) -> int | None:
    """Return the pair of numbers that a customer is married in, named by its first half.

    >>> pairs = {household_of(seed=1, number=number) for number in range(200)} - {None}
    >>> len(pairs)
    13
    """
    pair = number // 2
    both_grown = all(
        kind_of(seed=seed, number=one) != _TOO_YOUNG for one in (2 * pair, 2 * pair + 1)
    )
    married = happens(stream(seed, pair, "household"), _MARRIED)
    return pair if both_grown and married else None


def kin_of(*, seed: int, number: int) -> tuple[Edge, ...]:
    """Return the customer's family, guarantors and address."""
    edges: list[Edge] = []
    household = household_of(seed=seed, number=number)
    if household is not None:
        random = stream(seed, household, "marriage")
        years, divorces = random.randint(1, 30), random.randint(40, 900)
        ends_on_day = divorces if happens(random, 0.06) else None
        first = number == 2 * household
        edges.append(
            _between(number, number ^ 1, "spouse", years=years, out=first, ends_on_day=ends_on_day)
        )
        if happens(random, _ONE_ADDRESS):
            edges.append(_at_address(number, household))
    # A parent's number comes just before the child's; both halves ask the same stream.
    for parent in (number - 1, number):
        if parent >= 0 and _is_parent(seed=seed, number=parent):
            child = parent + 1
            other, out = (child, True) if number == parent else (parent, False)
            edges.append(_between(number, other, "parent", years=18, out=out))
    for debtor in (number - 3, number):
        if debtor >= 0 and happens(stream(seed, debtor, "guarantor"), _GUARANTORS):
            guarantor = debtor + 3
            other, out = (guarantor, False) if number == debtor else (debtor, True)
            edges.append(_between(number, other, "guarantor", years=2, out=out))
    return tuple(edges)


def _is_parent(*, seed: int, number: int) -> bool:
    child_is_young = kind_of(seed=seed, number=number + 1) == _TOO_YOUNG
    grown = kind_of(seed=seed, number=number) != _TOO_YOUNG
    return child_is_young and grown and happens(stream(seed, number, "parent"), _PARENTS)


def _between(
    number: int,
    other: int,
    kind: EdgeKind,
    *,
    years: int,
    out: bool = True,
    ends_on_day: int | None = None,
) -> Edge:
    return Edge(
        kind=kind,
        node=f"c-{number:06}",
        node_kind="customer",
        other=f"c-{other:06}",
        other_kind="customer",
        source="loan-core" if kind == "guarantor" else "household-register",
        uses=("credit", "fraud") if kind == "guarantor" else ("marketing",),
        confidence_bps=9_900,
        out=out,
        years=years,
        tells_other=False,
        ends_on_day=ends_on_day,
    )


def _at_address(number: int, household: int) -> Edge:
    return Edge(
        kind="shared_address",
        node=f"c-{number:06}",
        node_kind="customer",
        other=f"adr-{household:06}",
        other_kind="address",
        source="household-register",
        uses=("marketing", "fraud"),
        confidence_bps=9_500,
    )
