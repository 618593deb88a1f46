"""Read-only models: what a decision asks for a probability, and for why."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.examples import LabelName
from contracts.model_names import ModelName
from contracts.snapshots import ModelSnapshot
from models import kernels
from models.calibration import LogOddsLine
from models.canonical import sha256_of, unpack
from models.encoding import Encoding
from models.errors import SnapshotError
from models.features_of import FEATURES_OF, ROW
from models.kernels import COLUMNS
from models.labels import POLICIES
from models.linear_data import FORMAT
from models.panel import Panel, checked_rows
from models.rows import Row, RowSchema


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
    """The scoring part of a `LinearLearner`, as its snapshot recorded it; it reads rows of `ROW`.

    Where the body has a `calibration`, log-odds are mapped by its line (`models.calibration`), and
    with them the baseline and every contribution: they still add up.

    Args:
        name: What is predicted.
        model_id: Of the snapshot.
        body: Of the snapshot.
        row_names: The features of a row.

    Raises:
        CheckpointError: the body's encoding has another format.
        RowError: the body reads a feature that is not in a row.
    """

    def __init__(
        self,
        name: LabelName,
        model_id: str,
        body: dict[str, Any],
        *,
        row_names: tuple[str, ...] = ROW.names,
    ) -> None:
        self.name: LabelName = name
        self.model_id = model_id
        self.row_names = row_names
        self.encoding = Encoding.from_data(body["encoding"])
        self.weights = unpack("".join(body["weights"]), len(body["features"]), COLUMNS)
        self.calibration = LogOddsLine.from_data(body.get("calibration"))
        self.bias = float.fromhex(body["bias"])
        self._reference = unpack(body["reference"], len(body["features"]))
        self._panel = Panel([self], row_names=row_names)
        self._places = RowSchema(self.encoding.names).indices(row_names)
        self._own = np.arange(len(self._places), dtype=np.int64)
        self.baseline = self.calibration.apply(self.bias + float(sum(self._reference.tolist())))

    def score(self, row: Row) -> float:
        """Return the probability that the label comes true for `row`.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        return float(self._panel.score_many(row[None, :])[0, 0])

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return `score` of each row of a matrix, the same bits.

        Raises:
            RowError: a wrong width or an infinite value.
        """
        scores: NDArray[np.float64] = self._panel.score_many(rows)[:, 0]
        return scores

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the log-odds of `row`, against the mean learnt row.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        checked_rows(row[None, :], len(self.row_names), who=self.model_id)
        names = self.encoding.names
        out = np.empty(len(names))
        bins, z = self.encoding.encode(row[self._places])
        kernels.parts(bins, z, self._own, self.weights, out)
        moved = self.calibration.slope * (out - self._reference)
        return dict(zip(names, moved.tolist(), strict=True))

    def is_finite(self) -> bool:
        """Whether every number of the model is one that may score."""
        edges, scaler = self.encoding.edges, self.encoding.scaler
        arrays = (self.weights, self._reference, scaler, np.array(self.calibration.numbers))
        ordered = bool((edges[:, :-1] <= edges[:, 1:]).all())  # NaN is in no order
        return ordered and all(bool(np.isfinite(array).all()) for array in arrays)


class ConstantScorer:
    """A declared probability for when there is no model yet; a decision names it as fallback.

    >>> scorer = fallback("drawn_30d")
    >>> scorer.model_id, scorer.score(ROW.row({}))
    ('drawn_30d:fallback', 0.02)
    >>> scorer.contributions(ROW.row({}))
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
    return ConstantScorer(name, POLICIES[name].prior)


def load_scorer(snapshot: ModelSnapshot) -> LinearScorer:
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
    name = snapshot.name
    if name == "dpd30" or name == "uplift_30d" or name == "anomaly":  # noqa: PLR1714 - narrows
        raise SnapshotError(f"{who} needs the model of a label; got {name!r}.")
    if snapshot.schema_hash != ROW.schema_hash:
        raise SnapshotError(
            f"{who} needs the features of {name} in rows of schema {ROW.schema_hash}; got schema "
            f"{snapshot.schema_hash}. Learn it again with this version's features."
        )
    return checked_body(name, snapshot.model_id, snapshot.body)


def checked_body(name: LabelName, model_id: str, body: dict[str, Any]) -> LinearScorer:
    """Return the scorer of a body, after checking that this version can score with it.

    The learner asks before a body serves, and decisions when it arrives: the same question, so that
    nothing serves that they would refuse.

    Raises:
        SnapshotError: its format, its features or its numbers are not those that are needed.
    """
    who = f"checked_body({model_id!r})"
    if body.get("format") != FORMAT:
        raise SnapshotError(
            f"{who} needs a body of format {FORMAT!r}; got {body.get('format')!r}. "
            "Score with the version that wrote it."
        )
    features = tuple(body.get("features", ()))
    if features != FEATURES_OF[name]:
        raise SnapshotError(
            f"{who} needs the features of {name} in rows of schema {ROW.schema_hash}; got "
            f"{len(features)} others or another order. Learn it again with this version's features."
        )
    try:
        scorer = LinearScorer(name, model_id, body)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"{who} cannot read the body: {error!r}. Keep the last one.") from error
    if not scorer.calibration.slope > 0.0:
        raise SnapshotError(
            f"{who} needs a slope above 0 in its calibration; got {scorer.calibration.slope!r}. "
            "Such a line would turn the order of customers round: keep the last one."
        )
    if not (math.isfinite(scorer.baseline) and scorer.is_finite()):
        raise SnapshotError(f"{who} needs finite numbers; got infinity or NaN. Keep the last one.")
    return scorer


def model_id_of(name: ModelName, sha256: str) -> str:
    """Return the id of a snapshot: its name and the first 16 digits of its body's hash.

    >>> model_id_of("dpd30_mob3", "ab" * 32)
    'dpd30_mob3:abababababababab'
    """
    return f"{name}:{sha256[:16]}"
