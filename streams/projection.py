"""What the view shows of a decision, a conversion or a state: pure, so a rebuild gives the same."""

import math
from typing import Final

from adapters.redis_view import CARD, DECISION, FEATURES, ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from engine.codec import decode_subject
from features import EMPTY, NAMES, SCHEMA_HASH, look, permitted_use
from streams.changed_states import ChangedState

FEATURES_LIVE_SECONDS: Final = 30 * 86_400
"""So long after the last change the features of a subject leave the view; its state stays."""

_SHOWN: Final = tuple((place, name) for place, name in enumerate(NAMES) if permitted_use(name))
"""Features that may be used for nothing are computed, and shown to nobody."""


def of_decision(decision: Decision, raw: bytes) -> list[ViewWrite]:
    """Return the decision whole, and what it says on its customer's card."""
    action = decision.action
    return [
        ViewWrite(
            f"{DECISION}{decision.decision_id}",
            {
                "subject_id": decision.subject_id,
                "at_ms": str(decision.at_ms),
                "json": raw.decode(),
            },
        ),
        ViewWrite(
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
        ViewWrite(
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


def of_state(changed: ChangedState, *, partition: int) -> list[ViewWrite]:
    """Return a subject's features as they were when its state was written; nothing without events.

    A number is written so that reading it as a float64 gives the very bits; what is missing is NaN.
    The hash is of one moment, `as_of_ms`: windows that have moved on since are not in it.
    """
    state = decode_subject(changed.raw)
    if state.log == EMPTY and state.relations.is_empty:
        return []
    row = look(state, changed.at_ms).tolist()
    fields = {name: _text(row[place]) for place, name in _SHOWN}
    fields |= {
        "as_of_ms": str(changed.at_ms),
        "partition": str(partition),
        "seq": str(changed.seq),
        "schema": SCHEMA_HASH,
    }
    return [ViewWrite(f"{FEATURES}{changed.subject_id}", fields, FEATURES_LIVE_SECONDS)]


def _text(value: float) -> str:
    """Return a float64 as text that every language reads back to the same bits.

    >>> _text(0.1), _text(1250.0), _text(math.nan)
    ('0.1', '1250.0', 'NaN')
    """
    return "NaN" if math.isnan(value) else repr(value)
