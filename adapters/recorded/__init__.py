"""Recorded events from files, in the order in which the bank came to know them."""

from adapters.recorded.source import (
    SOURCE_NAMES,
    RecordedSource,
    RecordedSourceError,
    SourceName,
    open_source,
)

__all__ = ["SOURCE_NAMES", "RecordedSource", "RecordedSourceError", "SourceName", "open_source"]
