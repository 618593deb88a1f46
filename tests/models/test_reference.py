"""What a reason of the risk model is measured against: customers who were approved and drew."""

import numpy as np
import pytest

from decisions.texts import MODEL_FAMILIES
from models import FEATURES_OF, POLICIES, ROW, LinearScorer, to_hex
from tests.models.given import DAY_MS, START_MS, a_learner, a_row, an_example

RISK = [name for name, policy in POLICIES.items() if policy.is_risk]


def the_scorer(*, loans: list[np.ndarray], weeks: list[np.ndarray]) -> LinearScorer:
    """Return what the risk head knows after these loans matured, and these weeks went by."""
    learner = a_learner()
    rows = [*(("loan", row) for row in loans), *(("week", row) for row in weeks)]
    for seq, (kind, row) in enumerate(rows):
        label = "dpd30_mob3" if kind == "loan" else "drawn_30d"
        learner.apply(
            an_example(
                row_id=f"r-{seq}",
                label_name=label,
                subject_id=f"c-{seq}",
                at_ms=START_MS,
                seq=2 * seq,
                row_hex=to_hex(row),
            )
        )
        if kind == "loan":
            learner.apply(
                an_example(
                    row_id=f"r-{seq}",
                    label_name=label,
                    status="positive" if row[0] > 50.0 else "closed",
                    at_ms=START_MS + 1,
                    seq=2 * seq + 1,
                )
            )
    learner.advance(START_MS + 400 * DAY_MS)
    body = learner.head("dpd30_mob3").candidate_body()
    assert body is not None
    return LinearScorer("dpd30_mob3", "dpd30_mob3:0011223344556677", body)


def test_contributions_are_nothing_on_average_over_loans_that_were_granted() -> None:
    """The law asks for the reason why this one differs from those who got credit."""
    loans = [a_row(seed=seed) for seed in range(300)]
    scorer = the_scorer(loans=loans, weeks=[])
    moved = [scorer.contributions(row) for row in loans]

    for name in FEATURES_OF["dpd30_mob3"]:
        assert np.mean([each[name] for each in moved]) == pytest.approx(0.0, abs=1e-9)
    assert any(abs(value) > 0.01 for value in moved[0].values())


def test_customers_without_a_loan_do_not_move_the_reference() -> None:
    """Nobody was approved among them, and they are a hundred times as many."""
    loans = [a_row(seed=seed) for seed in range(200)]
    weeks = [1_000.0 * a_row(seed=seed) for seed in range(500, 700)]

    alone, among = the_scorer(loans=loans, weeks=[]), the_scorer(loans=loans, weeks=weeks)
    row = a_row(seed=9_999)
    assert among.contributions(row) == alone.contributions(row)
    assert among.baseline == alone.baseline


@pytest.mark.parametrize("label", RISK)
def test_every_feature_of_a_risk_model_has_a_reason(label: str) -> None:
    """A feature without a family would be told as irregular flows, whatever it is."""
    assert set(FEATURES_OF[label]) <= MODEL_FAMILIES.keys()
    assert set(FEATURES_OF[label]) <= set(ROW.names)
