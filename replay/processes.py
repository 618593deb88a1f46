"""Partitions in parallel: the same answer on every number of processes, only sooner."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from typing import TypeVar

PAYS_FROM_ENTRIES = 20_000
"""Starting a process takes about a second; below this many entries in all it does not pay."""

Task = TypeVar("Task")
Part = TypeVar("Part")


def how_many(processes: int | None, *, tasks: int, entries: int) -> int:
    """Return how many processes to use: those asked for, else the cores where it pays, else one.

    >>> how_many(8, tasks=3, entries=10), how_many(None, tasks=3, entries=10)
    (3, 1)
    """
    wanted = processes or (os.cpu_count() or 1 if entries >= PAYS_FROM_ENTRIES else 1)
    return max(1, min(wanted, tasks))


def run_all(
    run: Callable[[Task], Part],
    tasks: Sequence[Task],
    *,
    processes: int,
    done: Callable[[Part], None],
) -> list[Part]:
    """Run every task and return what comes of each, in the order of the tasks.

    Args:
        run: A function of a module, so that a process can find it.
        tasks: What it is called with, one after the other.
        processes: 1 runs everything here.
        done: Is told each part as it is ready, in order.
    """
    if processes == 1:
        return [_told(run(task), done) for task in tasks]
    # A fresh interpreter each: a fork would copy the threads of whoever calls us half-alive.
    before = active_children()
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_leave_ctrl_c_to_the_parent
    ) as pool:
        try:
            return [_told(part, done) for part in pool.map(run, tasks)]
        except BaseException:  # Ctrl-C above all: nobody waits for what will not be read
            for child in active_children():
                if child not in before:
                    child.terminate()
            raise


def _leave_ctrl_c_to_the_parent() -> None:
    """Run first in each process: a terminal sends Ctrl-C to all, and one answer is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _told(part: Part, done: Callable[[Part], None]) -> Part:
    done(part)
    return part
