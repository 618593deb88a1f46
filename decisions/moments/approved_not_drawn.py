"""`approved_not_drawn`: a limit stands, and days later nothing was drawn on it; four waves."""

from collections.abc import Mapping

from contracts.topics import DAY_MS
from decisions.loan_standing import undrawn_limits
from decisions.moments.amounts import yuan_en, yuan_zh
from decisions.moments.rule import Evidence, MomentRule, Thresholds
from decisions.situation import Situation, Trigger
from decisions.timers import UNDRAWN, UNDRAWN_WAVES_DAYS

_DAYS = "days_since_approval"
_LIMIT = "approved_limit_minor"


def _evidence(situation: Situation, trigger: Trigger, _limits: Thresholds) -> Evidence | None:
    reference = (trigger.timer or "").removeprefix(UNDRAWN)
    application_id, _, days = reference.rpartition(":")
    undrawn = dict(undrawn_limits(situation.facts.loan))
    if application_id not in undrawn or not days.isdecimal():
        return None
    numbers = {_DAYS: int(days), _LIMIT: undrawn[application_id].approved_limit_minor}
    waves = dict(zip(UNDRAWN_WAVES_DAYS, range(1, len(UNDRAWN_WAVES_DAYS) + 1), strict=True))
    return Evidence(numbers, wave=waves.get(int(days), 0))


def _why_zh(numbers: Mapping[str, float]) -> str:
    limit = f"{yuan_zh(numbers[_LIMIT])}额度" if numbers[_LIMIT] else "额度"
    return f"{limit}已批准{int(numbers[_DAYS])}天，尚未提款"


def _why_en(numbers: Mapping[str, float]) -> str:
    limit = f"a limit of {yuan_en(numbers[_LIMIT])}" if numbers[_LIMIT] else "a limit"
    return f"{limit} was approved {int(numbers[_DAYS])} days ago and is not drawn"


APPROVED_NOT_DRAWN = MomentRule(
    name="approved_not_drawn",
    on_timer=UNDRAWN,
    states=frozenset({"approved_undrawn"}),
    evidence=_evidence,
    why_zh=_why_zh,
    why_en=_why_en,
    refractory_ms=0,
    expiry_ms=5 * DAY_MS,
    context="existing_account",
    each_timer_is_new=True,
)
"""The refractory period is the distance of the waves: each fires once (`timers.py`)."""
