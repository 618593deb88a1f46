"""Which journal a command reads: a kept one, or the live one, kept for as long as it runs."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from adapters.kafka_journal import keep
from adapters.kept import KeptJournal
from shouwen.progress import progress_bar
from shouwen.settings import Settings

Command = Callable[..., Any]  # what click decorates takes whatever its options say


def journal_option(command: Command) -> Command:
    """Give a command the option `--journal`."""
    return click.option(
        "--journal",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A kept journal; without it the live one, from SHOUWEN_KAFKA_BOOTSTRAP.",
    )(command)


@contextmanager
def opened(journal: Path | None) -> Iterator[KeptJournal]:
    """Give a kept journal: the one named, or the live one, kept until the block ends."""
    if journal is not None:
        yield KeptJournal(journal)
        return
    with tempfile.TemporaryDirectory(prefix="shouwen-journal-") as scratch:
        yield keep_live(Path(scratch) / "live")


def keep_live(folder: Path) -> KeptJournal:
    """Copy the journal of the deployment that the settings name into a new folder."""
    settings = Settings.load()
    with progress_bar("reading", None) as tell:
        return keep(settings.kafka_bootstrap, folder, prefix=settings.topic_prefix, progress=tell)
