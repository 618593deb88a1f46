"""`apply_abandoned`: an application was begun in the app, and left for half an hour."""

from collections.abc import Mapping

from decisions.moments.rule import HOUR_MS, Evidence, MomentRule, Thresholds
from decisions.situation import Situation, Trigger
from decisions.timers import ABANDONED

_STEP = "last_apply_step"
_IDLE = "minutes_since_apply_activity"


def _evidence(situation: Situation, trigger: Trigger, _limits: Thresholds) -> Evidence | None:
    file = situation.facts.loan
    if trigger.timer != f"{ABANDONED}{file.apply_session}" or file.apply_submitted:
        return None
    idle_minutes = (situation.at_ms - file.apply_active_ms) // 60_000
    return Evidence({_STEP: file.apply_step_no, _IDLE: idle_minutes})


def _why_zh(numbers: Mapping[str, float]) -> str:
    return f"贷款申请停在第{int(numbers[_STEP])}步，已{int(numbers[_IDLE])}分钟未继续"


def _why_en(numbers: Mapping[str, float]) -> str:
    step, idle = int(numbers[_STEP]), int(numbers[_IDLE])
    return f"a loan application stopped at step {step}, {idle} minutes ago"


APPLY_ABANDONED = MomentRule(
    name="apply_abandoned",
    on_timer=ABANDONED,
    states=frozenset({"applying"}),
    evidence=_evidence,
    why_zh=_why_zh,
    why_en=_why_en,
    refractory_ms=24 * HOUR_MS,
    expiry_ms=48 * HOUR_MS,
    context="application",
    each_timer_is_new=True,
)
