"""What the view shows of a decision or a conversion: pure, so that a rebuild gives the same."""

from adapters.redis_view import CARD, DECISION, ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision


def of_decision(decision: Decision, raw: bytes) -> list[ViewWrite]:
    """Return the decision whole, and what it says on its customer's card."""
    action = decision.action
    return [
        (
            f"{DECISION}{decision.decision_id}",
            {
                "subject_id": decision.subject_id,
                "at_ms": str(decision.at_ms),
                "json": raw.decode(),
            },
        ),
        (
            f"{CARD}{decision.subject_id}",
            {
                "subject_id": decision.subject_id,
                "loan_state": decision.loan_state,
                "decision_id": decision.decision_id,
                "decided_at_ms": str(decision.at_ms),
                "moment": decision.moment,
                "outcome": decision.outcome,
                "disposition": decision.disposition,
                "risk_outcome": decision.risk_outcome,
                "risk_band": decision.risk_band,
                "contact_outcome": decision.contact_outcome,
                "action_id": "" if action is None else action.action_id,
                "channel": "" if action is None else action.channel,
                "strategy_id": decision.strategy.strategy_id,
                "strategy_version": str(decision.strategy.version),
            },
        ),
    ]


def of_conversion(change: LoanStateChanged) -> list[ViewWrite]:
    """Return what a change of loan state says on the customer's card."""
    return [
        (
            f"{CARD}{change.subject_id}",
            {
                "subject_id": change.subject_id,
                "loan_state": change.to_state,
                "loan_state_at_ms": str(change.at_ms),
                "conversion": change.conversion or "",
                "drawn_minor": "" if change.drawn_minor is None else str(change.drawn_minor),
            },
        )
    ]
