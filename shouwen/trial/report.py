"""What a run on recorded events found, as data; `report_text` puts it into words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from replay.verify import Verification
from shouwen.trial.audit import Audit
from shouwen.trial.flags import Flagged
from shouwen.trial.watch import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReport:
    """The findings of one run; `as_json` is the contract of `shouwen try --json`."""

    records_in: int
    unreadable: int
    audit: Audit
    decisions: Sequence[Decision]
    changes: Sequence[LoanStateChanged]
    flagged: Flagged
    verification: Verification
    latencies_ms: list[float]
    seconds: float
    restarts: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost, everything is accounted for, and the replay is exact."""
        audit = self.audit
        accounted = audit.journal_events + sum(audit.dead_letters.values())
        told = audit.journal_signals + audit.signals_dead
        return (
            not audit.lost
            and self.records_in == accounted
            and audit.signals_sent == told
            and self.verification.exact
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data; counts are of the whole run."""
        conversions = Counter(c.conversion for c in self.changes if c.conversion is not None)
        return {
            "in": self.records_in,
            "unreadable": self.unreadable,
            "journal_events": self.audit.journal_events,
            "journal_ticks": self.audit.journal_ticks,
            "journal_control": self.audit.journal_control,
            "neighbour_signals": self.audit.signals_sent,
            "journal_signals": self.audit.journal_signals,
            "dead_letters": sum(self.audit.dead_letters.values()),
            "dead_letters_by_reason": dict(sorted(self.audit.dead_letters.items())),
            "conflicts": self.audit.conflicts,
            "controls_refused": self.audit.controls_refused,
            "lost": len(self.audit.lost),
            "decisions": _counted(d.outcome for d in self.decisions),
            "dispositions": _counted(d.disposition for d in self.decisions),
            "risk_outcomes": _counted(d.risk_outcome for d in self.decisions),
            "contact_rules": _counted(
                d.contact_rule for d in self.decisions if d.contact_rule is not None
            ),
            "conversions": {"first": conversions["first"], "again": conversions["again"]},
            "moments": _counted(d.moment for d in self.decisions),
            "flagged": {
                "converted": self.flagged.converted,
                "before_conversion": self.flagged.before_conversion,
                "median_days_before": self.flagged.median_days_before,
                "flags": self.flagged.flags,
                "precision": self.flagged.precision,
                "random_precision": self.flagged.random_precision,
            },
            "replay": {
                "checked": self.verification.decisions_checked,
                "mismatches": self.verification.findings(),
            },
            "latency_ms": {
                name: percentile(self.latencies_ms, share)
                for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
            },
            "restarts": self.restarts,
            "seconds": round(self.seconds, 3),
        }


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
