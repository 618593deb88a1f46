"""What can go wrong in a replay.

ReplayError
└── DecisionNotFoundError   no decision in the journal has that id
"""

__all__ = ["DecisionNotFoundError", "ReplayError"]


class ReplayError(Exception):
    """Base of every error raised by `replay`; its text is for the person at the terminal."""


class DecisionNotFoundError(ReplayError):
    """No decision in a kept journal has the id that was asked for."""
