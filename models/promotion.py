"""When a challenger takes over by itself: one rule, whose conditions are data."""

from dataclasses import dataclass
from typing import Literal

from models.contest import Contest
from models.progress import Progress

POSITIVES_NEEDED = 200
"""Matured positives of the challenger: below, its calibration is unknown to about 7 %."""

CALIBRATED_FROM, CALIBRATED_TO = 0.8, 1.25
"""Mean predicted over observed that counts as calibrated."""

ConditionName = Literal["evidence", "calibration", "positives", "same_bits", "automatic", "people"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a promotion: what it needs, what is there, and whether that is enough."""

    name: ConditionName
    met: bool
    got: str
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a challenger takes over, and why or why not."""

    promote: bool
    conditions: tuple[Condition, ...]

    @property
    def unmet(self) -> tuple[ConditionName, ...]:
        """The conditions that do not hold, in order."""
        return tuple(condition.name for condition in self.conditions if not condition.met)


def judge(
    *, contest: Contest, progress: Progress, same_bits: bool, is_risk: bool, is_frozen: bool
) -> Verdict:
    """Say whether the challenger of a contest takes over by itself, and by which conditions.

    Args:
        contest: The bet against the champion that serves now.
        progress: Of the challenger.
        same_bits: Whether its arithmetic gives the same bits everywhere; only then may it serve.
        is_risk: A model that declines people never changes by itself: two people order it.
        is_frozen: People ordered that nothing changes by itself.

    >>> verdict = judge(
    ...     contest=Contest(), progress=Progress(), same_bits=True, is_risk=False, is_frozen=False
    ... )
    >>> verdict.promote, verdict.unmet
    (False, ('evidence', 'calibration', 'positives'))
    """
    ratio = progress.calibration_ratio()
    behind = ", but behind on the last ones" if contest.is_won and not contest.is_ahead else ""
    conditions = (
        Condition(
            name="evidence",
            met=contest.is_won and contest.is_ahead,
            got=f"{contest.most:.2f} after {contest.rows} rows{behind}",
            needs=f"{contest.needed:.2f}, which luck reaches once in {1 / contest.level:.0f}",
        ),
        Condition(
            name="calibration",
            met=ratio is not None and CALIBRATED_FROM <= ratio <= CALIBRATED_TO,
            got="unknown" if ratio is None else f"{ratio:.2f}",
            needs=f"predicted over observed of {CALIBRATED_FROM} to {CALIBRATED_TO}",
        ),
        Condition(
            name="positives",
            met=progress.positives >= POSITIVES_NEEDED,
            got=str(progress.positives),
            needs=str(POSITIVES_NEEDED),
        ),
        Condition(
            name="same_bits",
            met=same_bits,
            got="yes" if same_bits else "no",
            needs="the same bits on every machine, so that replays are exact",
        ),
        Condition(
            name="automatic",
            met=not is_frozen,
            got="frozen" if is_frozen else "allowed",
            needs="no order to leave everything as it is",
        ),
        Condition(
            name="people",
            met=not is_risk,
            got="a risk model" if is_risk else "no risk model",
            needs="an order of two people for a risk model",
        ),
    )
    return Verdict(promote=all(condition.met for condition in conditions), conditions=conditions)


def is_calibrated(progress: Progress) -> bool:
    """Say whether there are positives enough to know the calibration, and it is in the band."""
    ratio = progress.calibration_ratio()
    enough = progress.positives >= POSITIVES_NEEDED
    return enough and ratio is not None and CALIBRATED_FROM <= ratio <= CALIBRATED_TO
