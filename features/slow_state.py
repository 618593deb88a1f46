"""The obvious definition of every feature at once: events in, numbers and their reasons out."""

from dataclasses import dataclass, field

from contracts.decode import SourceEvent
from features.catalogue import BY_NAME, NAMES
from features.catalogue_relations import RELATED
from features.from_events import log_events
from features.log import horizon_ms, update
from features.plan import EMPTY
from features.relation_definitions import EdgeFeature, Score, ToldFeature
from features.slow import SlowLog
from features.slow_relations import SlowRelations


@dataclass(slots=True)
class SlowState:
    """All that was ever known of a subject, in order of arrival; `features.state` made plain.

    `full` is the log that the engine keeps, for one thing alone: before when it had to fold events
    into their dates.

    >>> state = SlowState()
    >>> state.read(0)["ring_risk_score"], state.members("ring_risk_score", 0)
    (0.0, [])
    """

    log: SlowLog = field(default_factory=SlowLog)
    relations: SlowRelations = field(default_factory=SlowRelations)
    full: bytes = EMPTY

    def apply(self, event: SourceEvent, at_ms: int, *, tag: object = None) -> None:
        """Take an event in of which the bank knew at `at_ms` (epoch ms UTC)."""
        for line in log_events(event, at_ms):
            self.log.apply([line], tag=tag)
            self.full = update(self.full, [line], at_ms)
            self.log.date_before(horizon_ms(self.full))
        self.relations.apply(event, at_ms, tag=tag)

    def read(self, at_ms: int) -> dict[str, float]:
        """Return every served feature at `at_ms`, in the order of `NAMES`."""
        values = self.log.read(at_ms)
        for feature in RELATED:
            values[feature.name] = self.relations.value(feature, at_ms, values)
        return {name: values[name] for name in NAMES}

    def members(self, name: str, at_ms: int) -> list[object]:
        """Return the tags of the events that a feature rests on at `at_ms`, oldest first.

        Of a score these are the events of its parts, part by part.

        Raises:
            KeyError: no feature has that name.
        """
        match BY_NAME[name]:
            case Score(points=points):
                parts = [tag for part in points for tag in self.members(part.feature, at_ms)]
                return list(dict.fromkeys(parts))
            case EdgeFeature() | ToldFeature() as feature:
                return self.relations.members(feature, at_ms)
            case _:
                return self.log.members(name, at_ms)
