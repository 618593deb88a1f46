"""Yuan for fen: no event can tell, a few hundred together can; honest months raise nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import pytest

from contracts.alerts import RiskAlert
from contracts.ids import partition_of
from contracts.recorded import RecordedEvent, RecordedLine
from contracts.topics import Topic
from simulator import simulate
from streams.amount_watch import MOST_SOURCES, WINDOW, AmountWatch
from streams.records import SourceRecord, TimedRecord
from streams.sequencer import JournalPlace, Numbered, number
from tests.streams.stand import a_payment

START_MS = 1_767_196_800_000
PARTITIONS = 2
BATCH = 250


def a_bank(*, seed: int, customers: int = 50, days: int = 75) -> list[RecordedEvent]:
    return list(simulate(seed=seed, customers=customers, days=days, start_ms=START_MS))


def numbered(events: Sequence[RecordedEvent], *, partition: int, batch: int) -> Iterator[Numbered]:
    """What `sequence` makes of one partition's records."""
    offsets: Counter[Topic] = Counter()
    place = JournalPlace()
    records: list[TimedRecord] = []
    for event in events:
        line = RecordedLine.of(event)
        if partition_of(str(line.key), PARTITIONS) != partition:
            continue
        record = SourceRecord(
            topic=line.topic,
            partition=partition,
            offset=offsets[line.topic],
            appended_ms=line.known_at_ms,
            key=str(line.key).encode(),
            value=line.raw_value,
        )
        offsets[line.topic] += 1
        records.append(TimedRecord(record=record, time_ms=line.known_at_ms))
    for start in range(0, len(records), batch):
        done = number(
            records[start : start + batch], place, partition=partition, partitions=PARTITIONS
        )
        place = done.place
        yield done


def watched(
    events: Sequence[RecordedEvent], *, batch: int = BATCH
) -> list[tuple[Topic, RiskAlert | None]]:
    found: list[tuple[Topic, RiskAlert | None]] = []
    for partition in range(PARTITIONS):
        watch = AmountWatch(partition=partition)
        for done in numbered(events, partition=partition, batch=batch):
            found += watch.observe(done)
    return found


def alerts_of(found: Sequence[tuple[Topic, RiskAlert | None]]) -> list[RiskAlert]:
    return [alert for _, alert in found if alert is not None]


def rescaled(
    events: Sequence[RecordedEvent], *, topic: Topic, from_ms: int, times: float
) -> list[RecordedEvent]:
    """What the bank hears after a source's bad deploy: every amount of a topic in another unit."""
    return [
        event
        if event.topic is not topic or event.known_at_ms < from_ms
        else event.model_copy(
            update={
                "value": {
                    name: int(value * times) if name.endswith("_minor") else value
                    for name, value in event.value.items()
                }
            }
        )
        for event in events
    ]


@pytest.mark.parametrize(("times", "decades"), [(0.01, -2.0), (100, 2.0)])
def test_a_source_that_changes_its_unit_raises_the_alarm(times: float, decades: float) -> None:
    """Every feature of money would be a hundredth, and every decision after it wrong in silence."""
    events = a_bank(seed=1)
    deployed_ms = events[len(events) * 2 // 3].known_at_ms
    broken = rescaled(events, topic=Topic.TRANSACTIONS, from_ms=deployed_ms, times=times)

    alerts = alerts_of(watched(broken))

    assert {alert.subject_id for alert in alerts} == {"transactions.v1/core-banking"}
    assert {alert.numbers["decades"] for alert in alerts} == {decades}
    assert {alert.partition for alert in alerts} == set(range(PARTITIONS))
    assert all(deployed_ms < alert.at_ms for alert in alerts)
    assert min(alert.at_ms for alert in alerts) - deployed_ms < 20 * 86_400_000


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_bank_raises_nothing(seed: int) -> None:
    """Payrolls, seasons and new businesses move money too; an alarm that cries wolf is muted."""
    assert watched(a_bank(seed=seed, customers=40, days=60)) == []


def test_a_payroll_day_alone_raises_nothing() -> None:
    """Salaries are a hundred times a purchase: they are compared with salaries."""
    kinds = [("out", "other", 4_000), ("in", "salary", 900_000)]
    shopping = [payment(n, *kinds[0]) for n in range(2 * WINDOW)]
    wages = [payment(10_000 + n, *kinds[1]) for n in range(WINDOW // 4)]
    payroll = [payment(20_000 + n, *kinds[1]) for n in range(2 * WINDOW)]

    assert watch_values([*shopping, *wages, *shopping[: WINDOW // 2], *payroll]) == []


def test_what_is_found_does_not_depend_on_the_batches() -> None:
    """Fetches differ from run to run; alarms must not."""
    events = a_bank(seed=2)
    broken = rescaled(
        events,
        topic=Topic.TRANSACTIONS,
        from_ms=events[len(events) // 2].known_at_ms,
        times=0.01,
    )

    assert watched(broken, batch=7) == watched(broken, batch=1_000) != []


def test_a_suspect_window_does_not_become_what_is_usual() -> None:
    """The alarm goes on until the source is put right, once a day for people."""
    before = [payment(n, "out", "other", 4_000 + n) for n in range(3 * WINDOW)]
    after = [payment(10_000 + n, "out", "other", 40) for n in range(5 * WINDOW)]

    found = watch_values([*before, *after])

    assert len(found) == 5
    assert len(alerts_of(found)) == 1


def test_memory_is_bounded_whatever_a_producer_calls_itself() -> None:
    """A producer that puts a number into its name must not fill the worker."""
    watch = AmountWatch(partition=0)
    values = [payment(n, "out", "other", 40, source=f"host-{n}") for n in range(5 * MOST_SOURCES)]
    for done in batches(values):
        watch.observe(done)

    assert len(watch._sources) <= MOST_SOURCES + len(Topic)


def payment(n: int, direction: str, purpose: str, amount: int, *, source: str = "core") -> bytes:
    return a_payment(
        n,
        "c-1",
        occurred_at_ms=START_MS,
        direction=direction,
        purpose_class=purpose,
        amount_minor=amount,
        source_system=source,
    )


def batches(values: Sequence[bytes]) -> Iterator[Numbered]:
    partition, offsets = partition_of("c-1", 1), defaultdict[Topic, int](int)
    place = JournalPlace()
    for start in range(0, len(values), BATCH):
        records = []
        for value in values[start : start + BATCH]:
            record = SourceRecord(
                topic=Topic.TRANSACTIONS,
                partition=partition,
                offset=offsets[Topic.TRANSACTIONS],
                appended_ms=START_MS,
                key=b"c-1",
                value=value,
            )
            offsets[Topic.TRANSACTIONS] += 1
            records.append(TimedRecord(record=record, time_ms=START_MS))
        done = number(records, place, partition=partition, partitions=1)
        assert not done.buried
        place = done.place
        yield done


def watch_values(values: Sequence[bytes]) -> list[tuple[Topic, RiskAlert | None]]:
    watch = AmountWatch(partition=0)
    return [found for done in batches(values) for found in watch.observe(done)]
