"""River's own pipeline beside ours: measured on every label, never served."""

import math
from typing import Any, Self

from river import linear_model, optim, preprocessing, utils

from models.errors import CheckpointError
from models.kernels import logit
from models.rows import Row

_FORMAT = "river-logistic/1"


class RiverChallenger:
    """`StandardScaler | LogisticRegression` of River, the yardstick of the linear learner.

    A missing feature is left out of River's dictionary. Its arithmetic uses the C library, so its
    last bits may differ between processors; that is why it is measured and never scores.

    Args:
        names: The features, in the order of a row.
        prior: Probability before anything is learnt.
        step: Learning rate of plain stochastic gradient descent, unitless.

    >>> import numpy as np
    >>> model = RiverChallenger(("cash_buffer_days",), prior=0.25)
    >>> row = np.array([3.0], dtype=np.float32)
    >>> model.learn_row(row, True)
    0.25
    >>> model.score_row(row) > 0.25
    True
    """

    def __init__(self, names: tuple[str, ...], *, prior: float = 0.02, step: float = 0.01) -> None:
        self.names = names
        self.prior = prior
        self.step = step
        # Any: River's types are not strict.
        self._scaler: Any = preprocessing.StandardScaler()
        self._regression: Any = linear_model.LogisticRegression(
            optimizer=optim.SGD(step), intercept_init=logit(prior), clip_gradient=4.0
        )

    def score_row(self, row: Row) -> float:
        """Return the probability of `row`; scaler and weights are left as they were."""
        x = self._scaler.transform_one(self._known(row))
        return float(self._regression.predict_proba_one(x)[True])

    def learn_row(self, row: Row, y: bool, w: float = 1.0) -> float:  # noqa: FBT001 - River's order
        """Learn one labelled row; return the probability that it had just before.

        A weight that is not a number teaches nothing: River would never recover from it.
        """
        probability = self.score_row(row)
        if math.isnan(w):
            return probability
        x = self._known(row)
        self._scaler.learn_one(x)
        self._regression.learn_one(self._scaler.transform_one(x), y, w)
        return probability

    def undo_row(self, row: Row, y: bool, probability: float) -> None:  # noqa: FBT001
        """Step back from `y` at today's weights; River keeps nothing that could undo exactly.

        `probability` is not used: River's step depends on today's weights only. The scaler keeps
        the row: its features were seen, whatever became of them.
        """
        del probability
        self._regression.learn_one(self._scaler.transform_one(self._known(row)), y, -1.0)

    def to_data(self) -> dict[str, Any]:
        """Return scaler, weights and optimizer as JSON data; no pickle."""
        scaler = self._scaler
        return {
            "format": _FORMAT,
            "names": list(self.names),
            "prior": self.prior.hex(),
            "step": self.step.hex(),
            "counts": {name: int(scaler.counts[name]) for name in sorted(scaler.counts)},
            "means": {name: float(scaler.means[name]).hex() for name in sorted(scaler.means)},
            "vars": {name: float(scaler.vars[name]).hex() for name in sorted(scaler.vars)},
            "weights": [
                [name, float(weight).hex()] for name, weight in self._regression.weights.items()
            ],
            "intercept": float(self._regression.intercept).hex(),
            "iterations": int(self._regression.optimizer.n_iterations),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the challenger that `to_data` described.

        Raises:
            CheckpointError: another format.
        """
        if data.get("format") != _FORMAT:
            raise CheckpointError(
                f"RiverChallenger needs data of format {_FORMAT!r}; got {data.get('format')!r}. "
                "Read it with the version that wrote it."
            )
        model = cls(
            tuple(data["names"]),
            prior=float.fromhex(data["prior"]),
            step=float.fromhex(data["step"]),
        )
        model._scaler.counts.update(data["counts"])
        model._scaler.means.update({k: float.fromhex(v) for k, v in data["means"].items()})
        model._scaler.vars.update({k: float.fromhex(v) for k, v in data["vars"].items()})
        weights = {name: float.fromhex(text) for name, text in data["weights"]}
        # River has no public way to set weights; a test holds this against its next version.
        model._regression._weights = utils.VectorDict(weights)  # noqa: SLF001
        model._regression.intercept = float.fromhex(data["intercept"])
        model._regression.optimizer.n_iterations = data["iterations"]
        return model

    def _known(self, row: Row) -> dict[str, float]:
        pairs = zip(self.names, row.tolist(), strict=True)
        return {name: value for name, value in pairs if not math.isnan(value)}
