"""Relations of a subject: what counts, what is permitted, and that they stay small."""

from typing import Any

import msgspec
import pytest

from contracts.decode import decode
from contracts.relations import EDGE_KINDS
from contracts.topics import Topic
from features import NAMES, FeatureState, look, permitted_use, take
from features.catalogue_relations import RELATED
from features.relation_definitions import EdgeFeature
from features.relations import MOST_EDGES, MOST_EDGES_IN_ALL, Relations

AT_MS = 1_790_000_000_000
DAY_MS = 86_400_000
ALL: tuple[str, ...] = ("marketing", "credit", "fraud")


def an_edge(number: int = 1, **fields: Any) -> Any:
    """c-1 is legal representative of ent-<number>, as a register says with everything permitted."""
    base = {
        "event_type": "relation_stated",
        "event_id": f"e-{number}",
        "occurred_at_ms": AT_MS,
        "node_id": "c-1",
        "node_kind": "customer",
        "other_node_id": f"ent-{number}",
        "other_node_kind": "enterprise",
        "edge_kind": "legal_rep",
        "direction": "out",
        "confidence_bps": 9_000,
        "valid_from_ms": AT_MS - DAY_MS,
        "evidence_source": "register",
        "permitted_use": ALL,
    }
    return decode(Topic.RELATIONS, msgspec.json.encode(base | fields))


def an_end(number: int = 1, **fields: Any) -> Any:
    """The end of `an_edge(number)`."""
    base = {
        "event_type": "relation_ended",
        "event_id": f"end-{number}",
        "occurred_at_ms": AT_MS + 1,
        "node_id": "c-1",
        "other_node_id": f"ent-{number}",
        "edge_kind": "legal_rep",
        "direction": "out",
        "ended_at_ms": AT_MS + 1,
    }
    return decode(Topic.RELATIONS, msgspec.json.encode(base | fields))


def a_word(fact: str, value: int, *, ref: str = "n-1", **fields: Any) -> Any:
    """What a neighbour tells c-1."""
    base = {
        "event_type": "neighbour",
        "event_id": f"s-{fact}-{ref}-{value}",
        "occurred_at_ms": AT_MS,
        "subject_id": "c-1",
        "fact": fact,
        "from_ref": ref,
        "value_int": value,
        "permitted_use": ALL,
        "cause_partition": 0,
        "cause_seq": 7,
    }
    return decode(Topic.NEIGHBOUR_SIGNALS, msgspec.json.encode(base | fields))


def after(*events: Any, at_ms: int = AT_MS + DAY_MS) -> dict[str, float]:
    """The features after some events, all known a day later."""
    state = FeatureState()
    for event in events:
        take(state, event, at_ms)
    return dict(zip(NAMES, look(state, at_ms).tolist(), strict=True))


def test_an_owner_is_as_sure_as_the_best_evidence() -> None:
    """A register outweighs a guess, and neither adds to the other."""
    row = after(an_edge(1, confidence_bps=4_000), an_edge(2, confidence_bps=8_500))
    assert row["owner_edge_confidence"] == 0.85


def test_without_a_relation_nothing_is_claimed() -> None:
    """No known enterprise is not an enterprise of confidence 0; no edge is zero edges."""
    row = after()
    assert str(row["owner_edge_confidence"]) == str(row["enterprise_red_flag"]) == "nan"
    assert row["chain_partner_cnt"] == 0.0


@pytest.mark.parametrize(
    "fields",
    [
        {"valid_to_ms": AT_MS + DAY_MS},
        {"valid_from_ms": AT_MS + DAY_MS + 1},
        {"permitted_use": ("marketing", "fraud")},
        {"permitted_use": ()},
        {"direction": "in"},
        {"edge_kind": "employee"},
    ],
)
def test_an_edge_counts_only_where_it_is_valid_permitted_and_meant(fields: dict[str, Any]) -> None:
    """What a source permits for marketing alone must not move credit."""
    assert str(after(an_edge(**fields))["owner_edge_confidence"]) == "nan"


def test_family_never_serves_credit_whatever_a_source_permits() -> None:
    """A rule of law: nobody is judged by whom they are married to."""
    state = FeatureState()
    take(state, an_edge(edge_kind="spouse", other_node_kind="customer"), AT_MS)
    live = state.relations.live(AT_MS, ["spouse", "parent"], needs=["credit"])
    assert list(live) == []
    assert list(state.relations.live(AT_MS, ["spouse"], needs=["marketing"]))
    family = {"spouse", "parent"}
    readers = [f for f in RELATED if isinstance(f, EdgeFeature) and f.where & family]
    assert readers
    assert not any("credit" in feature.permitted_use for feature in readers)
    assert permitted_use("family_edge_cnt") == frozenset()


def test_the_latest_word_counts_whenever_it_comes() -> None:
    """Registers deliver late and twice; the order of arrival must not decide who owns what."""
    for order in ((an_edge(), an_end()), (an_end(), an_edge())):
        assert str(after(*order)["owner_edge_confidence"]) == "nan"
    again = an_edge(event_id="e-9", occurred_at_ms=AT_MS + 2, confidence_bps=7_000)
    assert after(an_edge(), again, an_end())["owner_edge_confidence"] == 0.7


def test_a_word_that_never_was_takes_its_edge_along() -> None:
    """A correction or a reversal may come before what it takes back."""
    correction = an_edge(2, corrects_event_id="e-1", confidence_bps=3_000)
    reversal = an_edge(2, corrects_event_id="e-1", confidence_bps=3_000, is_reversal=True)
    for order in ((an_edge(1), correction), (correction, an_edge(1))):
        assert after(*order)["owner_edge_confidence"] == 0.3
    for order in ((an_edge(1), reversal), (reversal, an_edge(1))):
        assert str(after(*order)["owner_edge_confidence"]) == "nan"


def test_a_neighbour_takes_its_word_back() -> None:
    """A red flag stands until the register clears it; a chain that broke is no chain."""
    flagged = (a_word("enterprise_flag", 1), a_word("core_hops", 2))
    row = after(*flagged)
    assert (row["enterprise_red_flag"], row["core_enterprise_hops"]) == (1.0, 2.0)
    later = {"occurred_at_ms": AT_MS + 5}
    row = after(*flagged, a_word("enterprise_flag", 0, **later), a_word("core_hops", 0, **later))
    assert row["enterprise_red_flag"] == 0.0
    assert str(row["core_enterprise_hops"]) == "nan"


def test_each_neighbour_has_a_word_of_its_own() -> None:
    """One cleared enterprise does not clear the other one; the nearest core counts."""
    row = after(
        a_word("enterprise_flag", 1, ref="n-1"),
        a_word("enterprise_flag", 0, ref="n-2"),
        a_word("core_hops", 2, ref="n-1"),
        a_word("core_hops", 1, ref="n-2"),
    )
    assert (row["enterprise_red_flag"], row["core_enterprise_hops"]) == (1.0, 1.0)


def test_a_word_that_does_not_permit_credit_raises_no_flag() -> None:
    """The permission travels with the fact."""
    silent = a_word("enterprise_flag", 1, permitted_use=("marketing",))
    assert str(after(silent)["enterprise_red_flag"]) == "nan"


def test_fewer_than_three_partners_are_nobody() -> None:
    """With one partner the number would name it."""
    drew = [a_word("chain_drawn", 1, ref=f"n-{n}", event_id=f"s-{n}") for n in range(3)]
    assert str(after(*drew[:2])["chain_partner_drawn_cnt_90d"]) == "nan"
    assert str(after(*drew[:2], drew[1])["chain_partner_drawn_cnt_90d"]) == "nan"
    assert after(*drew)["chain_partner_drawn_cnt_90d"] == 3.0


def test_relations_stay_small_and_the_count_goes_on() -> None:
    """A market of 10,000 stalls is one subject: its state must not grow with them."""
    state = FeatureState()
    for number in range(1_000):
        event = an_edge(number, edge_kind="supplier_of", event_id=f"e-{number}")
        take(state, event, AT_MS)
    assert len(state.relations.edges["supplier_of"]) == MOST_EDGES
    row = dict(zip(NAMES, look(state, AT_MS).tolist(), strict=True))
    assert row["chain_partner_cnt"] == 1_000.0
    assert len(msgspec.msgpack.encode(state.relations)) < 64 * 80


def test_a_subject_of_every_kind_of_relation_stays_small_too() -> None:
    """A state has 128 KB for everything; the longest tokens of all kinds must leave room."""
    state = FeatureState()
    for kind in EDGE_KINDS:
        for number in range(MOST_EDGES + 6):
            other = f"{number}-".ljust(64, "x")
            event = an_edge(event_id=f"{kind}-{number}", edge_kind=kind, other_node_id=other)
            take(state, event, AT_MS)
    for number in range(MOST_EDGES + 6):
        take(state, a_word("core_hops", 1, ref=f"n-{number}"), AT_MS)
    kept = sum(map(len, state.relations.edges.values()))
    assert kept == MOST_EDGES_IN_ALL
    assert kept + sum(v for k, v in state.relations.beyond.items() if "core" not in k) == 12 * 70
    assert len(state.relations.told["core_hops"]) == MOST_EDGES
    assert len(msgspec.msgpack.encode(state.relations)) < 40_000


def test_an_ended_edge_makes_room_for_a_new_one() -> None:
    """The 64 are for what holds now."""
    state = FeatureState()
    for number in range(MOST_EDGES):
        take(state, an_edge(number), AT_MS)
    take(state, an_end(5), AT_MS + 1)
    take(state, an_edge(700, confidence_bps=10_000), AT_MS + 2)
    row = dict(zip(NAMES, look(state, AT_MS + 2).tolist(), strict=True))
    assert row["owner_edge_confidence"] == 1.0
    assert state.relations.beyond == {}


def test_nobody_with_relations_costs_almost_nothing_to_keep() -> None:
    """Nearly all customers are nobody's neighbour."""
    assert len(msgspec.msgpack.encode(Relations())) <= 5


@pytest.mark.parametrize(
    ("customers", "at_address", "score"), [(1, 3, 0.0), (3, 0, 0.3), (9, 9, 0.9), (2, 4, 0.25)]
)
def test_a_ring_is_scored_by_points(customers: int, at_address: int, score: float) -> None:
    """A family's tablet is no ring; ten customers on one phone are."""
    row = after(
        a_word("device_customers", customers),
        a_word("ip_customers", at_address),
        at_ms=AT_MS + 60_000,
    )
    assert row["ring_risk_score"] == score
