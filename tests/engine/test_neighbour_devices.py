"""Devices and addresses: how many customers are there, told to those who are, by number alone."""

import json

import pytest

from contracts.topics import Topic
from engine.neighbour_devices import MOST_SIGHTED, MOST_VISITORS, as_told
from tests.engine.town import Town


def test_who_shares_a_device_hears_how_many_do() -> None:
    """A takeover or a ring shows where many log in on one device."""
    town = Town()
    for customer in ("c-1", "c-2", "c-3"):
        town.opens_app(customer)

    assert town.heard("c-1", "device_customers") == [2, 3]
    assert town.feature("c-1", "device_customer_cnt_7d") == 3
    assert town.feature("c-3", "device_customer_cnt_7d") == 3


def test_who_is_alone_hears_nothing() -> None:
    """Most devices have one customer: silence is what makes this affordable."""
    town = Town()
    signals = [*town.opens_app("c-1"), *town.opens_app("c-1", device="d-2")]

    assert {signal.fact for signal in signals} == {"device_sighting"}
    assert town.feature("c-1", "device_customer_cnt_7d") is None


def test_a_device_counts_the_customers_of_seven_days() -> None:
    """A phone that was sold last month is nobody's accomplice."""
    town = Town()
    town.opens_app("c-1")
    town.wait(days=6.9)
    assert [s.value_int for s in town.opens_app("c-2") if s.fact == "device_customers"] == [2, 2]
    town.wait(days=7.1)
    assert [s.fact for s in town.opens_app("c-2")] == ["device_sighting"]


def test_an_address_counts_the_customers_of_one_hour() -> None:
    """An address is passed on within the day; a hall full of people uses it at once."""
    town = Town()
    town.opens_app("c-1", device="d-1", ip="ip-1")
    town.wait(minutes=59)
    town.opens_app("c-2", device="d-2", ip="ip-1")
    assert town.heard("c-1", "ip_customers") == [2]
    town.wait(minutes=61)
    town.opens_app("c-3", device="d-3", ip="ip-1")
    assert town.heard("c-3", "ip_customers") == []
    assert town.feature("c-1", "ip_customer_cnt_1h") is None


def test_a_busy_customer_tells_a_device_once_a_day() -> None:
    """A thousand page views are one fact; the journal is for ever."""
    town = Town()
    for _ in range(100):
        town.opens_app("c-1", ip="ip-1")
        town.wait(minutes=1)

    facts = [signal.fact for signal in town.signals]
    assert facts.count("device_sighting") == 1
    assert facts.count("ip_sighting") == 10


def test_a_count_that_holds_is_told_again_to_who_comes_back() -> None:
    """Else it would fall out of the customer's window while it is still true."""
    town = Town()
    town.opens_app("c-1")
    town.opens_app("c-2")
    town.wait(days=2)
    signals = town.opens_app("c-2")

    assert [(s.subject_id, s.value_int) for s in signals if s.fact == "device_customers"] == [
        ("c-2", 2)
    ]


def test_an_event_without_a_customer_tells_nobody() -> None:
    """A visitor who did not log in is not one customer more."""
    town = Town()
    town.opens_app("c-1")

    assert town.opens_app(None) == []
    assert town.heard("c-1", "device_customers") == []


def test_a_corrected_event_tells_nobody_again() -> None:
    """The customer was there once, however often the source mends its story."""
    town = Town()
    town.opens_app("c-1")
    town.wait(days=2)

    assert town.opens_app("c-1", corrects_event_id="e-0", corrects_occurred_at_ms=0) == []


def test_no_name_reaches_a_customer() -> None:
    """What A does on a shared device is none of B's business, nor of B's manager."""
    town = Town()
    for customer in ("c-alice", "c-bob", "c-carol"):
        town.opens_app(customer, ip="ip-1")

    for output in town.said:
        if output.topic is Topic.NEIGHBOUR_SIGNALS and output.key.startswith("c-"):
            others = {"c-alice", "c-bob", "c-carol"} - {output.key}
            assert not [name for name in others if name.encode() in output.value]
    assert town.heard("c-alice", "ip_customers") == [2, 3]


def test_a_hall_full_of_people_stays_small_and_quiet() -> None:
    """One address of a mobile network has ten thousand customers: neither state nor topic may."""
    town = Town()
    for number in range(300):
        town.opens_app(f"c-{number:03}", device=f"d-{number}", ip="ip-1")
    visitors = town.subjects.get("ip-1").neighbours.visitors
    told = [signal for signal in town.signals if signal.fact == "ip_customers"]

    assert len(visitors) == MOST_VISITORS
    assert town.heard("c-299", "ip_customers") == [MOST_VISITORS]
    assert len(told) < 2 * 300
    assert max(s.value_int for s in told) == MOST_VISITORS


def test_what_a_customer_remembers_of_places_is_bounded() -> None:
    """Somebody with a new device a day must not fill the state of one customer."""
    town = Town()
    for number in range(3 * MOST_SIGHTED):
        town.opens_app("c-1", device=f"d-{number}")

    assert len(town.subjects.get("c-1").neighbours.sighted) == MOST_SIGHTED


def test_a_signal_that_comes_twice_counts_once() -> None:
    """A producer that is unsure sends again; the device must not see two customers."""
    town = Town()
    town.opens_app("c-1")
    (sighting,) = [o for o in town.said if o.topic is Topic.NEIGHBOUR_SIGNALS]
    before = town.subjects.get("d-1").entries

    assert town.deliver(Topic.NEIGHBOUR_SIGNALS, sighting.value) == []
    assert town.subjects.get("d-1").entries == before
    assert town.partition.facts.counts["duplicate_events"] == 1


def test_the_same_cause_always_sends_the_same_signal() -> None:
    """Its id is a hash of cause and ends: folded again it is known, never new."""
    one, other = Town(), Town()
    one.opens_app("c-1")
    other.opens_app("c-1")

    assert [o.value for o in one.said] == [o.value for o in other.said]


def test_a_place_decides_nothing() -> None:
    """A device has no loan: a decision about it would be about nobody."""
    town = Town()
    town.activates()
    for customer in ("c-1", "c-2"):
        town.opens_app(customer, ip="ip-1")

    assert {o.topic for o in town.said if o.key in {"d-1", "ip-1"}} == {Topic.NEIGHBOUR_SIGNALS}


@pytest.mark.parametrize("count", range(1, 200))
def test_a_count_is_told_exactly_where_rules_look_and_never_too_high(count: int) -> None:
    """Rules ask for 3 and 5; above 8 a busy place would chatter with each new face."""
    told = as_told(count)

    assert told == count if count <= 8 else count / 2 < told or told == MOST_VISITORS
    assert told <= count


def test_a_sighting_by_a_stranger_is_no_customer() -> None:
    """The front door lets in any valid signal: one that names nobody counts nobody."""
    town = Town()
    raw = json.dumps(
        {
            "event_type": "neighbour",
            "event_id": "s-1",
            "occurred_at_ms": town.now_ms,
            "subject_id": "d-1",
            "fact": "device_sighting",
            "from_ref": "n-1",
            "value_int": 1,
            "permitted_use": [],
            "cause_partition": 0,
            "cause_seq": 0,
        }
    )

    assert town.deliver(Topic.NEIGHBOUR_SIGNALS, raw.encode()) == []
    assert town.subjects.get("d-1").neighbours.visitors == {}
