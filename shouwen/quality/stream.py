"""A stream of decisions whose outcomes come late: what every data set is turned into."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.labels import Teaches

Step = Literal["told", "final", "opened"]
_STEPS: tuple[Step, ...] = ("told", "final", "opened")

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Rows in the order of their decisions, and when each outcome became known.

    Args:
        name: The data set.
        about: What a row is, and what is asked of it.
        features: The names of the columns.
        rows: (N, F) float32, NaN for "no value".
        outcomes: (N,) what became of each row.
        opened_ms: (N,) when it was decided; never falling.
        told_ms: (N,) when a positive became known; of a negative it is not read.
        closed_ms: (N,) when the outcome was final; never before `told_ms`.
        policy: How late labels teach (see `models.labels`).
        prior: What was believed before the first outcome.
        units: (N,) what the bootstrap draws: customers, or blocks of rows that follow each other.
        refit_ms: How often a batch model is fitted again.
    """

    name: str
    about: str
    features: tuple[str, ...]
    rows: NDArray[np.float32]
    outcomes: NDArray[np.bool_]
    opened_ms: NDArray[np.int64]
    told_ms: NDArray[np.int64]
    closed_ms: NDArray[np.int64]
    policy: Teaches
    prior: float
    units: NDArray[np.int64]
    refit_ms: int

    def __len__(self) -> int:
        return len(self.rows)

    def steps(self) -> Iterator[tuple[Step, int]]:
        """Yield what happens, in the order of time: labels before the rows of the same moment.

        A positive is told when it is known and is final with all others, at `closed_ms`.

        >>> stream = at_once(
        ...     np.zeros((2, 1), np.float32), np.array([True, False]), delay_ms=2, refit_ms=9
        ... )
        >>> list(stream.steps())
        [('opened', 0), ('opened', 1), ('told', 0), ('final', 0), ('final', 1)]
        """
        came_true, everything = np.flatnonzero(self.outcomes), np.arange(len(self))
        times = np.concatenate((self.told_ms[came_true], self.closed_ms, self.opened_ms))
        kinds = np.repeat(np.arange(3), (len(came_true), len(self), len(self)))
        places = np.concatenate((came_true, everything, everything))
        for at in np.lexsort((places, kinds, times)).tolist():
            yield _STEPS[kinds[at]], int(places[at])

    def known_at(self, at_ms: int) -> NDArray[np.bool_]:
        """Return which rows are final at a time: those a batch model may be fitted on."""
        final: NDArray[np.bool_] = self.closed_ms <= at_ms
        return final


def at_once(
    rows: NDArray[np.float32], outcomes: NDArray[np.bool_], *, delay_ms: int, refit_ms: int
) -> Stream:
    """Return a stream of one row a millisecond, whose labels all come `delay_ms` later."""
    opened_ms = np.arange(len(rows), dtype=np.int64)
    return Stream(
        name="at once",
        about="rows without a time",
        features=tuple(f"f{number}" for number in range(rows.shape[1])),
        rows=rows,
        outcomes=outcomes,
        opened_ms=opened_ms,
        told_ms=opened_ms + delay_ms,
        closed_ms=opened_ms + delay_ms,
        policy="as_arrives",
        prior=0.1,
        units=opened_ms,
        refit_ms=refit_ms,
    )
