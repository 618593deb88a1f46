"""Many heads over one row: it is encoded once and scored by all of them, in one compiled loop."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import kernels
from models.calibration import LogOddsLine
from models.encoding import Encoding
from models.errors import RowError
from models.features_of import ROW
from models.kernels import COLUMNS, EDGES, F64
from models.rows import Row, RowSchema


class LinearParts(Protocol):
    """What a panel needs of a linear head."""

    @property
    def encoding(self) -> Encoding:
        """Of the features that it reads."""
        ...

    @property
    def weights(self) -> F64:
        """(F, 32), in log-odds."""
        ...

    @property
    def bias(self) -> float:
        """In log-odds."""
        ...

    @property
    def calibration(self) -> LogOddsLine:
        """How its log-odds are mapped before they become a probability."""
        ...


class Panel:
    """Scores rows by several linear heads at once, the same bits as each of them alone.

    Heads whose encodings say the same of every feature that they share are scored together: the
    features of all of them are encoded once. One that was fitted on other rows (a frozen champion,
    say) is scored apart, in the same call.

    A head's features are added up in the order of the row, whatever it is scored beside: a feature
    that it does not read adds zero, which changes no bit.

    Args:
        heads: The heads, in the order of the scores.
        row_names: The features of a row.

    Raises:
        RowError: a head reads a feature that is not in a row.
    """

    def __init__(
        self, heads: Sequence[LinearParts], *, row_names: tuple[str, ...] = ROW.names
    ) -> None:
        self.heads = tuple(heads)
        self.row_names = row_names
        self.width = len(heads)
        schema = RowSchema(row_names)
        groups: list[_Group] = []
        for place, head in enumerate(heads):
            RowSchema(head.encoding.names).indices(row_names)
            group = next((known for known in groups if known.agrees(head.encoding)), None)
            if group is None:
                group = _Group()
                groups.append(group)
            group.add(place, head)
        self._compiled = [group.compiled(schema) for group in groups]

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return (N, heads) probabilities of (N, features) rows.

        Raises:
            RowError: a wrong width, another type, or an infinite value.
        """
        checked_rows(rows, len(self.row_names), who="Panel")
        rows = np.ascontiguousarray(rows)
        out = np.empty((len(rows), self.width))
        for heads, edges, scaler, places, weights, lines in self._compiled:
            if len(heads) == self.width:
                kernels.score_many(rows, edges, scaler, places, weights, lines, out)
            else:
                part = np.empty((len(rows), len(heads)))
                kernels.score_many(rows, edges, scaler, places, weights, lines, part)
                out[:, heads] = part
        return out

    def score(self, row: Row) -> list[float]:
        """Return the probability that each head gives one row.

        Raises:
            RowError: a wrong length, another type, or an infinite value.
        """
        scores: list[float] = self.score_many(row[None, :])[0].tolist()
        return scores


class _Group:
    """Heads whose encodings agree."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[bytes, bytes]] = {}
        self._heads: list[tuple[int, LinearParts]] = []

    def agrees(self, encoding: Encoding) -> bool:
        return all(self._codes.get(name, code) == code for name, code in _codes(encoding))

    def add(self, place: int, head: LinearParts) -> None:
        self._codes.update(_codes(head.encoding))
        self._heads.append((place, head))

    def compiled(
        self, schema: RowSchema
    ) -> tuple[list[int], kernels.F32, F64, kernels.Places, F64, F64]:
        names = tuple(name for name in schema.names if name in self._codes)
        edges = np.frombuffer(b"".join(self._codes[name][0] for name in names), np.float32)
        scaler = np.frombuffer(b"".join(self._codes[name][1] for name in names), np.float64)
        weights = np.zeros((len(self._heads), len(names), COLUMNS))
        lines = np.empty((len(self._heads), 3))
        for h, (_, head) in enumerate(self._heads):
            weights[h, RowSchema(head.encoding.names).indices(names)] = head.weights
            lines[h] = (head.bias, *head.calibration.numbers)
        encoding = Encoding(
            names, edges.astype(np.float64).reshape(-1, EDGES), scaler.reshape(-1, 2)
        )
        places = RowSchema(names).indices(schema.names).astype(np.int64)
        heads = [place for place, _ in self._heads]
        return heads, encoding.padded_edges, encoding.scaler, places, weights, lines


def checked_rows(rows: Row, width: int, *, who: str) -> None:
    """Refuse what is no matrix of rows: the compiled code checks no bounds, the door does.

    Raises:
        RowError: a wrong width, another type, or an infinite value.
    """
    if rows.shape[1:] != (width,) or rows.dtype != np.float32 or np.isinf(rows).any():
        raise RowError(
            f"{who} needs rows of {width} finite float32 values (NaN for missing); got "
            f"{rows.dtype} of shape {rows.shape} with {int(np.isinf(rows).sum())} infinite "
            "values. Make rows with RowSchema.row."
        )


def _codes(encoding: Encoding) -> list[tuple[str, tuple[bytes, bytes]]]:
    """Return each feature with the bytes of its edges and of its scale."""
    return [
        (name, (encoding.edges[f].tobytes(), encoding.scaler[f].tobytes()))
        for f, name in enumerate(encoding.names)
    ]
