"""Rows that models read: features in an order, rounded to float32."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.errors import RowError

MAX_FEATURES = 48
Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RowSchema:
    """The features of a model, in order.

    A row is float32, because what is scored must be what is learnt from, and a row travels. NaN is
    "no value" and has a weight of its own; infinity is refused, since nothing that is measured is
    infinite.

    Args:
        names: At most 48 feature names, each once (docs/domain.md, "Features").

    >>> schema = RowSchema(("salary_month_cnt_180d", "cash_buffer_days"))
    >>> schema.row({"cash_buffer_days": 12.5})
    array([ nan, 12.5], dtype=float32)
    >>> schema.schema_hash
    'd78b4564a507135d'
    """

    names: tuple[str, ...]
    schema_hash: str = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.names) <= MAX_FEATURES or len(set(self.names)) != len(self.names):
            raise RowError(
                f"RowSchema needs 1 to {MAX_FEATURES} different names; got {self.names!r}. "
                "Drop a feature or a repetition."
            )
        digest = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        object.__setattr__(self, "schema_hash", digest[:16])

    def indices(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Return where this schema's features stand among `names`, to pick a row from an array.

        Raises:
            RowError: a feature of this schema is not among `names`.

        >>> RowSchema(("b", "a")).indices(("a", "b", "c"))
        array([1, 0])
        """
        place = {name: index for index, name in enumerate(names)}
        if unknown := [name for name in self.names if name not in place]:
            raise RowError(
                f"RowSchema {self.schema_hash} needs features that are not computed: {unknown}. "
                "Add them to the catalogue or use another schema."
            )
        return np.array([place[name] for name in self.names], dtype=np.intp)

    def row(self, features: Mapping[str, float] | NDArray[np.float64]) -> Row:
        """Return the row of `features`: an array in this order, or a mapping (absent = missing).

        Raises:
            RowError: a wrong length, or a value that float32 cannot hold.

        >>> RowSchema(("a",)).row({"a": float("inf")})
        Traceback (most recent call last):
        ...
        models.errors.RowError: RowSchema 'ca978112ca1bbdca' needs finite values or NaN; got
        infinity in ['a'] after rounding to float32. Leave a missing feature out or set it to NaN.
        """
        if isinstance(features, np.ndarray):
            values = features
        else:
            values = np.array([features.get(name, np.nan) for name in self.names])
        with np.errstate(over="ignore"):
            return self.checked(values.astype(np.float32))

    def checked(self, row: Row) -> Row:
        """Return `row` as it is, if it is a row of this schema.

        Raises:
            RowError: a wrong length or an infinite value.
        """
        if row.shape != (len(self.names),):
            raise RowError(
                f"RowSchema {self.schema_hash!r} needs {len(self.names)} values; got an array of "
                f"shape {row.shape}. Pick the features with `indices` first."
            )
        if np.isinf(row).any():
            bad = [name for name, value in zip(self.names, row, strict=True) if np.isinf(value)]
            raise RowError(
                f"RowSchema {self.schema_hash!r} needs finite values or NaN; got infinity in "
                f"{bad} after rounding to float32. Leave a missing feature out or set it to NaN."
            )
        return row

    def from_hex(self, text: str) -> Row:
        """Return the row that `to_hex` wrote.

        Raises:
            RowError: not hex, or not a row of this schema.
        """
        try:
            raw = bytes.fromhex(text)
        except ValueError as error:
            raise RowError(f"row_hex needs hex digits; got {text[:16]!r}…: {error}.") from error
        if len(raw) != 4 * len(self.names):
            raise RowError(
                f"RowSchema {self.schema_hash!r} needs {4 * len(self.names)} bytes of row_hex; "
                f"got {len(raw)}. Read the row with the schema that its schema_hash names."
            )
        return self.checked(np.frombuffer(raw, dtype="<f4").astype(np.float32))


def to_hex(row: Row) -> str:
    """Return a row as little-endian hex of its float32 values, as examples carry it.

    >>> to_hex(np.array([1.0, 0.5], dtype=np.float32))
    '0000803f0000003f'
    """
    return np.ascontiguousarray(row, dtype="<f4").tobytes().hex()
