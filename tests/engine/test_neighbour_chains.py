"""Enterprises: what owners, partners and their owners hear, along which edges, and how far."""

from collections import Counter

import pytest

from contracts.neighbours import MOST_HOPS
from contracts.relations import FAMILY
from contracts.topics import Topic
from engine.neighbour_chains import CHAIN, CORE_PARTNERS, MOST_TOLD, NEEDS, OWNER
from features.catalogue import RELATED
from features.parts import SIGNAL_USES
from features.relation_definitions import ToldFeature
from tests.engine.town import Town


def a_shop(town: Town, *, owner: str = "c-1", shop: str = "ent-1", **fields: object) -> None:
    """Let somebody own a shop."""
    town.relate(owner, "legal_rep", shop, **fields)


def a_chain(town: Town, partners: int) -> None:
    """Let the owner of ent-0 trade with partners, each with an owner of its own."""
    a_shop(town, owner="c-0", shop="ent-0")
    for number in range(1, partners + 1):
        a_shop(town, owner=f"c-{number}", shop=f"ent-{number}")
        town.relate(f"ent-{number}", "supplier_of", "ent-0")


def test_an_owner_hears_what_the_shop_took_in() -> None:
    """A shop's takings are why its owner needs money, or can pay it back."""
    town = Town()
    a_shop(town)
    town.sells("ent-1", settle_minor=90_000, refund_minor=900)

    (signal,) = [s for s in town.signals if s.fact == "merchant_day"]
    assert (signal.subject_id, signal.value_int, signal.other_int) == ("c-1", 90_000, 900)
    assert town.feature("c-1", "settle_sum_minor_30d") == 90_000


def test_a_corrected_day_corrects_what_the_owner_heard() -> None:
    """A terminal that sent its day too early must not count twice."""
    town = Town()
    a_shop(town)
    town.sells("ent-1", event_id="day-1", settle_minor=90_000)
    town.sells(
        "ent-1",
        event_id="day-1b",
        settle_minor=50_000,
        corrects_event_id="day-1",
        corrects_occurred_at_ms=town.now_ms,
    )

    assert town.feature("c-1", "settle_sum_minor_30d") == 50_000


def test_a_day_taken_back_is_taken_back_from_the_owner() -> None:
    """What was no sale is no income."""
    town = Town()
    a_shop(town)
    town.sells("ent-1", event_id="day-1")
    town.sells(
        "ent-1",
        event_id="day-1b",
        corrects_event_id="day-1",
        corrects_occurred_at_ms=town.now_ms,
        is_reversal=True,
    )

    assert town.feature("c-1", "settle_sum_minor_30d") == 0


@pytest.mark.parametrize(
    "edge",
    [
        {"confidence_bps": 7_900},
        {"permitted_use": ["fraud"]},
        {"permitted_use": ["marketing"]},
        {"valid_to_ms": 1},
    ],
)
def test_an_edge_that_is_unsure_forbidden_or_over_carries_nothing(edge: dict[str, object]) -> None:
    """Somebody else's takings in a credit decision would be a false and a forbidden reason."""
    town = Town()
    a_shop(town, **edge)

    assert town.sells("ent-1") == []


@pytest.mark.parametrize("kind", sorted(FAMILY))
def test_family_hears_nothing_whatever_its_edge_permits(kind: str) -> None:
    """A brother's loan, flag or takings never decide about a customer."""
    town = Town()
    a_shop(town)
    town.relate("c-1", kind, "c-2")  # type: ignore[arg-type]  # a kind by its name
    town.relate("c-2", kind, "ent-1")  # type: ignore[arg-type]  # such an edge makes no sense
    town.sells("ent-1")
    town.registers("ent-1", "revoked")
    town.draws("c-1")

    assert not [signal for signal in town.signals if signal.subject_id == "c-2"]
    assert not FAMILY & {*OWNER, *CHAIN}


def test_a_first_drawdown_reaches_the_owners_of_the_chain_as_a_hash() -> None:
    """Who sees three partners borrow asks for the reason; who they are is not told."""
    town = Town()
    a_chain(town, 3)
    for number in (1, 2, 3):
        town.draws(f"c-{number}")

    drawn = [s for s in town.signals if s.fact == "chain_drawn" and s.subject_id == "c-0"]
    assert [signal.hops for signal in drawn] == [3, 3, 3]
    assert len({signal.from_ref for signal in drawn}) == 3
    assert town.feature("c-0", "chain_partner_drawn_cnt_90d") == 3


def test_fewer_than_three_partners_show_nowhere() -> None:
    """Take one neighbour of two away and nothing changes: nobody is betrayed by a count."""
    towns = []
    for drawing in ((), (1,), (1, 2)):
        town = Town()
        a_chain(town, 3)
        for number in drawing:
            town.draws(f"c-{number}")
        towns.append(town)

    assert {town.feature("c-0", "chain_partner_drawn_cnt_90d") for town in towns} == {None}


def test_only_the_first_drawdown_of_a_customer_is_told() -> None:
    """A customer who borrows every month is one partner, not twelve."""
    town = Town()
    a_chain(town, 1)
    town.draws("c-1")
    town.wait(days=1)

    assert town.draws("c-1") == []


def test_what_comes_along_no_edge_goes_no_further() -> None:
    """Each end must know the other: a claim of one side alone reaches nobody."""
    town = Town()
    a_chain(town, 1)
    town.state_edge("c-9", "legal_rep", "ent-1", direction="out")

    assert [signal.fact for signal in town.draws("c-9")] == ["owner_drew"]


def test_no_name_is_in_any_signal_of_a_chain() -> None:
    """The receiver's own id is all that a signal names."""
    town = Town()
    a_chain(town, CORE_PARTNERS)
    town.registers("ent-0", "revoked")
    for number in range(CORE_PARTNERS + 1):
        town.draws(f"c-{number}")
    names = [f"{kind}-{n}" for kind in ("c", "ent") for n in range(CORE_PARTNERS + 1)]

    sent = [output for output in town.said if output.topic is Topic.NEIGHBOUR_SIGNALS]
    assert len(sent) > 20
    for output in sent:
        named = [name for name in names if f'"{name}"'.encode() in output.value]
        assert named == [output.key]


def test_one_event_reaches_twenty_neighbours_at_most_the_surest_first() -> None:
    """A market hall with a thousand stalls must not answer one payment with a thousand records."""
    town = Town()
    for number in range(40):
        confidence = 8_000 + number
        a_shop(town, owner=f"c-{number:02}", shop="ent-1", confidence_bps=confidence)

    told = town.sells("ent-1")

    assert [signal.subject_id for signal in told] == [
        f"c-{number:02}" for number in range(39, 39 - MOST_TOLD, -1)
    ]


def test_an_owner_by_two_edges_hears_once() -> None:
    """Legal representative and beneficial owner are often one person, with one shop."""
    town = Town()
    a_shop(town)
    town.relate("c-1", "beneficial_owner", "ent-1")

    assert len(town.sells("ent-1")) == 1


def test_a_red_flag_stands_for_its_owners_until_it_is_cleared() -> None:
    """Whose enterprise was revoked gets no business loan; who was cleared may."""
    town = Town()
    a_shop(town)
    assert town.feature("c-1", "enterprise_red_flag") is None
    town.registers("ent-1", "court_enforced")
    assert town.feature("c-1", "enterprise_red_flag") == 1
    town.wait(days=400)
    assert town.feature("c-1", "enterprise_red_flag") == 1
    town.registers("ent-1", "cleared")
    assert town.feature("c-1", "enterprise_red_flag") == 0


def test_a_new_owner_hears_how_the_enterprise_stands_and_a_former_one_is_rid_of_it() -> None:
    """Shares are sold: the flag goes with the enterprise."""
    town = Town()
    a_shop(town)
    town.registers("ent-1", "revoked")
    town.wait(days=1)
    town.relate("c-2", "legal_rep", "ent-1")
    town.end_edge("ent-1", "legal_rep", "c-1", direction="in")

    assert town.feature("c-2", "enterprise_red_flag") == 1
    assert town.feature("c-1", "enterprise_red_flag") is None


def test_a_flag_is_told_when_it_changes_and_not_with_each_entry() -> None:
    """A register repeats itself every month."""
    town = Town()
    a_shop(town)

    assert [s.value_int for s in town.registers("ent-1", "revoked")] == [1]
    assert town.registers("ent-1", "dishonest_listed") == []


def test_hops_to_a_core_enterprise_reach_two_enterprises_and_their_owners() -> None:
    """A dealer of a core enterprise, and the dealer's supplier, are who a chain product is for."""
    town = Town()
    a_chain(town, CORE_PARTNERS - 1)
    a_shop(town, owner="c-far", shop="ent-far")
    town.relate("ent-far", "supplier_of", "ent-1")
    a_shop(town, owner="c-too-far", shop="ent-too-far")
    town.relate("ent-too-far", "supplier_of", "ent-far")
    assert not town.heard("c-1", "core_hops")
    town.relate("ent-last", "supplier_of", "ent-0")

    assert town.feature("c-1", "core_enterprise_hops") == 1
    assert town.feature("c-far", "core_enterprise_hops") == 2
    assert town.feature("c-too-far", "core_enterprise_hops") is None


def test_a_partner_who_comes_later_hears_of_the_core_at_once() -> None:
    """The chain grows for years; nobody repeats its story for a newcomer."""
    town = Town()
    a_chain(town, CORE_PARTNERS)
    a_shop(town, owner="c-new", shop="ent-new")
    town.relate("ent-new", "distributor_of", "ent-0")

    assert town.feature("c-new", "core_enterprise_hops") == 1


def test_a_core_that_is_none_any_more_takes_its_word_back() -> None:
    """Else a chain product is offered in a chain that broke years ago."""
    town = Town()
    a_chain(town, CORE_PARTNERS)
    assert town.feature("c-1", "core_enterprise_hops") == 1
    town.wait(days=1)
    town.end_edge("ent-0", "supplier_of", "ent-5", direction="in")

    assert town.feature("c-1", "core_enterprise_hops") is None
    assert town.feature("c-5", "core_enterprise_hops") is None


def test_signals_end_also_where_the_chain_is_a_circle() -> None:
    """A circle of partners that tell each other for ever would fill the journal in a minute."""
    town = Town()
    ring = [f"ent-{number}" for number in range(6)]
    for number, enterprise in enumerate(ring):
        a_shop(town, owner=f"c-{number}", shop=enterprise)
        for other in ring:
            if other != enterprise:
                town.relate(enterprise, "supplier_of", other)
    town.wait(days=1)
    told = town.draws("c-0")
    for enterprise in ring:
        town.end_edge(ring[0], "supplier_of", enterprise, direction="in")

    assert max(signal.hops for signal in town.signals) <= MOST_HOPS
    assert Counter(s.fact for s in told) == {"owner_drew": 1, "partner_drew": 5, "chain_drawn": 5}


def test_an_edge_must_permit_all_that_the_features_of_a_fact_are_used_for() -> None:
    """One list here, one in the features: they say the same, or a use is not permitted."""
    by_fact = {f.fact: f.permitted_use for f in RELATED if isinstance(f, ToldFeature)}

    assert {"core_hops", "enterprise_flag"} == by_fact.keys()
    for fact, uses in NEEDS.items():
        assert SIGNAL_USES.get(fact, by_fact.get(fact, frozenset())) <= set(uses)
