"""A training frame of a whole journal, from its folder or from Kafka into one Parquet file."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapters.kept import KeptJournal
from adapters.parquet import ParquetTable, TableColumn
from contracts.topics import Topic
from features import BY_NAME, NAMES, SCHEMA_HASH
from replay.folding import Engine, this_engine
from replay.frame import Equality, frame
from replay.frame_labels import COLUMNS, Of
from shouwen.journals import opened
from shouwen.output_file import require_folder
from shouwen.progress import progress_bar

UNEQUAL_SHOWN = 5
PLACE = (
    TableColumn(name="customer", type="text", told={"why": "The subject's opaque id."}),
    TableColumn(name="partition", type="whole", told={"why": "Of the journal."}),
    TableColumn(name="seq", type="whole", told={"why": "The journal number it was scored at."}),
    TableColumn(name="at_ms", type="whole", told={"why": "When: epoch milliseconds UTC."}),
)
"""The coordinate of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameWritten:
    """What is in the file; `unequal` names rows that are not what was scored."""

    file: str
    labels: str
    rows: int
    features: int
    schema: str
    unequal: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return it as sentences."""
        told = f"wrote {self.rows:,} rows of {self.features} features to {self.file}\n"
        if not self.unequal:
            return told + "every row equals what was scored, to the last bit"
        named = ", ".join(self.unequal[:UNEQUAL_SHOWN])
        return told + f"{len(self.unequal):,} rows are NOT what was scored: {named} …"


def write_frame(journal: Path | None, out: Path, labels: Of, use: str | None) -> FrameWritten:
    """Write the frame of a journal, a kept one or the live one.

    Raises:
        ShouwenError: the folder of `out` does not exist.
    """
    require_folder(out, option="--out")
    engine = this_engine()
    with opened(journal) as kept:
        passes = 2 if labels == "examples" else 1
        with progress_bar("reading", passes * kept.rows(Topic.JOURNAL)) as tell:
            return write(kept, out, labels, engine=engine, use=use, progress=tell)


def write(
    kept: KeptJournal,
    out: Path,
    labels: Of,
    *,
    engine: Engine,
    use: str | None = None,
    progress: Any = lambda _: None,
) -> FrameWritten:
    """Write the frame of a kept journal; `use` keeps only features that may be used for it."""
    names = [name for name in NAMES if _may_leave(name, use)]
    places = [NAMES.index(name) for name in names]
    extra = COLUMNS[labels]
    columns = [
        *PLACE,
        *(TableColumn(name=name, type="float64", told=_told(name)) for name in names),
        *(TableColumn(name=c.name, type=c.kind, told={"why": c.why}) for c in extra),
    ]
    equality = Equality()
    about = {
        "shouwen.labels": labels,
        "shouwen.schema": SCHEMA_HASH,
        "shouwen.build": engine.build,
        "shouwen.journal": str(kept.folder.name),
    }
    with ParquetTable(out, columns, told=about) as table:
        for partition in kept.partitions:
            rows = frame(
                kept, partition, labels, engine=engine, equality=equality, progress=progress
            )
            for row in rows:
                asked, values = row.asked, row.values.tolist()
                table.add(
                    [
                        asked.subject_id,
                        partition,
                        asked.seq,
                        asked.at_ms,
                        *(values[place] for place in places),
                        *(asked.labels[column.name] for column in extra),
                    ]
                )
    return FrameWritten(
        file=str(out),
        labels=labels,
        rows=equality.rows,
        features=len(names),
        schema=SCHEMA_HASH,
        unequal=tuple(equality.unequal),
    )


def _may_leave(name: str, use: str | None) -> bool:
    """Tell whether a feature may be in the file: what may be used for nothing stays here."""
    allowed = BY_NAME[name].permitted_use
    return bool(allowed) if use is None else use in allowed


def _told(name: str) -> dict[str, str]:
    feature = BY_NAME[name]
    return {
        "unit": feature.unit,
        "permitted_use": ",".join(sorted(feature.permitted_use)),
        "null_policy": feature.null_policy,
        "why": feature.why,
    }
