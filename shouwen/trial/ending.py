"""Ctrl-C, or SIGTERM, during a run: everything ends, in order, and one line says so."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the first SIGINT or SIGTERM unwind the block; further ones do not disturb the clean-up.

    The processes of a run are in sessions of their own and hear no Ctrl-C: it is the unwinding
    that ends them, each before what it stands on.

    Raises:
        SystemExit: 130 after SIGINT, 143 after SIGTERM, as a shell counts.
    """
    heard: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if not heard:
            heard.append(number)
            raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped before the end; nothing is left running", err=True)
        raise SystemExit(128 + (heard[0] if heard else signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
