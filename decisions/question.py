"""What is asked of `decide`: one moment of one customer, and all that may answer it."""

from dataclasses import dataclass

from decisions.situation import MomentHit, Scores, Situation, Trigger
from decisions.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One moment to decide on.

    `tries` is how often the action has been looked at before; `over` is why the moment is over.
    """

    situation: Situation
    hit: MomentHit
    trigger: Trigger
    trigger_event_id: str | None
    strategy: Strategy
    sha256: str
    scores: Scores
    tries: int = 0
    over: str | None = None
