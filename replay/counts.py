"""What a strategist reads first: how many, of which kind, reaching how much."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from replay.made import Change, Made

WEEK_MS = 7 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One run in numbers. Money in minor units, times in days; every count is of decisions.

    `conversions` are the drawdowns that really happened: a backtest cannot make customers act
    otherwise. `flagged` are those whose customer had a decision on a moment before, while there
    was no loan; `attributed` those before which an action went out. `expected_minor` adds up the
    arbitration scores of what was sent. `most_touches_7d` is the most that any customer got in 7
    days.
    """

    entries: int
    decisions: int
    customers_decided: int
    customers_acted: int
    moments: dict[str, int]
    risk: dict[str, int]
    bands: dict[str, int]
    contact: dict[str, int]
    contact_rules: dict[str, int]
    dispositions: dict[str, int]
    arms: dict[str, int]
    channels: dict[str, int]
    actions: dict[str, int]
    rule_hits: dict[str, int]
    expected_minor: int
    most_touches_7d: int
    conversions: int
    flagged: int
    attributed: int
    flagged_drawn_minor: int
    median_days_ahead: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return asdict(self)


def count(decisions: Sequence[Made], changes: Iterable[Change], *, entries: int) -> Counts:
    """Count one run."""
    acted = [made for made in decisions if made.action is not None]
    conversions = [change for change in changes if change.conversion is not None]
    flagged = [change for change in conversions if change.flagged_decision_id is not None]
    ahead = [days for change in flagged if (days := change.days_ahead()) is not None]
    winners = [winner for made in acted if (winner := made.winner()) is not None]
    return Counts(
        entries=entries,
        decisions=len(decisions),
        customers_decided=len({made.subject_id for made in decisions}),
        customers_acted=len({made.subject_id for made in acted}),
        moments=_by(made.moment for made in decisions),
        risk=_by(made.risk_outcome for made in decisions),
        bands=_by(made.risk_band for made in decisions),
        contact=_by(made.contact_outcome for made in decisions),
        contact_rules=_by(made.contact_rule for made in decisions if made.contact_rule),
        dispositions=_by(made.disposition for made in decisions),
        arms=_by(made.arm for made in decisions),
        channels=_by(made.action.channel for made in acted if made.action),
        actions=_by(made.action.action_id for made in acted if made.action),
        rule_hits=_by(rule.rule for made in decisions for rule in made.rules if rule.hit),
        expected_minor=sum(winner.score_minor or 0 for winner in winners),
        most_touches_7d=_most_within_a_week(acted),
        conversions=len(conversions),
        flagged=len(flagged),
        attributed=sum(bool(change.attributed_decision_ids) for change in conversions),
        flagged_drawn_minor=sum(change.drawn_minor or 0 for change in flagged),
        median_days_ahead=statistics.median(ahead) if ahead else None,
    )


def _by(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _most_within_a_week(acted: Sequence[Made]) -> int:
    """Return the most actions that one customer got in any 7 days (from, to]."""
    times: dict[str, list[int]] = {}
    for made in acted:
        if made.action is not None:
            times.setdefault(made.subject_id, []).append(made.action.not_before_ms)
    most = 0
    for moments_ms in times.values():
        moments_ms.sort()
        first = 0
        for last, at_ms in enumerate(moments_ms):
            while moments_ms[first] <= at_ms - WEEK_MS:
                first += 1
            most = max(most, last - first + 1)
    return most
