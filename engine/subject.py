"""The state of one subject as one bytes value: layout version first, next due time behind it."""

import msgspec

from decisions.facts import Facts
from engine.event_ids import EventIds
from engine.neighbour_state import NeighbourState
from features import EMPTY
from features.relations import Relations

LAYOUT = 2
MOST_BYTES = 131_072
"""The largest state that is planned for; a larger one is kept, and counted when it is written."""

NEVER_MS = (1 << 62) - 1


class StateError(ValueError):
    """A stored state is damaged, or a version wrote it that this one does not know."""


class OpenRow(msgspec.Struct, array_like=True):
    """A scored row that waits for its labels; one row is shared by all labels that can be asked.

    `labels` maps a label that is still open to the time it closes; `positives` a label that came
    true to what made it so (a loan, an application, an event), which may still be taken back.
    `kind` is what the row is about: a week, a contact (of `decision_id`) or a loan (`loan_id`);
    a row of an older version has none, and is of a week, or of a loan if its week is -1.
    `keep_minor` is the balance that counts as kept at the end of the horizon.
    """

    row_id: str
    week: int
    at_ms: int
    labels: dict[str, int]
    positives: dict[str, str] = {}
    loan_id: str | None = None
    kind: str = ""
    decision_id: str | None = None
    keep_minor: int = 0


class SubjectState(msgspec.Struct, array_like=True):
    """Everything kept about one subject.

    `log` is the features' own layout. `event_ids` are of the last 7 days, at most 500. `timers`
    maps a name to when it is due; a name is `<kind>:<reference>`. `last_seq` is the last entry that
    stepped this subject. `relations` are whom it belongs with, `neighbours` what it told them.
    `profile` is what is usual for it (`models.profile`), empty for one that has no account.
    """

    facts: Facts = msgspec.field(default_factory=Facts)
    log: bytes = EMPTY
    event_ids: EventIds = msgspec.field(default_factory=EventIds)
    timers: dict[str, int] = {}
    rows: list[OpenRow] = []
    rows_dropped: int = 0
    entries: int = 0
    last_seq: int = -1
    relations: Relations = msgspec.field(default_factory=Relations)
    neighbours: NeighbourState = msgspec.field(default_factory=NeighbourState)
    profile: bytes = b""

    def next_due_ms(self) -> int:
        """Return when the earliest timer is due, or `NEVER_MS`."""
        return min(self.timers.values(), default=NEVER_MS)
