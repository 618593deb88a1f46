"""What can go wrong in a replay.

ReplayError
├── AsOfError               a moment, or a customer, of which the journal says nothing
└── DecisionNotFoundError   no decision in the journal has that id
"""

__all__ = ["AsOfError", "DecisionNotFoundError", "ReplayError"]


class ReplayError(Exception):
    """Base of every error raised by `replay`; its text is for the person at the terminal."""


class DecisionNotFoundError(ReplayError):
    """No decision in a kept journal has the id that was asked for."""


class AsOfError(ReplayError):
    """Features cannot be told for a moment: outside the journal, or of an unknown subject."""
