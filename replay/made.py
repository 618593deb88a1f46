"""What one run decided, small enough to hold in memory, and matched with another run's."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

RECHECK = "timer:contact.recheck:"
Place = tuple[str, ...]


class RuleMade(msgspec.Struct, frozen=True):
    """A rule as it was evaluated; numbers are float hex, as in the record."""

    rule: str
    hit: bool
    value: str | None
    threshold: str | None
    points: int = 0

    def number(self) -> float | None:
        """Return what the rule read."""
        return None if self.value is None else float.fromhex(self.value)

    def limit(self) -> float | None:
        """Return what it was compared with."""
        return None if self.threshold is None else float.fromhex(self.threshold)


class CandidateMade(msgspec.Struct, frozen=True):
    """An action that was considered, how far it came, and why no further."""

    action_id: str
    stage: str
    score_minor: int | None
    why: str


class ActionMade(msgspec.Struct, frozen=True):
    """What a channel was asked to do."""

    action_id: str
    kind: str
    channel: str
    message_id: str
    not_before_ms: int


class Made(msgspec.Struct, frozen=True):
    """A decision without its features: enough to count it and to say why it is another one."""

    decision_id: str
    partition: int
    seq: int
    at_ms: int
    subject_id: str
    cause: str
    moment: str
    arm: str
    scores: dict[str, str]
    propensity_micro: int
    risk_outcome: str
    risk_band: str
    soft_points: int
    contact_outcome: str
    contact_rule: str | None
    outcome: str
    disposition: str
    rules: tuple[RuleMade, ...]
    candidates: tuple[CandidateMade, ...]
    action: ActionMade | None
    digest: str

    def winner(self) -> CandidateMade | None:
        """Return the action that won, if one did."""
        return next((item for item in self.candidates if item.stage == "won"), None)

    def answer(self) -> tuple[str, ...]:
        """Return what a customer or a channel would notice of the decision."""
        action = self.action
        return (
            self.disposition,
            self.outcome,
            self.risk_outcome,
            self.contact_outcome,
            action.action_id if action else "",
            action.channel if action else "",
        )


class Change(msgspec.Struct, frozen=True):
    """A change of loan state; `conversion` where it is a drawdown that counts."""

    subject_id: str
    at_ms: int
    conversion: str | None
    drawn_minor: int | None
    attributed_decision_ids: tuple[str, ...]
    flagged_decision_id: str | None
    flagged_at_ms: int | None

    def days_ahead(self) -> int | None:
        """Return how many whole days before the drawdown the customer was flagged."""
        if self.flagged_at_ms is None:
            return None
        return math.floor((self.at_ms - self.flagged_at_ms) / 86_400_000)


decode_made = msgspec.json.Decoder(Made).decode
decode_change = msgspec.json.Decoder(Change).decode


def by_place(decisions: Iterable[Made]) -> dict[Place, Made]:
    """Return decisions by what they are about, which is the same under every strategy.

    That is the subject, the cause and the moment. A second look at a deferred action has a cause
    that names the first decision, whose id differs between strategies: its place is that of the
    first one, and behind it. Two strategies that decide on one moment are told apart by order.
    """
    found: dict[Place, Made] = {}
    places: dict[str, Place] = {}
    used: defaultdict[Place, int] = defaultdict(int)
    for made in decisions:
        place = _place(made, places)
        used[place] += 1
        if used[place] > 1:
            place = (*place, f"#{used[place]}")
        found[place] = made
        places[made.decision_id] = place
    return found


def _place(made: Made, places: Mapping[str, Place]) -> Place:
    if made.cause.startswith(RECHECK):
        first_id = made.cause.removeprefix(RECHECK).rpartition(":")[0]
        first = places.get(first_id)
        if first is not None:
            return (*first, "recheck")
    return (made.subject_id, made.moment, made.cause)
