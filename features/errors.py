"""What can go wrong in a window.

FeatureError
├── FieldError   an event does not fit the log: a field is out of its range
├── LayoutError  the bytes are not a log of a layout that this version reads
├── ClockError   a log was asked about a time before its own clock
└── CatalogueError  a definition contradicts itself or its neighbours
"""


class FeatureError(Exception):
    """Base of every error raised by `features`."""


class FieldError(FeatureError, ValueError):
    """A log event does not fit the log's fields; the contracts should have refused it."""


class LayoutError(FeatureError, ValueError):
    """The bytes are not a log, or one of a layout that this version does not read."""


class ClockError(FeatureError, ValueError):
    """A log was read at a time before its clock; what had expired by then is gone."""

    def __init__(self, *, clock_ms: int, at_ms: int) -> None:
        self.clock_ms = clock_ms
        self.at_ms = at_ms
        super().__init__(
            f"reading a log needs at_ms >= {clock_ms}, the time of its last event; got {at_ms}. "
            "Hand the reader a clock that never goes back."
        )


class CatalogueError(FeatureError, ValueError):
    """A definition in the catalogue contradicts itself or another one."""
