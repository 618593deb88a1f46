"""Quality on public records: a change that makes the learner worse shows here."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from models import LinearLearner, OnlineModel, RiverChallenger, auc_of


def progressive_auc(model: OnlineModel, rows: np.ndarray, outcomes: np.ndarray) -> float:
    """Return the AUC of scores given before each label, from row 3,000 on."""
    scores = np.array(
        [model.learn_row(row, bool(y)) for row, y in zip(rows, outcomes, strict=True)]
    )
    return auc_of(scores[3_000:], outcomes[3_000:])


@pytest.mark.real_data
def test_card_defaults_are_ranked_better_than_by_rivers_regression(real_data: Path) -> None:
    """UCI's default of credit card clients: 30,000 holders, 22 % default; no order in time."""
    with gzip.open(real_data / "uci" / "creditcard_default.csv.gz", "rt") as file:
        records = list(csv.DictReader(file))
    names = tuple(name for name in records[0] if name not in {"id", "has_default"})
    rows = np.array([[float(r[name]) for name in names] for r in records], dtype=np.float32)
    outcomes = np.array([r["has_default"] == "1" for r in records])

    ours = progressive_auc(LinearLearner(names, prior=0.2), rows, outcomes)
    rivers = progressive_auc(RiverChallenger(names, prior=0.2), rows, outcomes)

    assert ours > 0.77
    assert ours > rivers + 0.03
