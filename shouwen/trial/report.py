"""What a run on recorded events found, for a person and for a program."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

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
        accounted = self.audit.journal_events + sum(self.audit.dead_letters.values())
        return not self.audit.lost and self.records_in == accounted and self.verification.exact

    def as_json(self) -> dict[str, Any]:
        """Return plain data; counts are of the whole run."""
        conversions = Counter(c.conversion for c in self.changes if c.conversion is not None)
        return {
            "in": self.records_in,
            "unreadable": self.unreadable,
            "journal_events": self.audit.journal_events,
            "journal_ticks": self.audit.journal_ticks,
            "journal_control": self.audit.journal_control,
            "dead_letters": sum(self.audit.dead_letters.values()),
            "dead_letters_by_reason": dict(sorted(self.audit.dead_letters.items())),
            "conflicts": self.audit.conflicts,
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

    def as_text(self) -> RenderableType:
        """Return the tables that a person reads."""
        data = self.as_json()
        return Group(
            _table("What went in, and where it is", _accounts(data)),
            _table("The funnel", _funnel(self.decisions, data)),
            _table("What the risk screen said", data["risk_outcomes"].items()),
            _table("Was the need seen before the drawdown?", _flag_rows(self.flagged)),
            _table("Speed and proof", _proof(data)),
            _verdict(self),
        )


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _accounts(data: Mapping[str, Any]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        ("records published", data["in"]),
        ("in the journal", data["journal_events"]),
        ("dead letters (front door)", data["dead_letters"]),
        ("same id, another body (conflicts)", data["conflicts"]),
        ("lost", data["lost"]),
    ]
    if data["unreadable"]:
        rows.insert(1, ("lines that name no topic, key or time", data["unreadable"]))
    return rows


def _funnel(decisions: Sequence[Decision], data: Mapping[str, Any]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [(f"moment {m}", n) for m, n in data["moments"].items()]
    passed = [d for d in decisions if d.risk_outcome != "decline"]
    allowed = [d for d in passed if d.contact_outcome != "suppress"]
    acted = [d for d in allowed if d.disposition == "acted"]
    channels = _counted(d.action.channel for d in acted if d.action is not None)
    rows += [
        ("decisions", len(decisions)),
        ("… not declined by the risk screen", len(passed)),
        ("… that may be contacted, now or later", len(allowed)),
        ("… handed to a channel", len(acted)),
        *((f"      {name}", count) for name, count in channels.items()),
        ("… held out, to compare with", data["dispositions"].get("held_out", 0)),
        ("first drawdowns", data["conversions"]["first"]),
        ("drawdowns again, after half a year without", data["conversions"]["again"]),
    ]
    return rows


def _flag_rows(flagged: Flagged) -> list[tuple[str, object]]:
    return [
        ("customers who drew", flagged.converted),
        ("… flagged at most 90 days before", flagged.before_conversion),
        ("median days from flag to drawdown", _rounded(flagged.median_days_before)),
        ("flags raised", flagged.flags),
        ("share of flags that came true", _percent(flagged.precision)),
        ("the same for a random flagger", _percent(flagged.random_precision)),
    ]


def _proof(data: Mapping[str, Any]) -> list[tuple[str, object]]:
    latency = data["latency_ms"]
    return [
        ("source append to readable decision, p50", _ms(latency["p50"])),
        ("source append to readable decision, p99", _ms(latency["p99"])),
        ("decisions replayed", data["replay"]["checked"]),
        ("… that differ", data["replay"]["mismatches"]),
        ("seconds in all", f"{data['seconds']:.1f}"),
    ]


def _verdict(report: TrialReport) -> Text:
    if report.is_sound:
        return Text("Nothing lost; the replay equals the run to the last bit.", style="green")
    return Text("NOT SOUND: something is lost, unaccounted for, or replays otherwise.", style="red")


def _table(title: str, rows: Any) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, min_width=64)
    table.add_column(min_width=44)
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(str(name), str(value))
    return table


def _rounded(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
