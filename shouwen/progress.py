"""A progress bar on the error stream, where it disturbs no program that reads the output."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far something is, while the block lasts; nothing where nobody watches.

    Args:
        what: What is being done, as a word.
        total: How many steps there are, none where it is not known.

    Yields:
        What to call with the number of steps made since it was called last.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as p:
        task = p.add_task(what, total=total)
        yield lambda steps: p.advance(task, steps)
