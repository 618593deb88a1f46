"""One subject at one position: what the parts of a step hand to each other."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from decisions.situation import Situation
from engine.partition import PartitionState
from engine.subject import SubjectState
from features import NAMES, is_by_date, is_cut
from models import ROW, Row, Unusual, unusual

PLACES = ROW.indices(NAMES)
"""Where the features of a row of the models stand in a row of all features."""


@dataclass(kw_only=True)
class Case:
    """A subject at `at_ms` within entry `seq`; `values` are its features in catalogue order.

    For a timer, `at_ms` is when it was due and `seq` the entry that moved the clock past it.
    Examples are ordered within an entry: timers before the entry itself, `ordinal` among those.
    """

    partition: PartitionState
    subject: SubjectState
    subject_id: str
    at_ms: int
    seq: int
    values: NDArray[np.float64]

    @cached_property
    def features(self) -> dict[str, float]:
        """The features by name; NaN where nothing is known."""
        return dict(zip(NAMES, self.values.tolist(), strict=True))

    @cached_property
    def row(self) -> Row:
        """The row for all models: float32, so that what is scored is what is learnt."""
        return ROW.row(self.values[PLACES])

    @cached_property
    def unusual(self) -> Unusual | None:
        """How far the customer is from the own past; none while too little is known of it."""
        return unusual(self.subject.profile, self.features)

    def next_ordinal(self) -> int:
        """Return the number of the next example of this entry, over all its cases."""
        return self.partition.next_ordinal(self.seq)

    def situation(self) -> Situation:
        """Return what the rules of `decisions` see."""
        log = self.subject.log
        unwell = {
            "windows_by_date": is_by_date(log, self.at_ms),
            "windows_cut": is_cut(log, self.at_ms),
            "event_ids_short": self.subject.event_ids.is_short(self.at_ms),
        }
        return Situation(
            subject_id=self.subject_id,
            at_ms=self.at_ms,
            facts=self.subject.facts,
            features=self.features,
            degradations=tuple(name for name, is_unwell in unwell.items() if is_unwell),
        )
