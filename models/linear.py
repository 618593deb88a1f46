"""The linear learner: bins and z-scores, one FTRL step per label, exact undo."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from river import base

from models import kernels
from models.encoding import Encoding
from models.errors import CheckpointError, RowError
from models.ftrl import FtrlWeights
from models.kernels import F64, I16
from models.linear_data import (
    check_parameters,
    encoding_in,
    learner_data,
    parameters_in,
    scoring_body,
)
from models.monotone import Direction, project
from models.rows import Row
from models.warmup import Warmup


class LinearLearner(base.Classifier):
    """Logistic regression on binned and scaled features, learnt by FTRL-Proximal.

    A feature is read twice: as one of 30 bins and as a clipped z-score of its signed logarithm
    (`models.encoding`). The bins bend where the truth bends; the z-score learns fast. Contributions
    add up to the log-odds, so every score can be explained.

    With an `encoding` that others share, a row is one of the encoding's features, of which the
    learner reads its own `names`; whoever has many heads encodes a row once and uses the verbs on
    `_encoded` rows. Without one, a row is one of `names`, and the first `warmup` rows fix an
    encoding of its own: until then the score is `prior` and the rows wait, each with the gradient
    that it had when it came, so that undo is exact from the first row on.

    Args:
        names: The features, in order. None takes those of the encoding, or as they come (River's
            manner): an unknown name in `learn_one` becomes a feature, one in `predict_proba_one` is
            ignored.
        alpha: Step size per coordinate, unitless.
        beta: Smooths the first steps, unitless.
        l1: Weights whose gradients sum to less are zero, unitless.
        l2: Pull of all weights to zero, unitless.
        prior: Probability before anything is learnt; the bias starts at its log-odds.
        warmup: Rows that fix the bins.
        clip_gradient: Largest gradient of one row in the log-odds (weight included).
        weight_cap: Largest absolute weight, in log-odds.
        kept_share: How much of what it has seen a coordinate still counts at its next step, when it
            sets its rate of learning; below 1 it forgets, and follows a drift faster.
        encoding: The encoding that it shares with others.

    Source:
        McMahan et al. (2013), "Ad Click Prediction: a View from the Trenches", KDD. We differ: the
        weight is kept beside its sums, bins and z-score stand side by side, and a step can be
        taken back (`undo_row`).

    >>> model = LinearLearner(("cash_buffer_days",), prior=0.25, warmup=50)
    >>> model.predict_proba_one({"cash_buffer_days": 3.0})
    {False: 0.75, True: 0.25}
    >>> for day in range(1_000):
    ...     model.learn_one({"cash_buffer_days": float(day % 20)}, day % 20 < 5)
    >>> model.predict_proba_one({"cash_buffer_days": 2.0})[True] > 0.5
    True
    >>> model.predict_proba_one({"cash_buffer_days": 18.0})[True] < 0.1
    True
    """

    def __init__(  # noqa: PLR0917 - River's manner: parameters by place
        self,
        names: tuple[str, ...] | None = None,
        alpha: float = 0.05,
        beta: float = 1.0,
        l1: float = 0.0,
        l2: float = 1.0,
        prior: float = 0.02,
        warmup: int = 200,
        clip_gradient: float = 4.0,
        weight_cap: float = 8.0,
        kept_share: float = 1.0,
        encoding: Encoding | None = None,
    ) -> None:
        self.names = names
        self.alpha = alpha
        self.beta = beta
        self.l1 = l1
        self.l2 = l2
        self.prior = prior
        self.warmup = warmup
        self.clip_gradient = clip_gradient
        self.weight_cap = weight_cap
        self.kept_share = kept_share
        self.encoding = encoding
        check_parameters(self)
        self._encoding = encoding
        self._features: tuple[str, ...] = (
            names if names is not None else encoding.names if encoding is not None else ()
        )
        self._waiting = Warmup()
        count = len(self._features)
        places = encoding.places_of(self._features) if encoding is not None else range(count)
        hyper = np.array([alpha, beta, l1, l2, weight_cap, kept_share])
        self._weights = FtrlWeights(places, hyper, prior=prior, clip=clip_gradient)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that it reads, in order."""
        return self._features

    @property
    def row_names(self) -> tuple[str, ...]:
        """The features of a row that it takes: of the shared encoding, or its own."""
        return self._features if self.encoding is None else self.encoding.names

    @property
    def is_ready(self) -> bool:
        """Whether the bins are fixed; before that every score is the prior."""
        return self._encoding is not None

    @property
    def bias(self) -> float:
        """Log-odds of a row whose features add nothing."""
        return self._weights.bias

    @property
    def refused(self) -> int:
        """Steps that were not taken, because their gradient was not a number."""
        return self._weights.refused

    # Rows: what the system uses.

    def score_row(self, row: Row) -> float:
        """Return the probability of `row`; the model is left as it was.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        if self._encoding is None:
            return self._score_prior(row)
        return self.score_encoded(*self._encoding.encode(row))

    def learn_row(self, row: Row, y: bool, w: float = 1.0) -> float:  # noqa: FBT001 - River's order
        """Learn one labelled row and return the probability that it had just before.

        A negative `w` steps away from the label at today's weights; to take an earlier row back,
        `undo_row` is exact.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        if self._encoding is not None:
            return self.learn_encoded(*self._encoding.encode(row), y, w)
        probability = self._score_prior(row)
        gradient = self._weights.gradient(y=y, probability=probability, w=w)
        if math.isnan(gradient):
            self._weights.refused += 1
            return probability
        self._waiting.put(row, gradient)
        if len(self._waiting) >= self.warmup:
            self._fix_bins()
        return probability

    def undo_row(
        self,
        row: Row,
        y: bool,  # noqa: FBT001 - as learn_row
        probability: float,
        w: float = 1.0,
    ) -> None:
        """Take back `learn_row(row, y, w)`, which returned `probability`.

        The row's gradient leaves the sums as if it had never come; what other rows taught since
        stays. Right after the step the weights are what they were, up to rounding.

        Raises:
            RowError: a wrong length or an infinite value, or a row that is not there to take back.
        """
        if self._encoding is not None:
            self.undo_encoded(*self._encoding.encode(row), y, probability, w)
            return
        gradient = self._weights.gradient(y=y, probability=probability, w=w)
        self._score_prior(row)
        self._waiting.take_back(row, gradient)

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the log-odds, against its mean over the learnt rows.

        `baseline` plus their sum is the log-odds of `score_row`, up to rounding.
        """
        if self._encoding is None:
            self._score_prior(row)
            return dict.fromkeys(self._features, 0.0)
        parts = self._weights.parts(*self._encoding.encode(row))
        differences = parts - self._weights.reference()
        return dict(zip(self._features, differences.tolist(), strict=True))

    @property
    def baseline(self) -> float:
        """Log-odds of the mean learnt row: the bias and the mean contributions."""
        return self.bias + float(sum(self._weights.reference().tolist()))

    # Encoded rows: one encoding, many heads. The model is ready; codes are of its encoding.

    def score_encoded(self, bins: I16, z: F64) -> float:
        """Return the probability of a row that `encoding` encoded."""
        return self._weights.probability(bins, z)

    def learn_encoded(self, bins: I16, z: F64, y: bool, w: float = 1.0) -> float:  # noqa: FBT001
        """Learn one encoded row and return the probability that it had just before."""
        probability = self.score_encoded(bins, z)
        self._weights.learn(bins, z, self._weights.gradient(y=y, probability=probability, w=w))
        return probability

    def undo_encoded(
        self,
        bins: I16,
        z: F64,
        y: bool,  # noqa: FBT001 - as learn_row
        probability: float,
        w: float = 1.0,
    ) -> None:
        """Take back `learn_encoded(bins, z, y, w)`, which returned `probability`."""
        self._weights.unlearn(bins, z, self._weights.gradient(y=y, probability=probability, w=w))

    def learn_many_encoded(
        self, bins: I16, z: F64, labels: NDArray[np.bool_], w: F64 | None = None
    ) -> F64:
        """Learn encoded rows in order, in one compiled loop; return the probability before each."""
        return self._weights.learn_many(bins, z, labels, np.ones(len(bins)) if w is None else w)

    # Dictionaries: River's manner.

    def learn_one(  # type: ignore[override]  # River allows any key; ours are names
        self,
        x: Mapping[str, float],
        y: bool,  # noqa: FBT001 - River's order
        w: float = 1.0,
    ) -> None:
        """Learn one labelled mapping; an absent feature is missing.

        Raises:
            RowError: an infinite value, or a name that is not among `names` where they are given.
        """
        if unknown := sorted(set(x) - set(self._features)):
            if self.names is not None or self.encoding is not None:
                raise RowError(
                    f"LinearLearner needs features among {self._features}; got also {unknown}. "
                    "Leave them out, or build the learner with them."
                )
            self._grow(unknown)
        self.learn_row(self._row(x), bool(y), w)

    def predict_proba_one(  # type: ignore[override]  # River allows any key; ours are names
        self, x: Mapping[str, float]
    ) -> dict[bool, float]:
        """Return the probabilities of both labels; the model is left as it was."""
        probability = self.score_row(self._row(x))
        return {False: 1.0 - probability, True: probability}

    # Data.

    def to_data(self, *, with_encoding: bool = True) -> dict[str, Any]:
        """Return the whole state as JSON data; numbers whose bits matter are hex.

        Args:
            with_encoding: Whether the encoding is in it. Whoever shares one among many models
                writes it once and gives it back to `from_data`.
        """
        data = learner_data(self) | {"held": self._waiting.to_data()}
        if self._encoding is not None:
            data["weights"] = self._weights.to_data()
            data["encoding_hash"] = self._encoding.encoding_hash
            if with_encoding:
                data["encoding"] = self._encoding.to_data()
        return data

    @classmethod
    def from_data(cls, data: dict[str, Any], *, encoding: Encoding | None = None) -> Self:
        """Return the learner that `to_data` described, to the bit.

        Args:
            data: What `to_data` returned.
            encoding: The shared encoding, where the data was written without it.

        Raises:
            CheckpointError: another format, or another encoding than it was learnt with.
        """
        found = encoding_in(data, encoding)
        shared = found if data.get("shares") else None
        names = None if data["names"] is None else tuple(data["names"])
        model = cls(names, **parameters_in(data), encoding=shared)
        model._grow([name for name in data["features"] if name not in model._features])
        model._weights.refused = data["refused"]
        model._waiting = Warmup.from_data(data["held"])
        if found is not None:
            model._encoding = found
            model._weights.fill(data["weights"])
        return model

    def scoring_data(
        self, directions: Mapping[str, Direction] = MappingProxyType({})
    ) -> dict[str, Any]:
        """Return only what scoring and explaining need, for a snapshot.

        Args:
            directions: Features whose weights the snapshot makes monotone (`models.monotone`); what
                was learnt stays as it is.

        Raises:
            CheckpointError: the bins are not fixed yet, so that there is nothing to score with.
        """
        if self._encoding is None:
            raise CheckpointError(
                f"LinearLearner needs {self.warmup} rows before it has a snapshot; got "
                f"{len(self._waiting)}. Ask `is_ready` first."
            )
        encoding = self._encoding.of(self._features)
        seen = self._weights.seen
        weights = project(encoding, self._weights.weights, seen, directions)
        return scoring_body(encoding, weights, seen, self.bias)

    # Private.

    def _fix_bins(self) -> None:
        waiting, self._waiting = self._waiting, Warmup()
        self._encoding = Encoding.fit(self._features, waiting.rows())
        bins, z = self._encoding.encode_many(waiting.rows())
        for i, gradient in enumerate(waiting.gradients):
            self._weights.learn(bins[i], z[i], gradient)

    def _grow(self, names: list[str]) -> None:
        """Make room for features that come late: no row has taught them anything yet."""
        if not names:
            return
        self._features = (*self._features, *names)
        self._weights.grow(len(names))
        if self._encoding is not None:
            self._encoding = self._encoding.grown(names)
        self._waiting.grow(len(names))

    def _row(self, x: Mapping[str, float]) -> Row:
        with np.errstate(over="ignore"):
            return np.array([x.get(name, np.nan) for name in self.row_names], dtype=np.float32)

    def _score_prior(self, row: Row) -> float:
        if row.shape != (len(self._features),) or row.dtype != np.float32 or np.isinf(row).any():
            raise RowError(
                f"LinearLearner needs {len(self._features)} finite float32 values (NaN for "
                f"missing); got {row.dtype} of shape {row.shape} with "
                f"{int(np.isinf(row).sum())} infinite values. "
                "Make rows with RowSchema.row."
            )
        return kernels.sigmoid(self.bias)
