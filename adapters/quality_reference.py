"""The stored reference of the features' quality: a JSON file with the catalogue that it is of."""

import json
import os
from pathlib import Path

from features.quality import Bins


def read_reference(path: Path, *, schema: str) -> dict[str, Bins] | None:
    """Return the reference stored at `path`, or none where there is none of this catalogue.

    Raises:
        ValueError: the file is no reference at all.
    """
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        features = {
            name: Bins(edges=tuple(found["edges"]), counts=tuple(found["counts"]))
            for name, found in stored["features"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"SHOUWEN_QUALITY_REFERENCE needs a file that a worker wrote; {path} is none "
            f"({type(error).__name__}). Remove it: the next rows are the reference then."
        ) from error
    return features if stored.get("schema") == schema else None


def write_reference(path: Path, reference: dict[str, Bins], *, schema: str) -> None:
    """Store a reference whole: a reader finds the old file or the new one.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "reference.json"
    >>> write_reference(path, {"inflow": Bins(edges=(1.5,), counts=(0, 3, 4))}, schema="s-1")
    >>> read_reference(path, schema="s-1")
    {'inflow': Bins(edges=(1.5,), counts=(0, 3, 4))}
    >>> read_reference(path, schema="s-2") is None
    True
    """
    features = {
        name: {"edges": list(bins.edges), "counts": list(bins.counts)}
        for name, bins in reference.items()
    }
    text = json.dumps({"schema": schema, "features": features}, indent=1)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
