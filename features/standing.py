"""What the features of relations are for a while: they change with a word, or as an edge ends."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Standing(NamedTuple):
    """The features of one subject's relations at any time in `[from_ms, until_ms)`.

    Attributes:
        from_ms: The last time before at which an edge began or ended (epoch ms UTC).
        until_ms: The next such time.
        values: The features in the order of their catalogue; a score is 0 until it is added up.
        points_bps: What edges and neighbours add to each score, in ten-thousandths.
    """

    from_ms: int
    until_ms: int
    values: npt.NDArray[np.float64]
    points_bps: tuple[int, ...]

    def holds(self, at_ms: int) -> bool:
        """Return whether this is so at a time.

        >>> Standing(5, 9, np.zeros(1), ()).holds(9)
        False
        """
        return self.from_ms <= at_ms < self.until_ms
