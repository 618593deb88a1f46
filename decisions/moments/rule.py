"""What a moment is made of: when and for whom it is looked for, what makes it true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from contracts.conversions import LoanStateName
from contracts.decisions import DecisionContext, Moment
from contracts.topics import Topic
from decisions.situation import Situation, Trigger

HOUR_MS = 3_600_000
Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of source event; `direction` is of money, none for any."""

    topic: Topic
    event_type: str
    direction: Literal["in", "out"] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What made a moment true: the numbers for the why-now text, and which wave it is."""

    numbers: Mapping[str, float]
    wave: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRule:
    """One moment, declared whole (docs/domain.md, "Moments").

    Args (the fields):
        name: As in decisions and strategies.
        on: The events on which it is looked for.
        on_timer: The prefix of the timers on which it is looked for.
        states: Loan states that allow it.
        thresholds: Defaults by name; a strategist may override them.
        evidence: Returns why it is true, or none where it is not; reads, changes nothing.
        why_zh: What a person may be told of the numbers, in Chinese.
        why_en: The same in English.
        refractory_ms: How long after opening it cannot open again.
        expiry_ms: How long it stays open; while it does, an identical one cannot open.
        context: Which duties a decision on it has.
        protective: It forbids credit marketing instead of beginning it, and comes first.
        each_timer_is_new: A timer only fires for a new reason, so an open moment is no obstacle.
    """

    name: Moment
    states: frozenset[LoanStateName]
    evidence: Callable[[Situation, Trigger, Thresholds], Evidence | None]
    why_zh: Callable[[Mapping[str, float]], str]
    why_en: Callable[[Mapping[str, float]], str]
    refractory_ms: int
    expiry_ms: int
    on: tuple[EventKind, ...] = ()
    on_timer: str | None = None
    thresholds: Thresholds = field(default_factory=dict)
    context: DecisionContext = "marketing_unsolicited"
    protective: bool = False
    each_timer_is_new: bool = False


def at_least(value: float | None, threshold: float) -> bool:
    """Say whether a number is known and reaches a threshold; a missing number reaches none.

    >>> at_least(3.0, 3.0), at_least(None, 0.0)
    (True, False)
    """
    return value is not None and value >= threshold


def below(value: float | None, threshold: float) -> bool:
    """Say whether a number is known and lies under a threshold; a missing number does not.

    >>> below(9.9, 10.0), below(10.0, 10.0), below(None, 10.0)
    (True, False, False)
    """
    return value is not None and value < threshold


def known(situation: Situation, *features: str) -> dict[str, float]:
    """Return the named features that have a number."""
    numbers = {name: situation.number(name) for name in features}
    return {name: number for name, number in numbers.items() if number is not None}
