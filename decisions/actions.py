"""What a strategy may do about a moment: actions, and the channels that carry them."""

from typing import Literal

import msgspec

from contracts.decisions import Moment
from contracts.topics import Topic
from decisions.policy import ChannelName

ActionKind = Literal["credit", "deposit", "payment", "wealth", "non_financial"]
ListClass = Literal[
    "hot_intent",
    "approved_undrawn",
    "expiring_benefit",
    "chain_related",
    "merchant_growth",
    "dormant_settled",
    "cold_segment",
    "care",
]

TOPIC: dict[ChannelName, Topic] = {
    "app": Topic.CHANNEL_APP,
    "sms": Topic.CHANNEL_SMS,
    "rm_task": Topic.CHANNEL_RM_TASK,
}


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a manager's talk, with the reviewed track to follow."""

    id: Literal["icebreak", "deepen", "close"]
    talk_track: str
    material: str | None = None


class Via(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to carry an action out.

    Args (the fields):
        content: Reviewed text without any amount, for app and sms.
        content_with_terms: Reviewed text that may show terms; used only after `approve`.
        valid_hours: How long the message makes sense once it may be sent.
        cost_minor: What one message costs.
        capacity_price_minor: What an hour of the scarce person behind it is worth elsewhere.
        next_morning_at: `HH:MM` local; the message waits for the next such time (a list).
        why_now: Whether a manager is told why this customer, why today.
        sla_hours: When a manager should have begun.
    """

    channel: ChannelName
    cost_minor: int
    valid_hours: int
    capacity_price_minor: int = 0
    form: Literal["banner", "push"] = "push"
    content: str | None = None
    content_with_terms: str | None = None
    deep_link: str = ""
    list_class: ListClass = "cold_segment"
    steps: tuple[Step, ...] = ()
    objection_help: dict[str, str] = {}
    next_step: str = "call"
    next_morning_at: str | None = None
    why_now: bool = True
    sla_hours: int = 24


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on one feature; a missing number fulfils none."""

    feature: str
    at_least: float | None = None
    below: float | None = None

    def holds(self, value: float | None) -> bool:
        """Return whether the condition is fulfilled.

        >>> When(feature="cash_buffer_days", below=10).holds(9.5)
        True
        >>> When(feature="cash_buffer_days", below=10).holds(None)
        False
        """
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (
            self.below is None or value < self.below
        )


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms that may be shown after `approve`: from this file, or the customer's own credit line.

    `source` `strategy` takes the limit by risk band from here; `loan_file` takes what the bank has
    granted this customer, and nothing where it granted nothing.
    """

    source: Literal["strategy", "loan_file"]
    apr_all_in_bps: int = 0
    term_months: int = 0
    limit_minor_by_band: dict[str, int] = {}


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that helps a customer in a moment.

    Args (the fields):
        value_minor: What success is worth to the bank.
        success_micro: The chance of success in millionths, where it is not that of a drawdown.
        service: Not marketing: caps and cool-offs do not hold it back; consent and hours do.
        mandatory: A duty: nothing holds it back but a channel that cannot carry it.
        arms: Arms that may use it; every arm but `list_only` where none is named.
        waves: Waves of the moment that it belongs to; all where none is named.
        needs: The risk outcome that a credit action needs at least.
    """

    id: str
    kind: ActionKind
    moments: tuple[Moment, ...]
    value_minor: int
    via: tuple[Via, ...]
    cost_minor: int = 0
    success_micro: int | None = None
    product: str = "consumer_loan"
    service: bool = False
    mandatory: bool = False
    arms: tuple[str, ...] = ()
    waves: tuple[int, ...] = ()
    when: tuple[When, ...] = ()
    needs: Literal["approve", "refer"] = "refer"
    offer: Offer | None = None

    def in_arm(self, arm: str) -> bool:
        """Return whether customers of this arm may get the action."""
        return arm in self.arms if self.arms else arm != "list_only"
