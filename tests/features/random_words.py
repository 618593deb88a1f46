"""What is said of many subjects' relations: late, doubled, corrected first, ended, stated anew."""

import math
from random import Random
from typing import Any, get_args

from contracts.neighbours import NeighbourSignal
from contracts.relations import EDGE_KINDS, RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged
from contracts.uses import Use
from features.business_time import DAY_MS, HOUR_MS
from features.catalogue_relations import RELATED
from features.relation_definitions import Score
from tests.features.duckdb_relations import Others, Said, WordStep
from tests.features.histories import START_MS

RESTS_ON = sorted(
    {
        points.feature
        for feature in RELATED
        if isinstance(feature, Score)
        for points in feature.points
    }
    - {feature.name for feature in RELATED}
)
"""Features of the log that some score reads."""

_REGISTER = ("registered", "court_enforced", "dishonest_listed", "revoked", "cleared")
_USES = get_args(Use)


def random_words(count: int, *, seed: int, said: int = 18) -> list[list[WordStep]]:
    """Return the steps of `count` subjects; some steps say nothing and are only read."""
    chance = Random(seed)
    return [_Subject(Random(chance.random()), said).steps for _ in range(count)]


class _Subject:
    def __init__(self, chance: Random, said: int) -> None:
        self.chance = chance
        self.kinds = chance.sample(EDGE_KINDS, 3)
        self.known: list[Said] = []
        self.steps: list[WordStep] = []
        self.at_ms = START_MS
        for number in range(said):
            self.at_ms += chance.choice((0, 1, HOUR_MS, DAY_MS, 9 * DAY_MS))
            event = self._event(f"w-{number}")
            self.known.append(event)
            self.steps.append(([event], self.at_ms, self._others()))
            self._read_at_an_edge(event)

    def _event(self, event_id: str) -> Said:
        draw = self.chance.random()
        if self.known and draw < 0.1:  # said twice
            return self.chance.choice(self.known)
        about = self._about(event_id)
        if draw < 0.25:
            about["corrects_event_id"] = f"w-{self.chance.randrange(18)}"  # perhaps not said yet
            about["is_reversal"] = self.chance.random() < 0.5
            return self._stated(about)
        if draw < 0.35:
            return RelationEnded(
                **about, **self._edge(), event_type="relation_ended", ended_at_ms=self.at_ms
            )
        if draw < 0.55:
            return NeighbourSignal(
                **about,
                subject_id="c-1",
                fact=self.chance.choice(("core_hops", "enterprise_flag", "ip_customers")),
                from_ref=f"n-{self.chance.randrange(3)}",
                value_int=self.chance.randrange(4),
                permitted_use=self._uses(),
                cause_partition=0,
                cause_seq=0,
            )
        if draw < 0.65:
            return EnterpriseChanged(
                **about,
                event_type="enterprise",
                enterprise_id="e-1",
                enterprise_event=self.chance.choice(_REGISTER),
            )
        return self._stated(about)

    def _stated(self, about: dict[str, Any]) -> RelationStated:
        begins = self.at_ms + self.chance.choice((-9, -1, 0, 1)) * DAY_MS
        lasts = self.chance.choice((None, 0, 1, DAY_MS, 30 * DAY_MS))
        return RelationStated(
            **about,
            **self._edge(),
            event_type="relation_stated",
            node_kind="customer",
            other_node_kind="enterprise",
            confidence_bps=self.chance.choice((0, 3_333, 9_999, 10_000)),
            valid_from_ms=begins,
            valid_to_ms=None if lasts is None else begins + lasts,
            evidence_source="register",
            permitted_use=self._uses(),
        )

    def _about(self, event_id: str) -> dict[str, Any]:
        shift = self.chance.choice((0, 0, 0, -1, -HOUR_MS, -20 * DAY_MS, 60_000))
        return {"event_id": event_id, "occurred_at_ms": self.at_ms + shift}

    def _edge(self) -> dict[str, Any]:
        dwelling = self.chance.random() < 0.7
        return {
            "node_id": "c-1",
            "other_node_id": f"o-{self.chance.randrange(3)}",
            "edge_kind": self.chance.choice(self.kinds if dwelling else EDGE_KINDS),
            "direction": self.chance.choice(("out", "out", "in")),
        }

    def _uses(self) -> tuple[Use, ...]:
        return tuple(use for use in _USES if self.chance.random() < 0.8)

    def _others(self) -> Others:
        drawn = (math.nan, 0.0, 1.0, 2.0, 3.5, 5.0, 11.0, 40.0)
        return {name: self.chance.choice(drawn) for name in RESTS_ON}

    def _read_at_an_edge(self, event: Said) -> None:
        """Read at the ms at which a validity begins or ends, and at the one before."""
        if isinstance(event, RelationStated):
            turns = [event.valid_from_ms, event.valid_to_ms or 0]
            ahead = sorted(t - early for t in turns for early in (0, 1) if t - early >= self.at_ms)
            for at_ms in ahead[: self.chance.randrange(3)]:
                self.at_ms = at_ms
                self.steps.append(((), at_ms, self._others()))
