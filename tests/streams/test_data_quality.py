"""What workers tell of the data: the sample of sources, the alarm, the rows of features."""

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from adapters.quality_reference import read_reference
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.topics import DAY_MS, Topic
from engine.fold import fold
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from features import NAMES, SCHEMA_HASH
from features.quality import REFERENCE_ROWS, ROWS_ONE_IN, WINDOW_ROWS, Row
from streams.feature_quality import FeatureQuality
from streams.sequence import SequenceWork
from streams.settings import StreamSettings
from streams.source_quality import ONE_IN
from tests.engine.given import a_bank_journal
from tests.streams.fakes import MemorySink, a_batch
from tests.streams.stand import a_payment

AT_MS = 1_790_000_000_000
SETTINGS = StreamSettings(bootstrap="nowhere:1", partitions=1)


def sequenced(values: list[bytes], *, appended_ms: int = AT_MS) -> tuple[Metrics, MemorySink]:
    """What one `sequence` says of these transactions of one customer."""
    metrics, sink = Metrics(CollectorRegistry()), MemorySink()
    sink.fence()
    work = SequenceWork(
        partition_of("c-1", 1), settings=SETTINGS, sink=sink, metrics=metrics, now_ms=lambda: AT_MS
    )
    work.apply([a_batch(values, topic="transactions.v1", key=b"c-1", timestamp=appended_ms)])
    return metrics, sink


def payments(count: int, **changes: object) -> list[bytes]:
    return [a_payment(n, "c-1", **({"occurred_at_ms": AT_MS} | changes)) for n in range(count)]


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"shouwen_{name}", labels) or 0.0


def test_a_field_that_a_source_leaves_out_is_counted() -> None:
    """Nothing fails when a field is gone; only features fall, silently."""
    with_mcc, without = payments(800, mcc="5411"), payments(800)
    metrics, _ = sequenced([*with_mcc, *without])

    def seen(state: str) -> float:
        labels = {"topic": "transactions.v1", "field": "mcc", "state": state}
        return value(metrics, "source_fields_total", **labels)

    assert seen("present") == pytest.approx(800 / ONE_IN, rel=0.3)
    assert seen("absent") == pytest.approx(800 / ONE_IN, rel=0.3)


def test_lateness_is_from_the_occurrence_to_when_the_bank_knew() -> None:
    """Late events count in every window; that they come late is a person's business."""
    metrics, _ = sequenced(payments(640, occurred_at_ms=AT_MS - 2 * DAY_MS))

    def within(seconds: str) -> float:
        return value(metrics, "lateness_seconds_bucket", topic="transactions.v1", le=seconds)

    assert within("86400.0") == 0
    assert within("259200.0") == within("+Inf") > 20


def test_yuan_for_fen_reaches_a_person_and_a_counter() -> None:
    """The alarm is worth nothing in the memory of a worker."""
    before = payments(900, amount_minor=8_000)
    after = payments(900, amount_minor=80)

    metrics, sink = sequenced([*before, *after])

    alerts = [json.loads(record.value or b"") for record in sink.of(Topic.RISK_ALERTS)]
    assert [alert["kind"] for alert in alerts] == ["unit_suspect"]
    assert "yuan for fen" in alerts[0]["text_en"]
    assert value(metrics, "unit_suspects_total", topic="transactions.v1") >= 1
    assert value(metrics, "alerts_total", kind="unit_suspect") == 1


def test_the_alarms_counter_is_there_before_the_first_alarm() -> None:
    """Prometheus sees no increase in a series that is born with its first 1."""
    metrics, _ = sequenced(payments(1))

    series = {
        sample.labels["topic"]
        for family in metrics.registry.collect()
        if family.name == "shouwen_unit_suspects"
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert "transactions.v1" in series


def folded(*, size: int) -> tuple[list[Row], int]:
    """The sampled rows of a simulated bank, folded in batches of `size`; and its entries."""
    entries: list[Entry] = list(a_bank_journal()[0].entries)
    state, subjects = PartitionState(partition=0, build="b-1"), MemorySubjects()
    state.samples = []
    for start in range(0, len(entries), size):
        fold(state, subjects, entries[start : start + size])
    return state.samples, len(entries)


def test_the_sample_of_rows_is_the_same_however_the_journal_is_cut() -> None:
    """Rows at their coordinates, not as they stand when a batch ends."""
    small, entries = folded(size=7)
    large, _ = folded(size=1_000)

    assert [row.tobytes() for row in small] == [row.tobytes() for row in large]
    assert 0.4 * entries / ROWS_ONE_IN < len(small) < 1.3 * entries / ROWS_ONE_IN
    assert {len(row) for row in small} == {len(NAMES)}


def test_nobody_pays_for_a_sample_that_nobody_watches() -> None:
    """A backtest folds years: rows that are kept for nobody would fill its memory."""
    state = PartitionState(partition=0, build="b-1")
    fold(state, MemorySubjects(), list(a_bank_journal()[0].entries)[:200])

    assert state.samples is None


def test_a_full_window_is_told_feature_by_feature(tmp_path: Path) -> None:
    """And the reference is stored, so that a restart compares with the same rows."""
    rows, _ = folded(size=1_000)
    needed = REFERENCE_ROWS + WINDOW_ROWS
    many = (rows * (needed // len(rows) + 1))[:needed]
    path = tmp_path / "reference.json"
    metrics = Metrics(CollectorRegistry())
    quality = FeatureQuality(metrics, path=path)
    for start in range(0, needed, 100):
        quality.add(many[start : start + 100])

    again = Metrics(CollectorRegistry())
    FeatureQuality(again, path=path).add(many[-WINDOW_ROWS:])

    assert read_reference(path, schema=SCHEMA_HASH) is not None
    assert value(metrics, "feature_rows_total") == needed
    for name in NAMES:
        for measure in ("feature_missing_ratio", "feature_drift_psi"):
            told = metrics.registry.get_sample_value(f"shouwen_{measure}", {"feature": name})
            retold = again.registry.get_sample_value(f"shouwen_{measure}", {"feature": name})
            assert told is not None
            assert told == retold
    assert value(metrics, "feature_high", feature="inflow_sum_minor_30d") > 0


def test_a_reference_of_another_catalogue_is_replaced(tmp_path: Path) -> None:
    """Its bins are of features that mean something else now."""
    path = tmp_path / "reference.json"
    path.write_text(json.dumps({"schema": "older", "features": {}}), encoding="utf-8")
    rows, _ = folded(size=1_000)

    FeatureQuality(Metrics(CollectorRegistry()), path=path).add(
        (rows * (REFERENCE_ROWS // len(rows) + 1))[:REFERENCE_ROWS]
    )

    assert set(read_reference(path, schema=SCHEMA_HASH) or ()) == set(NAMES)


def test_a_file_that_is_no_reference_says_what_to_do(tmp_path: Path) -> None:
    """Somebody points the setting at the wrong file."""
    path = tmp_path / "reference.json"
    path.write_text("hello", encoding="utf-8")

    with pytest.raises(ValueError, match=r"SHOUWEN_QUALITY_REFERENCE .* Remove it"):
        read_reference(path, schema=SCHEMA_HASH)
