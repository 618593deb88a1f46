"""River's Hoeffding tree beside ours, capped and as data: measured on every label, never served."""

import math
from collections.abc import Iterator
from typing import Any, Self

from river import proba, tree
from river.tree.nodes.branch import NumericBinaryBranch
from river.tree.nodes.htc_nodes import LeafMajorityClass

from models.errors import CheckpointError
from models.kernels import signed_log
from models.rows import Row

_FORMAT = "river-tree/1"
_PRIOR_ROWS = 10.0
_LEAST_TO_REVERT = 1.0
_Node = Any  # River's nodes are untyped, and so are their makers
_new_curve: Any = proba.Gaussian
_new_leaf: Any = LeafMajorityClass
_new_branch: Any = NumericBinaryBranch
_COUNTS = ("_n_active_leaves", "_n_inactive_leaves", "_train_weight_seen_by_model")


class RiverTree:
    """`HoeffdingTreeClassifier` of River with majority leaves and at most 2**`max_depth` of them.

    Uncapped it grows with every row, for ever. A leaf's share is smoothed by ten rows of the prior,
    because a leaf of a few rows would say 0 or 1. A missing feature is left out of River's
    dictionary, and the tree goes the way that most rows went; the others are given as signed
    logarithms, because River looks for splits between normal curves, and amounts are far from them.
    Its arithmetic uses the C library: it is measured and never scores.

    Args:
        names: The features, in the order of a row.
        prior: Probability before anything is learnt.
        max_depth: Levels of branches.

    Source:
        Domingos, Hulten (2000), "Mining High-Speed Data Streams", KDD.

    >>> import numpy as np
    >>> model = RiverTree(("cash_buffer_days",), prior=0.25)
    >>> for day in range(400):
    ...     _ = model.learn_row(np.array([day % 20], dtype=np.float32), day % 20 < 5)
    >>> model.score_row(np.array([2.0], dtype=np.float32)) > 0.7
    True
    """

    def __init__(self, names: tuple[str, ...], *, prior: float = 0.02, max_depth: int = 4) -> None:
        self.names = names
        self.prior = prior
        self.max_depth = max_depth
        self._tree: Any = tree.HoeffdingTreeClassifier(  # Any: River's types are not strict
            grace_period=50, delta=1e-2, leaf_prediction="mc", max_depth=max_depth
        )

    def score_row(self, row: Row) -> float:
        """Return the probability of `row`; the tree is left as it was."""
        leaf = self._leaf(self._known(row))
        stats = {} if leaf is None else leaf.stats
        positives, negatives = stats.get(True, 0.0), stats.get(False, 0.0)
        share = (positives + _PRIOR_ROWS * self.prior) / (positives + negatives + _PRIOR_ROWS)
        return float(share)

    def learn_row(self, row: Row, y: bool, w: float = 1.0) -> float:  # noqa: FBT001 - River's order
        """Learn one labelled row; return the probability that it had just before.

        A weight that is not a number teaches nothing: River would never recover from it.
        """
        probability = self.score_row(row)
        if math.isnan(w):
            return probability
        self._tree.learn_one(self._known(row), bool(y), w=w)
        return probability

    def undo_row(self, row: Row, y: bool, probability: float) -> None:  # noqa: FBT001 - as learn_row
        """Take the row out of the leaf in which it would be today; splits that it caused stay.

        `probability` is not used: a tree counts, whatever it said.
        """
        del probability
        x, y = self._known(row), bool(y)
        leaf = self._leaf(x)
        if leaf is None or leaf.stats.get(y, 0.0) < 1.0:
            return
        leaf.stats[y] -= 1.0
        for name, value in x.items():
            splitter = (leaf.splitters or {}).get(name)
            seen = None if splitter is None else splitter._att_dist_per_class.get(y)  # noqa: SLF001
            if seen is not None and seen.n_samples > _LEAST_TO_REVERT:
                seen.revert(value)
                seen._var._S = max(seen._var._S, 0.0)  # noqa: SLF001 - rounding may leave it below
        self._tree._train_weight_seen_by_model -= 1.0  # noqa: SLF001

    def to_data(self) -> dict[str, Any]:
        """Return the whole tree as JSON data; no pickle."""
        return {
            "format": _FORMAT,
            "names": list(self.names),
            "prior": self.prior.hex(),
            "max_depth": self.max_depth,
            "counts": [float(getattr(self._tree, name)).hex() for name in _COUNTS],
            "classes": sorted(self._tree.classes),
            "root": None if self._tree._root is None else _node_data(self._tree._root),  # noqa: SLF001
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the challenger that `to_data` described.

        Raises:
            CheckpointError: another format.
        """
        if data.get("format") != _FORMAT:
            raise CheckpointError(
                f"RiverTree needs data of format {_FORMAT!r}; got {data.get('format')!r}. "
                "Read it with the version that wrote it."
            )
        names, prior = tuple(data["names"]), float.fromhex(data["prior"])
        model = cls(names, prior=prior, max_depth=data["max_depth"])
        # River has no public way to set a tree; a test holds this against its next version.
        for name, text in zip(_COUNTS, data["counts"], strict=True):
            setattr(model._tree, name, float.fromhex(text))
        model._tree.classes = set(data["classes"])
        root = data["root"]
        model._tree._root = None if root is None else _node_of(root, model._tree)  # noqa: SLF001
        return model

    def _leaf(self, x: dict[str, float]) -> _Node | None:
        root = self._tree._root  # noqa: SLF001 - River shows shares, and we need counts
        return root.traverse(x) if isinstance(root, NumericBinaryBranch) else root

    def _known(self, row: Row) -> dict[str, float]:
        pairs = zip(self.names, row.tolist(), strict=True)
        return {name: signed_log(value) for name, value in pairs if not math.isnan(value)}


def _node_data(node: _Node) -> dict[str, Any]:
    """Return a node and all below it; lists, because the order of a dictionary is not kept."""
    data: dict[str, Any] = {"depth": node.depth, "stats": _pairs(node.stats)}
    if isinstance(node, NumericBinaryBranch):
        split = {"feature": node.feature, "threshold": float(node.threshold).hex()}
        return data | split | {"children": [_node_data(child) for child in node.children]}
    data["last"] = float(node.last_split_attempt_at).hex()
    data["splitters"] = None
    if node.splitters is not None:
        data["splitters"] = [
            [name, list(_seen_data(splitter))] for name, splitter in node.splitters.items()
        ]
    return data


def _seen_data(splitter: Any) -> Iterator[list[Any]]:  # Any: River's
    for label, seen in splitter._att_dist_per_class.items():  # noqa: SLF001
        variance = seen._var  # noqa: SLF001
        numbers = (
            variance.mean.n, variance.mean._mean, variance._S,  # noqa: SLF001
            splitter._min_per_class[label], splitter._max_per_class[label],  # noqa: SLF001
        )  # fmt: skip
        yield [label, *(float(number).hex() for number in numbers)]


def _node_of(data: dict[str, Any], owner: Any) -> _Node:  # Any: River's
    stats = {label: float.fromhex(text) for label, text in data["stats"]}
    if "feature" in data:
        left, right = (_node_of(child, owner) for child in data["children"])
        threshold = float.fromhex(data["threshold"])
        branch = _new_branch(stats, data["feature"], threshold, data["depth"], left, right)
        branch.children = [left, right]
        return branch
    leaf = _new_leaf(stats, data["depth"], owner.splitter)
    leaf.last_split_attempt_at = float.fromhex(data["last"])
    if data["splitters"] is None:
        leaf.deactivate()
        return leaf
    for name, seen in data["splitters"]:
        splitter = owner.splitter.clone()
        for label, *texts in seen:
            n, mean, squares, least, most = (float.fromhex(text) for text in texts)
            known: Any = _new_curve()
            known._var.mean.n, known._var.mean._mean = n, mean  # noqa: SLF001
            known._var._S = squares  # noqa: SLF001
            splitter._att_dist_per_class[label] = known  # noqa: SLF001
            splitter._min_per_class[label] = least  # noqa: SLF001
            splitter._max_per_class[label] = most  # noqa: SLF001
        leaf.splitters[name] = splitter
    return leaf


def _pairs(stats: dict[bool, float]) -> list[list[Any]]:
    return [[label, float(weight).hex()] for label, weight in stats.items()]
