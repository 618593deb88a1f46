"""Tables in files: CSV (plain or gzip) and Parquet, row by row, each with its place in the file."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # nor does this

from adapters.errors import AdapterError

Row = Mapping[str, Any]
"""Cells by column: text in a CSV file, and what the column holds in a Parquet file."""

_FORMS = (".csv", ".csv.gz", ".parquet")
_ROWS_AT_ONCE = 20_000


class TableError(AdapterError):
    """A table cannot be read: the file is missing, or is not what its name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row: `where` is `file:number`, a line in a CSV file and a row from 1 in a Parquet file.

    `cells` are none where the row has another number of cells than its table has columns.
    """

    where: str
    cells: Row | None


class Table:
    r"""A file that holds one table.

    Args:
        path: `.csv`, `.csv.gz` or `.parquet`.
        encoding: Of a CSV file.
        delimiter: Of a CSV file.

    Raises:
        TableError: there is no such file, or no header in it, or it is not a table.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "accounts.csv"
    >>> _ = path.write_text("account,owner\n17,4\n18\n")
    >>> table = Table(path)
    >>> table.columns
    ('account', 'owner')
    >>> [(row.where, row.cells) for row in table.rows()]
    [('accounts.csv:2', {'account': '17', 'owner': '4'}), ('accounts.csv:3', None)]
    """

    def __init__(
        self, path: Path, *, encoding: str = "utf-8", delimiter: Literal[",", ";", "\t", "|"] = ","
    ) -> None:
        self.path = path
        self._encoding = encoding
        self._delimiter = delimiter
        if not path.name.endswith(_FORMS):
            raise TableError(
                f"a table needs a file that ends in {', '.join(_FORMS)}; got {path.name!r}. "
                "Export it in one of these forms."
            )
        if not path.is_file():
            there = sorted(p.name for p in path.parent.glob("*") if p.name.endswith(_FORMS))
            raise TableError(
                f"a table needs its file; {str(path)!r} is none. The folder holds "
                f"{', '.join(there) or 'no table'}."
            )
        self.columns = self._columns()

    def rows(self) -> Iterator[TableRow]:
        """Yield every row in file order.

        Raises:
            TableError: the file ends in the middle, or its bytes are not of its encoding.
        """
        yield from self._parquet_rows() if self._is_parquet else self._csv_rows()

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix == ".parquet"

    def _columns(self) -> tuple[str, ...]:
        if self._is_parquet:
            try:
                return tuple(pq.read_schema(self.path).names)
            except pa.ArrowInvalid as error:
                raise self._broken("it is not a Parquet file") from error
        try:
            with self._open() as file:
                header = next(csv.reader(file, delimiter=self._delimiter), [])
        except (UnicodeDecodeError, OSError, EOFError) as error:
            raise self._broken(f"it cannot be read as {self._encoding}") from error
        if not header or len(set(header)) < len(header):
            raise self._broken("its first line is no header: names of columns, each once")
        return tuple(header)

    def _csv_rows(self) -> Iterator[TableRow]:
        try:
            with self._open() as file:
                reader = csv.reader(file, delimiter=self._delimiter)
                next(reader)
                for cells in reader:
                    if not cells:
                        continue
                    fits = len(cells) == len(self.columns)
                    yield TableRow(
                        where=f"{self.path.name}:{reader.line_num}",
                        cells=dict(zip(self.columns, cells, strict=True)) if fits else None,
                    )
        except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as error:
            raise self._broken(f"it cannot be read as {self._encoding} to its end") from error

    def _parquet_rows(self) -> Iterator[TableRow]:
        number = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for cells in batch.to_pylist():
                    number += 1
                    yield TableRow(where=f"{self.path.name}:{number}", cells=cells)

    def _open(self) -> Any:
        opener: Any = gzip.open if self.path.suffix == ".gz" else open
        return opener(self.path, "rt", encoding=self._encoding, newline="")

    def _broken(self, why: str) -> TableError:
        return TableError(
            f"a table needs a file that can be read to its end; {str(self.path)!r}: {why}. "
            "Export it again, or name its encoding and delimiter in the mapping."
        )
