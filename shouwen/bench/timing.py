"""How time is taken: CPU of the whole process, so that a busy neighbour weighs less.

All threads count, and nothing is subtracted: the collector runs as it does in a worker, and the
loop around the calls is part of what is measured.
"""

import gc
import time
from collections.abc import Callable


def cpu_us_per_event(run: Callable[[], object], *, events: int, runs: int) -> list[float]:
    """Return microseconds of CPU per event, of each of `runs` runs after one that is not counted.

    Args:
        run: What to time; it takes `events` events in and begins anew each time.
        events: How many events one run takes in.
        runs: How many runs to time.

    >>> seen = []
    >>> len(cpu_us_per_event(lambda: seen.append(1), events=1, runs=3)), len(seen)
    (3, 4)
    """
    run()
    found = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time_ns()
        run()
        found.append((time.process_time_ns() - start) / events / 1_000)
    return found
