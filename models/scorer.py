"""Read-only models: what a decision asks for a probability, and for why."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.examples import LabelName
from contracts.snapshots import ModelSnapshot
from models import kernels
from models.canonical import sha256_of, unpack
from models.errors import RowError, SnapshotError
from models.kernels import COLUMNS, EDGES
from models.labels import DPD30, DRAWN_30D
from models.rows import PROPENSITY, RISK, Row, RowSchema

SCHEMAS: dict[LabelName, RowSchema] = {"drawn_30d": PROPENSITY, "dpd30": RISK}
"""The features of each served model."""

_FORMAT = "linear-ftrl/1"


class Scorer(Protocol):
    """A model that no longer changes.

    `baseline` plus the sum of `contributions(row)` is the log-odds of `score(row)`.
    """

    @property
    def name(self) -> LabelName:
        """What is predicted."""
        ...

    @property
    def model_id(self) -> str:
        """Which snapshot this is."""
        ...

    @property
    def baseline(self) -> float:
        """Log-odds of a row like the mean of those learnt."""
        ...

    def score(self, row: Row) -> float:
        """Return the probability that the label comes true for `row`."""
        ...

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return `score` of each row of a matrix, the same bits."""
        ...

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the log-odds of `row`, against the baseline."""
        ...


class LinearScorer:
    """The scoring part of a `LinearLearner`, as its snapshot recorded it."""

    def __init__(self, name: LabelName, model_id: str, body: dict[str, Any]) -> None:
        count = len(body["features"])
        self.name: LabelName = name
        self.model_id = model_id
        self._features: tuple[str, ...] = tuple(body["features"])
        self._bias = float.fromhex(body["bias"])
        self._edges = unpack("".join(body["edges"]), count, EDGES)
        self._scaler = unpack(body["scaler"], count, 2)
        self._weights = unpack("".join(body["weights"]), count, COLUMNS)
        self._reference = unpack(body["reference"], count)
        self.baseline = self._bias + float(sum(self._reference.tolist()))

    def score(self, row: Row) -> float:
        """Return the probability that the label comes true for `row`.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        self._check(row[None, :])
        return kernels.score(row, self._edges, self._scaler, self._weights, self._bias)

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return `score` of each row of a matrix, the same bits.

        Raises:
            RowError: a wrong width or an infinite value.
        """
        self._check(rows)
        out = np.empty(len(rows))
        kernels.score_many(rows, self._edges, self._scaler, self._weights, self._bias, out)
        return out

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the log-odds of `row`, against the mean learnt row.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        self._check(row[None, :])
        out = np.empty(len(self._features))
        kernels.parts(row, self._edges, self._scaler, self._weights, out)
        return dict(zip(self._features, (out - self._reference).tolist(), strict=True))

    def is_finite(self) -> bool:
        """Whether every number of the model is one that may score."""
        arrays = (self._edges, self._scaler, self._weights, self._reference)
        return all(bool(np.isfinite(array).all()) for array in arrays)

    def _check(self, rows: Row) -> None:
        width = len(self._features)
        if rows.shape[1:] != (width,) or rows.dtype != np.float32 or np.isinf(rows).any():
            raise RowError(
                f"{self.model_id} needs rows of {width} finite float32 values (NaN for missing); "
                f"got {rows.dtype} of shape {rows.shape} with {int(np.isinf(rows).sum())} "
                "infinite values. Make rows with RowSchema.row."
            )


class ConstantScorer:
    """A declared probability for when there is no model yet; a decision names it as fallback.

    >>> scorer = fallback("drawn_30d")
    >>> scorer.model_id, scorer.score(PROPENSITY.row({}))
    ('drawn_30d:fallback', 0.02)
    >>> scorer.contributions(PROPENSITY.row({}))
    {}
    """

    def __init__(self, name: LabelName, probability: float) -> None:
        self.name: LabelName = name
        self.model_id = f"{name}:fallback"
        self.baseline = kernels.logit(probability)
        self._probability = probability

    def score(self, row: Row) -> float:  # noqa: ARG002 - as every scorer
        """Return the declared probability, whatever the row."""
        return self._probability

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return the declared probability for each row."""
        return np.full(len(rows), self._probability)

    def contributions(self, row: Row) -> dict[str, float]:  # noqa: ARG002 - as every scorer
        """Return nothing: no feature has a say."""
        return {}


def fallback(name: LabelName) -> Scorer:
    """Return the scorer that stands in before the first snapshot: the prior of the label."""
    policy = {"drawn_30d": DRAWN_30D, "dpd30": DPD30}[name]
    return ConstantScorer(name, policy.prior)


def load_scorer(snapshot: ModelSnapshot) -> Scorer:
    """Return the scorer of a snapshot, after checking that it is what it says.

    Raises:
        SnapshotError: the body's hash, the model's id, its features or its numbers are not those
            that it claims or that this version computes.
    """
    who = f"load_scorer({snapshot.model_id!r})"
    if (sha256 := sha256_of(snapshot.body)) != snapshot.sha256:
        raise SnapshotError(
            f"{who} needs a body with sha256 {snapshot.sha256}; got one with {sha256}. "
            "The snapshot was changed after it was made: take it again from models.v1."
        )
    if snapshot.model_id != model_id_of(snapshot.name, sha256):
        raise SnapshotError(
            f"{who} needs the id {model_id_of(snapshot.name, sha256)!r}, which its hash gives; "
            f"got {snapshot.model_id!r}. Take the snapshot again from models.v1."
        )
    if snapshot.body.get("format") != _FORMAT:
        raise SnapshotError(
            f"{who} needs a body of format {_FORMAT!r}; got {snapshot.body.get('format')!r}. "
            "Score with the version that wrote it."
        )
    schema = SCHEMAS[snapshot.name]
    if snapshot.schema_hash != schema.schema_hash or tuple(snapshot.body["features"]) != (
        schema.names
    ):
        raise SnapshotError(
            f"{who} needs the features of schema {schema.schema_hash}; got schema "
            f"{snapshot.schema_hash}. Learn it again with this version's features."
        )
    scorer = LinearScorer(snapshot.name, snapshot.model_id, snapshot.body)
    if not (math.isfinite(scorer.baseline) and scorer.is_finite()):
        raise SnapshotError(f"{who} needs finite numbers; got infinity or NaN. Keep the last one.")
    return scorer


def model_id_of(name: LabelName, sha256: str) -> str:
    """Return the id of a snapshot: its name and the first 16 digits of its body's hash.

    >>> model_id_of("dpd30", "ab" * 32)
    'dpd30:abababababababab'
    """
    return f"{name}:{sha256[:16]}"
