"""Test data of the models: examples, rows, and a stream with a known truth."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from contracts.examples import Example, LabelName
from models import POLICIES, ROW, Learner, to_hex
from models.encoding import Encoding
from models.features_of import FEATURES_OF
from models.rows import RowSchema

DAY_MS = 86_400_000
START_MS = 1_700_000_000_000
CAUSE = ROW.names.index("inflow_sum_minor_30d")


def a_row(*, seed: int = 0) -> np.ndarray:
    """Return a plausible row: amounts over decades, some values missing."""
    rng = np.random.default_rng(seed)
    count = len(ROW.names)
    row = np.floor(rng.lognormal(3.0, 2.0, count)).astype(np.float32)
    row[rng.random(count) < 0.1] = np.nan
    return row


REFERENCE = np.stack([a_row(seed=seed) for seed in range(10_000, 10_200)])
ENCODING = Encoding.fit(ROW.names, REFERENCE)


def a_learner(**parameters: Any) -> Learner:
    """Return a learner that has fixed its encoding and learnt nothing."""
    learner = Learner(**parameters)
    learner.begin(ENCODING, REFERENCE)
    return learner


def an_example(**changes: Any) -> Example:
    """Return an `opened` example of row r-1, which waits for drawn_30d, with what a test changes.

    `label_name` says which label a step is about; an opened row waits for that one alone, and is of
    the kind from which it is learnt, unless the test names more in `label_names`.
    """
    label_name = changes.pop("label_name", "drawn_30d")
    fields: dict[str, Any] = {
        "row_id": "r-1",
        "status": "opened",
        "subject_id": "c-1",
        "at_ms": START_MS,
        "partition": 0,
        "seq": 0,
        "ordinal": 0,
    } | changes
    if fields["status"] == "opened":
        fields.setdefault("label_names", (label_name,))
        fields.setdefault("kind", POLICIES[fields["label_names"][0]].row_kind)
        fields.setdefault("schema_hash", ROW.schema_hash)
        fields.setdefault("row_hex", to_hex(a_row()))
    else:
        fields["label_name"] = label_name
    return Example(**fields)


def a_history(
    rows: int,
    *,
    seed: int = 0,
    positive_share: float = 0.3,
    labels: tuple[LabelName, ...] = ("drawn_30d", "dpd30_mob3"),
) -> list[Example]:
    """Return the life of `rows` rows of each label, in order of time, some revised.

    A row comes true before 20 days if its inflow of 30 days is high (noise aside), else it is
    closed at its horizon.
    """
    rng = np.random.default_rng(seed)
    steps: list[tuple[int, str, str, str, np.ndarray | None]] = []
    for label_name in labels:
        horizon_days = POLICIES[label_name].horizon_ms // DAY_MS
        for i in range(rows):
            opened = START_MS + int(i * 60 * DAY_MS / rows)
            row = a_row(seed=int(rng.integers(1 << 31)))
            row_id = f"{label_name}-{i}"
            steps.append((opened, row_id, label_name, "opened", row))
            score = np.log1p(np.nan_to_num(row[CAUSE])) - 3.0 + rng.normal(0.0, 1.0)
            if score > np.quantile([-2.6, 2.6], 1.0 - positive_share):
                seen = opened + int(rng.integers(1, 20 * DAY_MS))
                steps.append((seen, row_id, label_name, "positive", None))
                if rng.random() < 0.1:
                    steps.append((seen + DAY_MS, row_id, label_name, "revised", None))
            else:
                steps.append((opened + horizon_days * DAY_MS, row_id, label_name, "closed", None))
    steps.sort(key=lambda step: step[:4])
    examples = []
    for seq, (at_ms, row_id, label_name, status, row) in enumerate(steps):
        extra = {} if row is None else {"row_hex": to_hex(row)}
        examples.append(
            an_example(
                row_id=row_id, label_name=label_name, status=status, at_ms=at_ms, seq=seq, **extra
            )
        )
    return examples


def a_drifting_stream(rows: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (20 features, skewed, 5 % missing) and outcomes whose cause changes at 55 %."""
    rng = np.random.default_rng(seed)
    features = 20
    x = rng.lognormal(0.0, 1.5, (rows, features)).astype(np.float32)
    x[:, :5] = np.floor(x[:, :5])
    logs = np.log1p(x)
    scaled = (logs - logs.mean(0)) / logs.std(0)
    before = rng.normal(0.0, 0.6, features)
    after = before.copy()
    after[:8] = rng.normal(0.0, 0.6, 8)
    late = (np.arange(rows) / rows)[:, None] >= 0.55
    log_odds = np.where(late, scaled * after, scaled * before).sum(1) - 3.0
    log_odds += 0.8 * (np.abs(scaled[:, 6]) > 1.0)
    outcomes = rng.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))
    x[rng.random((rows, features)) < 0.05] = np.nan
    return x, outcomes


def a_bank_stream(days: int, *, rows_per_day: int, rate: float, seed: int) -> Iterator[Example]:
    """Yield drawn_30d rows whose positives take ten days on average, and up to thirty.

    Eight of the head's features say who draws; `rate` is how many do. Days begin with a ten-day
    block of the measures.
    """
    rng = np.random.default_rng(seed)
    rows = days * rows_per_day
    x = rng.lognormal(3.0, 1.5, (rows, len(ROW.names))).astype(np.float32)
    causes = RowSchema(FEATURES_OF["drawn_30d"][:8]).indices(ROW.names)
    moved = (np.log1p(x[:, causes]) - 3.0) / 1.5 @ rng.normal(0.0, 0.7, 8)
    low, high = -15.0, 5.0
    for _ in range(50):
        middle = (low + high) / 2
        share = (1.0 / (1.0 + np.exp(-moved - middle))).mean()
        low, high = (low, middle) if share > rate else (middle, high)
    outcomes = rng.random(rows) < 1.0 / (1.0 + np.exp(-moved - low))
    delays = np.minimum(rng.gamma(2.0, 5.0, rows), 29.99)
    start_ms = 20_000 * DAY_MS
    steps: list[tuple[int, int, str]] = []
    for i in range(rows):
        at_ms = start_ms + i * DAY_MS // rows_per_day
        last = int(delays[i] * DAY_MS) if outcomes[i] else 30 * DAY_MS
        steps += [
            (at_ms, i, "opened"),
            (at_ms + last, i, "positive" if outcomes[i] else "to be closed"),
        ]
    steps.sort()
    for seq, (at_ms, i, status) in enumerate(steps):
        changes: dict[str, Any] = {"status": status.replace("to be ", "")}
        if status == "opened":
            changes |= {"row_hex": to_hex(x[i]), "subject_id": f"c-{i}"}
        yield an_example(row_id=f"r-{i}", at_ms=at_ms, seq=seq, **changes)
