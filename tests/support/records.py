"""Decisions and changes of loan state as they are on the wire; a test names what it is about."""

from typing import Any

from contracts.conversions import LoanStateChanged
from contracts.decisions import ActionTaken, Decision, StrategyUsed

SHA256 = "0" * 64


def a_decision(**changes: Any) -> Decision:
    """Return a decision on a funding gap, handed to the app; `changes` replace fields."""
    fields: dict[str, Any] = {
        "decision_id": f"d_{changes.get('subject_id', 'c-1')}_{changes.get('at_ms', 0)}",
        "partition": 0,
        "seq": 0,
        "at_ms": 0,
        "subject_id": "c-1",
        "cause": "transactions.v1:0:0",
        "trigger_event_id": "e-1",
        "moment": "funding_gap",
        "moment_id": "m-1",
        "decision_context": "marketing_unsolicited",
        "loan_state": "account_no_loan",
        "strategy": StrategyUsed(strategy_id="a_strategy", version=1, sha256=SHA256),
        "models": (),
        "experiment_id": "exp-1",
        "unit_id": "c-1",
        "arm": "treat",
        "selection_prob_micro": 1_000_000,
        "feature_schema": "f1",
        "features": {},
        "scores": {},
        "propensity_micro": 0,
        "risk_outcome": "approve",
        "risk_band": "B",
        "soft_points": 0,
        "anomaly": "normal",
        "contact_outcome": "allow",
        "contact_rule": None,
        "not_before_ms": None,
        "outcome": "approve",
        "disposition": "acted",
        "rules": (),
        "reasons": (),
        "candidates": (),
        "action": None,
        "adverse_action_required": False,
        "degradations": (),
        "payload_sha256": None,
        "build": "test",
        "digest": SHA256,
        "prev_hash": "",
        "hash": SHA256,
    }
    return Decision(**fields | changes)


def an_action(channel: str = "app", action_id: str = "intent_offer") -> ActionTaken:
    """Return what a channel is asked to do."""
    fields: dict[str, Any] = {"action_id": action_id, "kind": "credit", "channel": channel}
    return ActionTaken(**fields, message_id="m-1", not_before_ms=0, not_after_ms=1)


def a_change(**changes: Any) -> LoanStateChanged:
    """Return a customer's move to no loan; `changes` replace fields."""
    fields: dict[str, Any] = {
        "conversion_id": f"v_{changes.get('subject_id', 'c-1')}_{changes.get('at_ms', 0)}",
        "subject_id": "c-1",
        "partition": 0,
        "seq": changes.get("at_ms", 0),
        "at_ms": 0,
        "occurred_at_ms": changes.get("at_ms", 0),
        "from_state": "no_account",
        "to_state": "account_no_loan",
        "conversion": None,
        "days_in_previous_state": 0,
        "loan_id": None,
        "drawn_minor": None,
        "attributed_decision_ids": (),
        "flagged_decision_id": None,
        "flagged_at_ms": None,
        "risk_band_at_decision": None,
    }
    return LoanStateChanged(**fields | changes)
