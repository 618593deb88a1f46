"""The leak alarm on a record that has one: how long the call took that ended in a sale."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from models.encoding import Encoding
from models.leak_alarm import LIMIT, LeakAlarm

HONEST = ("age", "balance", "day", "campaign", "pdays", "previous")


def alarms(folder: Path, names: tuple[str, ...]) -> dict[str, int]:
    """Return each suspected feature and the row at which it was first suspected."""
    with gzip.open(folder / "uci" / "bank_marketing.csv.gz", "rt") as file:
        records = list(csv.DictReader(file))
    rows = np.array([[float(r[name]) for name in names] for r in records], dtype=np.float32)
    bins = Encoding.fit(names, rows[:200]).encode_many(rows)[0]
    alarm, found = LeakAlarm(names), {}
    for number, (row, record) in enumerate(zip(bins, records, strict=True)):
        alarm.add(row, outcome=record["y"] == "yes")
        if number % 100 == 0:
            for name in alarm.suspects():
                found.setdefault(name, number)
    return found


@pytest.mark.real_data
def test_the_length_of_the_call_is_suspected_and_nothing_honest_is(real_data: Path) -> None:
    """`duration` is known when the call is over, and then so is the sale."""
    found = alarms(real_data, ("duration", *HONEST))

    print(f"duration suspected at row {found.get('duration')} of 45,211 (AUC above {LIMIT})")
    assert set(found) == {"duration"}
    assert found["duration"] < 5_000


@pytest.mark.real_data
def test_without_it_nobody_is_accused(real_data: Path) -> None:
    """An alarm that rings on honest records is switched off."""
    assert alarms(real_data, HONEST) == {}
