"""The sources beyond the bank's own systems: relations, signals, benefits, shared devices."""

from collections import defaultdict
from collections.abc import Sequence

import pytest

from contracts.recorded import RecordedEvent
from contracts.relations import FAMILY
from contracts.topics import DAY_MS, Topic
from simulator import simulate

START_MS = 1_767_196_800_000
CUSTOMERS, DAYS = 200, 180
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def bank() -> list[RecordedEvent]:
    """Half a year of two hundred customers: two markets, and rings among them."""
    return list(simulate(seed=3, customers=CUSTOMERS, days=DAYS, start_ms=START_MS))


def of_type(events: Sequence[RecordedEvent], event_type: str) -> list[RecordedEvent]:
    return [event for event in events if event.value["event_type"] == event_type]


def test_what_others_know_stays_a_small_part(bank: list[RecordedEvent]) -> None:
    """A demo that spends its time on card networks shows less of the bank."""
    others = [event for event in bank if "-o" in event.value["event_id"]]

    assert 0.03 < len(others) / (len(bank) - len(others)) < 0.15


def test_both_ends_of_a_relation_say_the_same(bank: list[RecordedEvent]) -> None:
    """Each end keeps its own copy; two that disagree would be two banks."""
    stated = [event.value for event in of_type(bank, "relation_stated")]
    customers = {str(event.key) for event in of_type(bank, "customer_profile")}
    here = customers | {f"ent{customer[1:]}" for customer in customers}
    told = {
        (v["edge_kind"], v["node_id"], v["other_node_id"], v["direction"]): v["confidence_bps"]
        for v in stated
    }
    turned = {"out": "in", "in": "out"}
    alone = [
        edge
        for edge, confidence_bps in told.items()
        if told.get((edge[0], edge[2], edge[1], turned[edge[3]])) != confidence_bps
        and {edge[1], edge[2]} <= here
    ]

    assert len(told) > 300
    assert {kind for kind, *_ in told} == {
        "legal_rep",
        "shareholder",
        "beneficial_owner",
        "employee",
        "guarantor",
        "spouse",
        "parent",
        "supplier_of",
        "distributor_of",
        "shared_device",
        "shared_address",
        "referral",
    }
    assert alone == []


def test_family_is_never_told_for_credit(bank: list[RecordedEvent]) -> None:
    """A spouse's debts are no reason; the first place to keep them out is the source."""
    family = [v for e in of_type(bank, "relation_stated") if (v := e.value)["edge_kind"] in FAMILY]

    assert family
    assert {tuple(value["permitted_use"]) for value in family} == {("marketing",)}


def test_the_bureau_is_asked_only_with_consent(bank: list[RecordedEvent]) -> None:
    """A report without an authorization is an offence, in a simulation too."""
    allows: dict[str | None, bool] = {}
    reports = 0
    for event in sorted(bank, key=lambda e: int(e.value["occurred_at_ms"])):
        match event.value:
            case {"purpose": "bureau_query", "event_type": event_type}:
                allows[event.key] = event_type == "consent_granted"
            case {"event_type": "bureau_report"}:
                reports += 1
                assert allows[event.key]
    assert reports > CUSTOMERS


def test_a_merchants_takings_grow_before_the_need_for_money(bank: list[RecordedEvent]) -> None:
    """That is the moment `merchant_flow_growth`: the card network knows before the merchant asks.

    Settlement of 30 days over the 30 before, at first applications and on ordinary days.
    """
    settled: dict[str, dict[int, int]] = defaultdict(dict)
    for event in of_type(bank, "merchant_flow"):
        day = (event.value["occurred_at_ms"] - START_MS) // DAY_MS
        settled[str(event.key)][day] = event.value["settle_minor"]

    def growth(enterprise: str, day: int) -> float:
        days = settled[enterprise]
        new = sum(days.get(d, 0) for d in range(day - 30, day))
        return new / max(1, sum(days.get(d, 0) for d in range(day - 60, day - 30)))

    asks = [
        (f"ent{str(event.key)[1:]}", day)
        for event in of_type(bank, "loan_application")
        if (event.value["loan_stage"], event.value["stage_status"]) == ("marketing", "entered")
        and (day := (event.value["occurred_at_ms"] - START_MS) // DAY_MS) >= 60
    ]
    at_asks = [growth(enterprise, day) for enterprise, day in asks if enterprise in settled]
    always = [growth(enterprise, day) for enterprise in settled for day in range(60, DAYS, 10)]

    assert len(at_asks) > 15
    grown_then = sum(ratio >= 1.2 for ratio in at_asks) / len(at_asks)
    grown_ever = sum(ratio >= 1.2 for ratio in always) / len(always)
    assert grown_then > 1.5 * grown_ever
    assert grown_ever < 0.4


def test_a_ring_uses_one_device_within_an_hour(bank: list[RecordedEvent]) -> None:
    """Cross-customer counts need something to count; honest customers must stay apart."""
    seen: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in bank:
        if event.topic is Topic.APP_EVENTS and str(event.key).startswith("c-"):
            device = event.value["device_id_hash"]
            seen[device].append((event.value["occurred_at_ms"], str(event.key)))

    def most_in_an_hour(sightings: list[tuple[int, str]]) -> int:
        return max(
            len({who for at_ms, who in sightings if since_ms <= at_ms < since_ms + HOUR_MS})
            for since_ms, _ in sightings
        )

    shared = {d: s for d, s in seen.items() if len({who for _, who in s}) > 1}
    rings = {device for device in shared if device.startswith("dev-r-")}

    assert rings
    assert all(most_in_an_hour(shared[device]) >= 3 for device in rings)
    assert all(device.startswith(("dev-r-", "dev-h-")) for device in shared)


def test_a_benefit_has_one_life(bank: list[RecordedEvent]) -> None:
    """Used and expired, or claimed before it was granted, would count wrong for ever."""
    lives: dict[str, list[str]] = defaultdict(list)
    for event in sorted(of_type(bank, "benefit"), key=lambda e: int(e.value["occurred_at_ms"])):
        life = lives[event.value["benefit_id"]]
        if event.value["benefit_event"] not in life:  # a feed may say it twice
            life.append(event.value["benefit_event"])
    allowed = (
        ["granted", "claimed", "used"],
        ["granted", "claimed", "expired"],
        ["granted", "expired"],
    )

    assert len(lives) > 100
    assert all(any(life == whole[: len(life)] for whole in allowed) for life in lives.values())
