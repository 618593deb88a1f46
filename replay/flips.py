"""Who gets another answer under another strategy, and the first thing that made it another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from replay.made import RECHECK, Made, Place

Element = Literal[
    "moment",
    "follow_up",
    "arm",
    "threshold",
    "rule",
    "band",
    "matrix",
    "arbitration",
    "contact",
    "timing",
]
ELEMENTS: dict[Element, tuple[str, str]] = {
    "moment": ("时机不在策略内", "the strategy does not decide on it"),
    "follow_up": ("随先前决策而变", "follows from an earlier decision"),
    "arm": ("实验分组", "arm of the experiment"),
    "threshold": ("阈值", "threshold of a rule"),
    "rule": ("规则输入", "input of a rule"),
    "band": ("风险等级", "risk band"),
    "matrix": ("风险矩阵", "risk matrix"),
    "arbitration": ("行动仲裁", "arbitration of actions"),
    "contact": ("触达规则", "contact rule"),
    "timing": ("时间安排", "timing"),
}
"""What can make a decision another one, in the order in which it is decided: Chinese, English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A customer at a moment who gets another answer, and why.

    `before` and `after` are the answers in words (`-` where no decision is made), `element` the
    first step of the decision that differs, `detail` what it was on either side.
    """

    subject_id: str
    moment: str
    at_ms: int
    before_id: str | None
    after_id: str | None
    before: str
    after: str
    element: Element
    detail: str


def find_flips(before: Mapping[Place, Made], after: Mapping[Place, Made]) -> list[Flip]:
    """Return every place where the answer differs, in order of time."""
    flips = []
    for place in before.keys() | after.keys():
        one, other = before.get(place), after.get(place)
        if one is not None and other is not None and one.answer() == other.answer():
            continue
        known = one or other
        if known is None:
            continue
        element, detail = first_difference(one, other)
        flips.append(
            Flip(
                subject_id=known.subject_id,
                moment=known.moment,
                at_ms=known.at_ms,
                before_id=one.decision_id if one else None,
                after_id=other.decision_id if other else None,
                before=in_words(one),
                after=in_words(other),
                element=element,
                detail=detail,
            )
        )
    return sorted(flips, key=lambda flip: (flip.at_ms, flip.subject_id, flip.moment))


def in_words(made: Made | None) -> str:
    """Return an answer in a few words: the disposition, and what was done or what stood against."""
    if made is None:
        return "-"
    if made.action is not None:
        return f"{made.disposition}: {made.action.action_id} / {made.action.channel}"
    if made.disposition in {"suppressed", "deferred"} and made.contact_rule is not None:
        return f"{made.disposition}: {made.contact_rule}"
    return f"{made.disposition}: {made.risk_outcome}"


def first_difference(before: Made | None, after: Made | None) -> tuple[Element, str]:
    """Return the first step of the decision that differs, in the order of deciding.

    A decision that only one side makes was not made because the other strategy does not look at
    this moment there and then (its list of moments, its scope, its validity); a second look at a
    deferred action, because the other side had deferred nothing.
    """
    if before is None or after is None:
        known = before or after
        again = known is not None and known.cause.startswith(RECHECK)
        return "follow_up" if again else "moment", f"{in_words(before)} → {in_words(after)}"
    if before.arm != after.arm:
        return "arm", f"{before.arm} → {after.arm}"
    by_rule = _rule_difference(before, after)
    if by_rule is not None:
        return by_rule
    if before.risk_band != after.risk_band:
        return "band", f"{before.risk_band} → {after.risk_band}{_pd(before, after)}"
    if before.risk_outcome != after.risk_outcome:
        cell = f"{after.risk_band}, {before.soft_points} → {after.soft_points}"
        return "matrix", f"{before.risk_outcome} → {after.risk_outcome} ({cell})"
    return _choice_difference(before, after)


def _rule_difference(before: Made, after: Made) -> tuple[Element, str] | None:
    theirs = {rule.rule: rule for rule in after.rules}
    for mine in before.rules:
        other = theirs.get(mine.rule)
        if other is None or (mine.hit, mine.points) == (other.hit, other.points):
            continue
        if mine.threshold != other.threshold:
            limits = f"{_text(mine.limit())} → {_text(other.limit())}"
            return "threshold", f"{mine.rule}: {limits} (value {_text(other.number())})"
        if mine.value != other.value:
            return "rule", f"{mine.rule}: value {_text(mine.number())} → {_text(other.number())}"
        hits = "hit" if other.hit else "no hit"
        return "rule", f"{mine.rule}: {hits}, {mine.points} → {other.points} points"
    return None


def _choice_difference(before: Made, after: Made) -> tuple[Element, str]:
    by_channel = _channel_difference(before, after)
    if by_channel is not None:
        return by_channel
    mine, other = before.winner(), after.winner()
    if (mine and mine.action_id) != (other and other.action_id):
        return "arbitration", f"{_choice(before)} → {_choice(after)}"
    if (before.contact_outcome, before.contact_rule) != (after.contact_outcome, after.contact_rule):
        return "contact", f"{_contact(before)} → {_contact(after)}"
    if before.action and after.action and before.action.channel != after.action.channel:
        return "arbitration", f"{before.action.channel} → {after.action.channel}"
    return "timing", f"{in_words(before)} → {in_words(after)}"


def _channel_difference(before: Made, after: Made) -> tuple[Element, str] | None:
    """Name an action that contact took out on one side only: a cap, a consent, a cool-off."""
    theirs = {item.action_id: item for item in after.candidates}
    for mine in before.candidates:
        other = theirs.get(mine.action_id)
        if other is None or (mine.stage == "channel") == (other.stage == "channel"):
            continue
        words = [item.why if item.stage == "channel" else "allowed" for item in (mine, other)]
        return "contact", f"{mine.action_id}: {' → '.join(words)}"
    return None


def _choice(made: Made) -> str:
    winner = made.winner()
    if winner is not None:
        return f"{winner.action_id} {winner.score_minor}"
    lost = ", ".join(f"{item.action_id} {item.stage}: {item.why}" for item in made.candidates)
    return f"none ({lost})" if lost else "none"


def _contact(made: Made) -> str:
    rule = f" {made.contact_rule}" if made.contact_rule else ""
    return f"{made.contact_outcome}{rule}"


def _pd(before: Made, after: Made) -> str:
    if "pd_12m" not in after.scores or "pd_12m" not in before.scores:
        return ""
    mine, other = float.fromhex(before.scores["pd_12m"]), float.fromhex(after.scores["pd_12m"])
    return f" (pd {mine:.2%} → {other:.2%})"


def _text(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"
