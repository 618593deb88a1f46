"""Poison among good records: each becomes a dead letter as it came, and everything else goes on."""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass

import pytest

from adapters.recorded import open_source
from contracts.alerts import RiskAlert
from contracts.dead_letters import HEADER, DeadLetter
from contracts.ids import partition_of
from contracts.topics import DAY_MS, EVENT_SOURCES, Topic
from simulator import simulate, write_jsonl
from tests.acceptance.exactly_once import problems
from tests.acceptance.topics import PARTITIONS, Run, run_bank

pytestmark = pytest.mark.kafka

START_MS = 1_751_299_200_000
NOON_MS = START_MS + 5 * DAY_MS + 12 * 3_600_000
VICTIM = "c-victim"
BAD_DEPLOY = 30
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A record as it is published, and what must be said of it.

    `line` is what stands in the file; without it the line is made of the fields.
    """

    reason: str
    value: bytes | None
    key: str | None = VICTIM
    topic: Topic = Topic.TRANSACTIONS
    partition: int | None = None
    at_ms: int = NOON_MS
    is_raw: bool = False

    @property
    def kept(self) -> bytes | None:
        """What a dead letter holds: all of it, or the beginning of what is too large."""
        return None if self.value is None else self.value[: 7 * MEGABYTE]

    def line(self) -> bytes:
        """The line of the file: the value's own bytes, or in base64 where those are no text."""
        head = {"topic": self.topic.value, "key": self.key, "known_at_ms": self.at_ms}
        if self.partition is not None:
            head["partition"] = self.partition
        if self.is_raw:
            return json.dumps(head).encode()[:-1] + b', "value": ' + (self.value or b"") + b"}\n"
        packed = None if self.value is None else base64.b64encode(self.value).decode()
        return json.dumps({**head, "value_base64": packed}).encode() + b"\n"


def a_payment(number: int, **changes: object) -> bytes:
    event: dict[str, object] = {
        "event_type": "transaction_posted",
        "event_id": f"poison-{number}",
        "occurred_at_ms": NOON_MS,
        "customer_id": VICTIM,
        "txn_id": f"t-{number}",
        "account_id_hash": "a-1",
        "direction": "in",
        "amount_minor": 5_000,
        "currency": "CNY",
    }
    return json.dumps(event | changes).encode()


HOME = partition_of(VICTIM, PARTITIONS)
GOOD = a_payment(1)
POISON = (
    Poison(reason="not_json", value=GOOD[:-9]),
    Poison(reason="not_json", value=b"<xml>not ours</xml>"),
    Poison(reason="invalid", value=a_payment(2, amount_minor="a lot")),
    Poison(reason="invalid", value=a_payment(3, direction=["in"])),
    Poison(reason="too_large", value=a_payment(4, pad="x" * 5 * MEGABYTE), is_raw=True),
    Poison(reason="too_large", value=a_payment(10, pad="y" * (7 * MEGABYTE + 99)), is_raw=True),
    Poison(reason="too_large", value=a_payment(11), key="c" * 5_000),
    Poison(reason="invalid", value=GOOD.replace(b"5000", b"NaN"), is_raw=True),
    Poison(reason="not_json", value=GOOD[:-1] + b', "mood": NaN}', is_raw=True),
    Poison(reason="null_key", value=a_payment(5), key=None),
    Poison(reason="key_mismatch", value=a_payment(6), key="c-somebody"),
    Poison(reason="wrong_partition", value=a_payment(7), partition=(HOME + 1) % PARTITIONS),
    Poison(reason="not_json", value=GOOD[:-1] + b', "deep": ' + b"[" * 9_000 + b"]" * 9_000 + b"}"),
    Poison(reason="not_utf8", value=b'{"event_id": "\xff\xfe"}'),
    Poison(reason="unknown_type", value=a_payment(8, event_type="money_teleported")),
    Poison(reason="from_the_future", value=a_payment(9, occurred_at_ms=NOON_MS + DAY_MS)),
    Poison(reason="empty", value=b""),
    Poison(reason="empty", value=None),
    Poison(reason="invalid", value=b"{}", topic=Topic.CONSENTS),
    Poison(reason="id_conflict", value=a_payment(1, amount_minor=7_000), at_ms=NOON_MS + DAY_MS),
    *(
        Poison(reason="not_json", value=f'{{"deploy": {n}'.encode(), at_ms=NOON_MS + DAY_MS)
        for n in range(BAD_DEPLOY)
    ),
)
NOT_A_RECORD = (b"neither topic nor time\n", b'{"topic": "unheard-of.v1", "value": {}}\n')


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small simulated bank whose file somebody has put poison into."""
    folder = tmp_path_factory.mktemp("poison")
    clean = io.BytesIO()
    write_jsonl(simulate(seed=3, customers=12, days=14, start_ms=START_MS), clean)
    good = Poison(reason="", value=GOOD, is_raw=True).line()
    bad = [poison.line() for poison in POISON]
    lines = [clean.getvalue(), good, *bad, *NOT_A_RECORD]
    (folder / "events.jsonl").write_bytes(b"".join(lines))
    return run_bank(open_source("jsonl", folder / "events.jsonl"), folder)


def test_dead_letters_are_exactly_what_was_injected(poisoned: Run) -> None:
    """With their own bytes and key, under the reason that a person can act on."""
    buried = Counter(
        (letter.reason, record.key, record.value)
        for partition in range(PARTITIONS)
        for record in poisoned.found.of(Topic.DEAD_LETTERS, partition)
        for letter in [DeadLetter.model_validate_json(record.headers[HEADER])]
    )

    # A record without a value is buried without one; Kafka knows no other way to say it.
    assert buried == Counter(
        (poison.reason, None if poison.key is None else poison.key.encode(), poison.kept)
        for poison in POISON
    )


def test_the_report_accounts_for_every_line(poisoned: Run) -> None:
    """What is no record at all is counted apart; nothing is lost between the lines."""
    told = poisoned.report.as_json()

    assert told["unreadable"] == len(NOT_A_RECORD)
    assert told["conflicts"] == 1
    assert told["dead_letters"] == len(POISON) - 1
    assert told["in"] == told["journal_events"] + told["dead_letters"]
    assert told["lost"] == 0
    assert poisoned.report.is_sound


def test_no_partition_stands_still_and_no_role_was_restarted(poisoned: Run) -> None:
    """Lag 0: every source record is passed, and every journal entry decided."""
    found = poisoned.found
    for partition in range(PARTITIONS):
        taken = found.taken(partition)
        for topic in EVENT_SOURCES:
            records = found.of(topic, partition)
            assert taken[topic] == records[-1].offset, (topic, partition)
        last = found.journal(partition)[-1]
        assert last.topic is Topic.CLOCK
        assert found.state(partition).mark("outputs").seq == last.seq
    assert poisoned.report.restarts == 0
    assert problems(found) == []


def test_a_bad_deploy_raises_one_alert_for_a_person(poisoned: Run) -> None:
    """Thirty dead letters in a minute are no accident; the rest of the poison alarms nobody."""
    alerts = [
        alert
        for value in poisoned.found.values(Topic.RISK_ALERTS)
        if (alert := RiskAlert.model_validate_json(value)).kind == "dead_letter_rate"
    ]

    assert [(alert.subject_id, alert.partition) for alert in alerts] == [
        (Topic.TRANSACTIONS.value, HOME)
    ]
    assert alerts[0].at_ms // 60_000 == (NOON_MS + DAY_MS) // 60_000
    assert alerts[0].numbers["dead_letters"] >= 20
