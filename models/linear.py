"""The linear learner: bins and z-scores, one FTRL step per label, exact undo."""

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from river import base

from models import kernels
from models.errors import CheckpointError, RowError
from models.ftrl import FtrlWeights
from models.rows import Row

_FORMAT = "linear-ftrl/1"
_MAX_LOG_ODDS = 35.0
_PARAMETERS = (
    "alpha", "beta", "l1", "l2", "prior", "warmup", "clip_gradient", "weight_cap",
)  # fmt: skip


class LinearLearner(base.Classifier):
    """Logistic regression on binned and scaled features, learnt by FTRL-Proximal.

    A feature is read twice: as one of 30 bins (16 equal shares, edges beyond, and one more for "no
    value") and as a clipped z-score of its signed logarithm. The bins bend where the truth bends;
    the z-score learns fast. Contributions add up to the log-odds, so every score can be explained.

    The first `warmup` rows fix the bins. Until then the score is `prior` and the rows wait, each
    with the gradient that it had when it came, so that undo is exact from the first row on.

    Args:
        names: The features, in order. None takes them as they come (River's manner): an unknown
            name in `learn_one` becomes a feature, one in `predict_proba_one` is ignored.
        alpha: Step size per coordinate, unitless.
        beta: Smooths the first steps, unitless.
        l1: Weights whose gradients sum to less are zero, unitless.
        l2: Pull of all weights to zero, unitless.
        prior: Probability before anything is learnt; the bias starts at its log-odds.
        warmup: Rows that fix the bins.
        clip_gradient: Largest gradient of one row in the log-odds (weight included).
        weight_cap: Largest absolute weight, in log-odds.

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
        if not (alpha > 0 and beta >= 0 and l1 >= 0 and l2 >= 0 and 0 < prior < 1 and warmup > 0):
            raise ValueError(
                "LinearLearner needs alpha > 0, beta, l1, l2 >= 0, prior in (0, 1) and warmup > 0;"
                f" got {alpha!r}, {beta!r}, {l1!r}, {l2!r}, {prior!r}, {warmup!r}."
            )
        self.refused = 0
        self._features: tuple[str, ...] = names or ()
        self._prior_logit = kernels.logit(prior)
        self._held: list[tuple[bytes, float]] = []
        self._ready = False
        hyper = np.array([alpha, beta, l1, l2, weight_cap])
        self._weights = FtrlWeights(len(self._features), hyper)

    @property
    def features(self) -> tuple[str, ...]:
        """The features in the order of a row."""
        return self._features

    @property
    def is_ready(self) -> bool:
        """Whether the bins are fixed; before that every score is the prior."""
        return self._ready

    @property
    def bias(self) -> float:
        """Log-odds of a row whose features add nothing."""
        return self._prior_logit + self._weights.bias

    # Rows: what the system uses.

    def score_row(self, row: Row) -> float:
        """Return the probability of `row`; the model is left as it was.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        return self._probability(self._checked(row))

    def learn_row(self, row: Row, y: bool, w: float = 1.0) -> float:  # noqa: FBT001 - River's order
        """Learn one labelled row and return the probability that it had just before.

        A negative `w` steps away from the label at today's weights; to take an earlier row back,
        `undo_row` is exact.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        probability = self._probability(self._checked(row))
        gradient = self._gradient(y=y, probability=probability, w=w)
        if not math.isfinite(gradient):
            self.refused += 1
        elif self._ready:
            self._weights.learn(row, gradient)
        else:
            self._held.append((row.tobytes(), gradient))
            if len(self._held) >= self.warmup:
                self._fix_bins()
        return probability

    def undo_row(self, row: Row, y: bool, probability: float) -> None:  # noqa: FBT001 - as learn_row
        """Take back `learn_row(row, y)`, which returned `probability`.

        The row's gradient leaves the sums as if it had never come; what other rows taught since
        stays. Right after the step the weights are what they were, up to rounding.

        Raises:
            RowError: a wrong length or an infinite value, or a row that is not there to take back.
        """
        gradient = self._gradient(y=y, probability=probability, w=1.0)
        if self._ready:
            self._weights.unlearn(self._checked(row), gradient)
            return
        step = (self._checked(row).tobytes(), gradient)
        if step not in self._held:
            raise RowError(
                "LinearLearner.undo_row needs a row that was learnt with this label and "
                f"probability; got y={y!r}, probability={probability!r}, which are not among the "
                f"{len(self._held)} rows that wait for the bins. Pass what learn_row returned."
            )
        self._held.remove(step)

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each feature adds to the log-odds, against its mean over the learnt rows.

        `baseline` plus their sum is the log-odds of `score_row`, up to rounding.
        """
        differences = self._weights.parts(self._checked(row)) - self._weights.reference()
        return dict(zip(self._features, differences.tolist(), strict=True))

    @property
    def baseline(self) -> float:
        """Log-odds of the mean learnt row: the bias and the mean contributions."""
        return self.bias + float(sum(self._weights.reference().tolist()))

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
            if self.names is not None:
                raise RowError(
                    f"LinearLearner needs features among {self.names}; got also {unknown}. "
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

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data; numbers whose bits matter are hex."""
        data: dict[str, Any] = {
            "format": _FORMAT,
            "names": None if self.names is None else list(self.names),
            "features": list(self._features),
            "parameters": {name: float(getattr(self, name)).hex() for name in _PARAMETERS},
            "refused": self.refused,
            "ready": self._ready,
            "held": [[row.hex(), gradient.hex()] for row, gradient in self._held],
        }
        if self._ready:
            data["weights"] = self._weights.to_data()
        return data

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the learner that `to_data` described, to the bit.

        Raises:
            CheckpointError: another format.
        """
        if data.get("format") != _FORMAT:
            raise CheckpointError(
                f"LinearLearner needs data of format {_FORMAT!r}; got {data.get('format')!r}. "
                "Read it with the version that wrote it."
            )
        parameters: dict[str, Any] = {
            name: float.fromhex(text) for name, text in data["parameters"].items()
        }
        parameters["warmup"] = int(parameters["warmup"])
        names = None if data["names"] is None else tuple(data["names"])
        model = cls(names, **parameters)
        model._grow([name for name in data["features"] if name not in model._features])
        model.refused = data["refused"]
        model._ready = data["ready"]
        model._held = [(bytes.fromhex(row), float.fromhex(g)) for row, g in data["held"]]
        if model._ready:
            model._weights = FtrlWeights.from_data(data["weights"])
        return model

    def scoring_data(self) -> dict[str, Any]:
        """Return only what scoring and explaining need, for a snapshot."""
        return {
            "format": _FORMAT,
            "features": list(self._features),
            "bias": self.bias.hex(),
            **self._weights.scoring_data(),
        }

    # Private.

    def _probability(self, row: Row) -> float:
        if not self._ready:
            return kernels.sigmoid(self._prior_logit)
        return self._weights.probability(row, prior_logit=self._prior_logit)

    def _gradient(self, *, y: bool, probability: float, w: float) -> float:
        gradient = w * (probability - (1.0 if y else 0.0))
        if math.isnan(gradient):
            return gradient
        return min(max(gradient, -self.clip_gradient), self.clip_gradient)

    def _fix_bins(self) -> None:
        held, self._held, self._ready = self._held, [], True
        rows = list(np.stack([np.frombuffer(row, dtype=np.float32) for row, _ in held]))
        self._weights.fit_bins(rows)
        for row, (_, gradient) in zip(rows, held, strict=True):
            self._weights.learn(row, gradient)

    def _grow(self, names: list[str]) -> None:
        """Make room for features that come late: no row has taught them anything yet."""
        if not names:
            return
        self._features = (*self._features, *names)
        self._weights.grow(len(names))
        missing = np.full(len(names), np.nan, dtype=np.float32).tobytes()
        self._held = [(row + missing, gradient) for row, gradient in self._held]

    def _row(self, x: Mapping[str, float]) -> Row:
        with np.errstate(over="ignore"):
            return np.array([x.get(name, np.nan) for name in self._features], dtype=np.float32)

    def _checked(self, row: Row) -> Row:
        if row.shape != (len(self._features),) or row.dtype != np.float32 or np.isinf(row).any():
            raise RowError(
                f"LinearLearner needs {len(self._features)} finite float32 values (NaN for "
                f"missing); got {row.dtype} of shape {row.shape} with "
                f"{int(np.isinf(row).sum())} infinite values. "
                "Make rows with RowSchema.row."
            )
        return row
