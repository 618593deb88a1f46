"""A table in a Parquet file: written in pieces, complete or not there at all."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # nor does this

ColumnType = Literal["text", "whole", "number", "truth", "float64"]

ROWS_AT_ONCE: Final = 20_000
_TYPES: Final[Mapping[ColumnType, Any]] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "truth": pa.bool_(),
    "float64": pa.float64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column. `told` is written into the file beside its name: unit, meaning, use.

    A `number` may be empty; a `float64` never is: what is missing stays NaN, so that every bit
    that goes in comes out.
    """

    name: str
    type: ColumnType
    told: Mapping[str, str] = field(default_factory=dict)


class ParquetTable:
    """Writes rows into a file that appears under its name when all of them are in it.

    Args:
        path: The file; one that is there is replaced.
        columns: In order.
        told: Written into the file's own metadata.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "frame.parquet"
    >>> columns = [TableColumn(name="id", type="text"), TableColumn(name="x", type="float64")]
    >>> with ParquetTable(path, columns, told={"schema": "s-1"}) as table:
    ...     table.add(["c-1", 0.1])
    ...     table.add(["c-2", float("nan")])
    >>> pq.read_table(path).to_pylist()
    [{'id': 'c-1', 'x': 0.1}, {'id': 'c-2', 'x': nan}]
    """

    def __init__(
        self, path: Path, columns: Sequence[TableColumn], *, told: Mapping[str, str]
    ) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._columns = tuple(columns)
        self._schema = pa.schema(
            [
                pa.field(column.name, _TYPES[column.type], metadata=dict(column.told))
                for column in columns
            ],
            metadata=dict(told),
        )
        self._rows: list[Sequence[Any]] = []
        self._writer: Any = None

    def __enter__(self) -> Self:
        """Open the file that will become the table.

        Raises:
            OSError: it cannot be written there.
        """
        self._partial.touch()  # a plain error that names the file, before any work is done
        self._writer = pq.ParquetWriter(self._partial, self._schema, compression="zstd")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
            self._writer.close()
            if kind is None:
                self._partial.replace(self._path)
        finally:
            self._partial.unlink(missing_ok=True)

    def add(self, row: Sequence[Any]) -> None:
        """Add a row, its cells in the order of the columns."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        cells = zip(*self._rows, strict=True)
        arrays = [
            pa.array(np.array(values, np.float64))
            if column.type == "float64"
            else pa.array(values, _TYPES[column.type])
            for column, values in zip(self._columns, cells, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()
