"""River's half-space trees on the same z-scores: measured beside the profile, never served."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Self

from river import anomaly

from models.errors import CheckpointError
from models.profile import PROFILE_FEATURES

_FORMAT = "half-space-trees/1"
_TREES, _HEIGHT, _WINDOW, _SEED = 10, 8, 250, 7
_HALF, _RANGE = 4.0, 8.0


class HalfSpaceTrees:
    """Ten trees of height 8 over z-scores between -4 and 4; a missing one is left out.

    Trees are drawn once, from a fixed seed, so that a checkpoint needs only what they counted.

    Source:
        Tan, Ting, Liu (2011), "Fast Anomaly Detection for Streaming Data", IJCAI.

    >>> trees = HalfSpaceTrees()
    >>> for _ in range(250):
    ...     trees.learn([0.0] * 12)
    >>> trees.score([0.0] * 12) < trees.score([4.0] * 12)
    True
    """

    def __init__(self) -> None:
        self._trees = _trees()
        self._trees.learn_one(dict.fromkeys(PROFILE_FEATURES, 0.5))  # draws the trees
        for node in self._nodes():
            node.l_mass = 0
        self._trees.counter = 0

    def score(self, z: Sequence[float]) -> float:
        """Return how isolated z-scores are, in [0, 1]; 0 within the first 250 rows."""
        return float(self._trees.score_one(_known(z)))

    def learn(self, z: Sequence[float]) -> None:
        """Count one row."""
        self._trees.learn_one(_known(z))

    def to_data(self) -> dict[str, Any]:
        """Return what the trees counted, as JSON data; no pickle."""
        return {
            "format": _FORMAT,
            "features": list(PROFILE_FEATURES),
            "counter": self._trees.counter,
            "first_window": self._trees._first_window,  # noqa: SLF001 - River has no public one
            "masses": [number for node in self._nodes() for number in (node.l_mass, node.r_mass)],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the trees that `to_data` described.

        Raises:
            CheckpointError: another format, other features, or other trees.
        """
        model = cls()
        nodes = list(model._nodes())
        masses = data.get("masses", [])
        known = data.get("format") == _FORMAT and data.get("features") == list(PROFILE_FEATURES)
        if not known or len(masses) != 2 * len(nodes):
            raise CheckpointError(
                f"HalfSpaceTrees needs {2 * len(nodes)} counts of format {_FORMAT!r}; got "
                f"{len(masses)} of {data.get('format')!r}. Learn again from examples.v1."
            )
        for place, node in enumerate(nodes):
            node.l_mass, node.r_mass = masses[2 * place : 2 * place + 2]
        model._trees.counter = data["counter"]
        model._trees._first_window = data["first_window"]  # noqa: SLF001
        return model

    def _nodes(self) -> Iterator[Any]:
        for tree in self._trees.trees:
            yield from tree.iter_dfs()


def _trees() -> Any:  # River's types are not strict
    return anomaly.HalfSpaceTrees(n_trees=_TREES, height=_HEIGHT, window_size=_WINDOW, seed=_SEED)


def _known(z: Sequence[float]) -> dict[str, float]:
    """Return what is known, on the scale from 0 to 1 that the trees divide."""
    return {
        name: (min(max(value, -_HALF), _HALF) + _HALF) / _RANGE
        for name, value in zip(PROFILE_FEATURES, z, strict=True)
        if not math.isnan(value)
    }
