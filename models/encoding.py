"""The one encoding of a row that all heads share: bins and z-scores, fixed once."""

import hashlib
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models import kernels
from models.bins import fit_bins, without_rows
from models.canonical import pack, unpack
from models.errors import CheckpointError, RowError
from models.kernels import EDGES, F32, F64, I16, PADDED_EDGES
from models.rows import Row

_FORMAT = "encoding/1"


class Encoding:
    """Turns rows of named features into what linear models read, the same bits for all of them.

    Each feature becomes one of 30 bins (16 equal shares of the rows that it was fitted on, and
    edges beyond what they showed), or the bin of "no value"; and a z-score of its signed logarithm,
    clipped to ±4. Fitted once and frozen: a weight means something only with the edges it was
    learnt with, so models that share an encoding name its hash.

    A value of any size has a code. What lies beyond the last edge is in the last bin with a z-score
    of at most 4, so that no number, however wrong, moves a score further than the largest that is
    plausible; `outside` counts how often that happens.

    Args:
        names: The features, in the order of a row.
        edges: (F, 29), ascending; a value's bin is the count of edges at or below it.
        scaler: (F, 2): centre and scale of the signed logarithm.

    >>> rows = np.array([[0.0, np.nan], [1.0, 5.0], [2.0, 6.0], [3.0, 7.0]], dtype=np.float32)
    >>> encoding = Encoding.fit(("a", "b"), rows)
    >>> bins, z = encoding.encode(np.array([2.0, np.nan], dtype=np.float32))
    >>> bins.tolist(), z.round(2).tolist()
    ([18, 30], [0.6, 0.0])
    >>> Encoding.from_data(encoding.to_data()).encoding_hash == encoding.encoding_hash
    True
    """

    def __init__(self, names: Sequence[str], edges: F64, scaler: F64) -> None:
        self.names = tuple(names)
        self._edges = _as_float32(edges)
        self._scaler = np.array(scaler, dtype=np.float64, order="C")
        self._padded = np.full((len(self.names), PADDED_EDGES), np.inf, dtype=np.float32)
        self._padded[:, :EDGES] = self._edges
        digest = hashlib.sha256("\n".join(self.names).encode())
        for numbers in (self._edges.astype("<f4"), self._scaler.astype("<f8")):
            digest.update(numbers.tobytes())
        self.encoding_hash = digest.hexdigest()[:16]

    @classmethod
    def fit(cls, names: Sequence[str], rows: NDArray[np.float32]) -> Self:
        """Return the encoding that `rows` suggest (see `models.bins`).

        Raises:
            RowError: no rows, or rows of another width.
        """
        if rows.ndim != 2 or not len(rows) or rows.shape[1] != len(names):  # noqa: PLR2004
            raise RowError(
                f"Encoding.fit needs at least one row of {len(names)} values; got an array of "
                f"shape {rows.shape}. Wait for rows, and make them with the same RowSchema."
            )
        return cls(names, *fit_bins(rows))

    @property
    def edges(self) -> F32:
        """(F, 29), ascending."""
        return self._edges

    @property
    def padded_edges(self) -> F32:
        """(F, 32): the edges and infinity, as the kernels read them."""
        return self._padded

    @property
    def scaler(self) -> F64:
        """(F, 2): centre and scale of the signed logarithm."""
        return self._scaler

    def encode(self, row: Row) -> tuple[I16, F64]:
        """Return bins (F,) and z-scores (F,) of one row.

        Raises:
            RowError: a wrong length, another type, or an infinite value.
        """
        bins, z = self.encode_many(row[None, :])
        return bins[0], z[0]

    def encode_many(self, rows: Row) -> tuple[I16, F64]:
        """Return bins (N, F) and z-scores (N, F), row by row the same bits as `encode`.

        Raises:
            RowError: a wrong width, another type, or an infinite value.
        """
        rows = np.ascontiguousarray(self.checked(rows))
        bins, z = np.empty(rows.shape, dtype=np.int16), np.empty(rows.shape)
        kernels.encode(rows, self._padded, self._scaler, bins, z)
        return bins, z

    def checked(self, rows: Row) -> Row:
        """Return rows (N, F) as they are, if they can be encoded.

        Raises:
            RowError: a wrong width, another type, or an infinite value.
        """
        if rows.shape[1:] != (len(self.names),) or rows.dtype != np.float32 or np.isinf(rows).any():
            raise RowError(
                f"Encoding {self.encoding_hash} needs {len(self.names)} finite float32 values (NaN "
                f"for missing) in a row; got {rows.dtype} of shape {rows.shape} with "
                f"{int(np.isinf(rows).sum())} infinite values. Make rows with RowSchema.row."
            )
        return rows

    def outside(self, rows: Row) -> NDArray[np.int64]:
        """Return, per feature, in how many rows its value lies beyond the first or last edge.

        >>> seen = np.arange(32, dtype=np.float32).reshape(32, 1)
        >>> Encoding.fit(("a",), seen).outside(np.array([[5.0], [1e9], [np.nan]], dtype=np.float32))
        array([1])
        """
        counts: NDArray[np.int64] = (
            ((rows < self._edges[:, 0]) | (rows >= self._edges[:, -1])).sum(axis=0).astype(np.int64)
        )
        return counts

    def places_of(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return where `names` stand in a row.

        Raises:
            RowError: a name that is not in the encoding.
        """
        place = {name: index for index, name in enumerate(self.names)}
        if unknown := [name for name in names if name not in place]:
            raise RowError(
                f"Encoding {self.encoding_hash} needs features among its {len(self.names)}; got "
                f"{unknown}. Fit an encoding of a row that has them."
            )
        return np.array([place[name] for name in names], dtype=np.int64)

    def of(self, names: Sequence[str]) -> "Encoding":
        """Return the encoding of some of its features alone, the same bins and scales."""
        places = self.places_of(names)
        return Encoding(names, self._edges[places].astype(np.float64), self._scaler[places])

    def grown(self, names: Sequence[str]) -> "Encoding":
        """Return this encoding with more features, which no row has shown yet."""
        edges, scaler = without_rows(len(names))
        return Encoding(
            (*self.names, *names),
            np.concatenate((self._edges.astype(np.float64), edges)),
            np.concatenate((self._scaler, scaler)),
        )

    def to_data(self) -> dict[str, Any]:
        """Return everything as JSON data."""
        return {
            "format": _FORMAT,
            "names": list(self.names),
            "edges": [edges.astype("<f4").tobytes().hex() for edges in self._edges],
            "scaler": pack(self._scaler),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit.

        Raises:
            CheckpointError: another format.
        """
        if data.get("format") != _FORMAT:
            raise CheckpointError(
                f"Encoding needs data of format {_FORMAT!r}; got {data.get('format')!r}. "
                "Read it with the version that wrote it."
            )
        count = len(data["names"])
        edges = np.frombuffer(bytes.fromhex("".join(data["edges"])), dtype="<f4")
        scaler = unpack(data["scaler"], count, 2)
        return cls(data["names"], edges.astype(np.float64).reshape(count, EDGES), scaler)


def _as_float32(edges: F64) -> F32:
    """Return the edges rounded up: a float32 is at or above an edge just as it was before."""
    with np.errstate(over="ignore"):
        rounded = np.asarray(edges).astype(np.float32)
        above = np.nextafter(rounded, np.float32(np.inf))
    up: F32 = np.where(rounded < edges, above, rounded)
    return np.ascontiguousarray(up.reshape(-1, EDGES), dtype=np.float32)
