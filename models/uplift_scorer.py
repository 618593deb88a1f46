"""A read-only uplift model: what a contact changes for this customer, and why."""

import math
from typing import Any

from contracts.snapshots import ModelSnapshot
from models import kernels
from models.canonical import sha256_of
from models.chances import FEATURES, FORMAT, Chances
from models.errors import SnapshotError
from models.features_of import ROW
from models.panel import Panel
from models.rows import Row
from models.scorer import LinearScorer, model_id_of


class UpliftScorer:
    """Both models of an uplift snapshot, scored on one encoding of a row.

    `baseline` plus the sum of `contributions` is the uplift, as a difference of probabilities: the
    difference of log-odds is additive, and is brought to probabilities by the slope of the line
    between the two chances, the same for every feature.

    Args:
        model_id: Of the snapshot.
        body: Of the snapshot.
        evidence: Randomised rows that have matured in the smaller arm.
    """

    name = "uplift_30d"

    def __init__(self, model_id: str, body: dict[str, Any], *, evidence: int) -> None:
        self.model_id = model_id
        self.evidence = evidence
        self._contacted = LinearScorer("drawn_30d", model_id, body["contacted"])
        self._left_alone = LinearScorer("drawn_30d", model_id, body["left_alone"])
        self._panel = Panel([self._contacted, self._left_alone])

    def chances(self, row: Row) -> Chances:
        """Return the chances with and without a contact.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        return Chances(*self._panel.score(row))

    def uplift_micro(self, row: Row) -> int:
        """Return by how much a contact changes the chance, in millionths; may be negative.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        return self.chances(row).uplift_micro

    def uplift_micro_many(self, rows: Row) -> list[int]:
        """Return `uplift_micro` of each row of a matrix.

        Raises:
            RowError: a wrong width or an infinite value.
        """
        return [Chances(*pair).uplift_micro for pair in self._panel.score_many(rows).tolist()]

    def baseline(self, row: Row) -> float:
        """Return the uplift of the mean customer, on the slope of this row."""
        return self._slope(row) * (self._contacted.baseline - self._left_alone.baseline)

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the uplift, in probability.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        slope = self._slope(row)
        with_it, without = self._contacted.contributions(row), self._left_alone.contributions(row)
        return {name: slope * (added - without[name]) for name, added in with_it.items()}

    @property
    def arms(self) -> tuple[LinearScorer, LinearScorer]:
        """The model of customers who are contacted, and that of those left alone."""
        return self._contacted, self._left_alone

    def is_finite(self) -> bool:
        """Whether every number of both models is one that may score."""
        return all(
            scorer.is_finite() and math.isfinite(scorer.baseline)
            for scorer in (self._contacted, self._left_alone)
        )

    def _slope(self, row: Row) -> float:
        chances = self.chances(row)
        high, low = chances.contacted, chances.left_alone
        rise = kernels.logit(high) - kernels.logit(low)
        return (high - low) / rise if rise else high * (1.0 - high)


def load_uplift(snapshot: ModelSnapshot) -> UpliftScorer:
    """Return the scorer of an uplift snapshot, after checking that it is what it says.

    Raises:
        SnapshotError: the body's hash, the model's id, its format, features or numbers are not
            those that it claims or that this version computes.
    """
    who, body = f"load_uplift({snapshot.model_id!r})", snapshot.body
    sha256 = sha256_of(body)
    if sha256 != snapshot.sha256 or snapshot.model_id != model_id_of(snapshot.name, sha256):
        raise SnapshotError(
            f"{who} needs a body with sha256 {snapshot.sha256}; got one with {sha256}. "
            "The snapshot was changed after it was made: take it again from models.v1."
        )
    if body.get("format") != FORMAT:
        raise SnapshotError(
            f"{who} needs a body of format {FORMAT!r}; got {body.get('format')!r}. "
            "Score with the version that wrote it."
        )
    if snapshot.schema_hash != ROW.schema_hash or tuple(body["features"]) != FEATURES:
        raise SnapshotError(
            f"{who} needs its features in rows of schema {ROW.schema_hash}; got schema "
            f"{snapshot.schema_hash}. Learn it again with this version's features."
        )
    scorer = UpliftScorer(
        snapshot.model_id, body, evidence=min(body["learned"].values(), default=0)
    )
    if not scorer.is_finite():
        raise SnapshotError(f"{who} needs finite numbers; got infinity or NaN. Keep the last one.")
    return scorer
