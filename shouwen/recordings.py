"""Recordings as a command opens them: with something in them, and what cannot be read told."""

from pathlib import Path

import click

from adapters.recorded import RecordedSource, SourceName, open_source
from shouwen.errors import ShouwenError

LINES_SHOWN = 20


def open_recording(source: SourceName, path: Path) -> RecordedSource:
    """Return the recording at `path`.

    Raises:
        RecordedSourceError: there is none, or it is not what its reader reads.
        ShouwenError: there is no record in it.
    """
    recording = open_source(source, path)
    if not recording.count():
        raise ShouwenError(f"a run needs a record; {str(path)!r} has none: {_why(recording)}.")
    return recording


def tell_unreadable(recording: RecordedSource) -> None:
    """Say on the error stream which places hold no record, the first twenty of them."""
    unreadable = recording.unreadable()
    for line in unreadable[:LINES_SHOWN]:
        click.echo(f"{line.where}: {line.why}", err=True)
    if len(unreadable) > LINES_SHOWN:
        click.echo(f"... and {len(unreadable) - LINES_SHOWN:,} more", err=True)


def _why(recording: RecordedSource) -> str:
    unreadable = recording.unreadable()
    if not unreadable:
        return "it is empty"
    first = unreadable[0]
    return f"{len(unreadable):,} lines cannot be read, the first at {first.where}: {first.why}"
