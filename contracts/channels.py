"""What the channels are asked to do: app, sms and the relationship manager's tasks."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.control import Sha256
from contracts.envelope import Code, EpochMs, Minor, Ours, Token


class CostDisclosure(Ours):
    """What a loan would cost, said wherever a number is shown; the numbers name their source."""

    apr_all_in_bps: Annotated[int, Field(ge=0)]
    term_months: Annotated[int, Field(ge=1)]
    limit_minor: Minor
    offer_terms_source: Code


class _ChannelMessage(Ours):
    message_id: Token
    decision_id: Token
    subject_id: Token
    action_id: Code
    not_before_ms: EpochMs
    not_after_ms: EpochMs


class AppMessage(_ChannelMessage):
    """A banner or a push. `content_sha256` pins the reviewed text that may be shown."""

    event_type: Literal["app_message"] = "app_message"
    form: Literal["banner", "push"]
    content_id: Code
    content_sha256: Sha256
    params: dict[str, str]
    deep_link: str
    opt_out_token: Token
    cost_disclosure: CostDisclosure | None


class SmsMessage(_ChannelMessage):
    """A text of at most one reviewed content, with its way out."""

    event_type: Literal["sms_message"] = "sms_message"
    content_id: Code
    content_sha256: Sha256
    params: dict[str, str]
    deep_link: str
    opt_out_token: Token
    cost_disclosure: CostDisclosure | None


class WhyNow(Ours):
    """A fact that may be told: why this customer, why today."""

    code: Code
    text_zh: str
    text_en: str


class TaskStep(Ours):
    """One step of the talk: icebreak, deepen, close."""

    id: Literal["icebreak", "deepen", "close"]
    talk_track_id: Code
    material_id: Code | None = None


class RmTask(_ChannelMessage):
    """A task for a relationship manager, keyed by the manager.

    `may_quote_limit` is true only after `approve`; without it there is no `offer`. The
    `list_only` arm gets a task without why-now: that is the experiment.
    """

    event_type: Literal["rm_task"] = "rm_task"
    rm_id: Token
    list_class: Literal[
        "hot_intent",
        "approved_undrawn",
        "expiring_benefit",
        "chain_related",
        "merchant_growth",
        "dormant_settled",
        "cold_segment",
        "care",
    ]
    state: Literal["selected"] = "selected"
    why_now: tuple[WhyNow, ...]
    steps: tuple[TaskStep, ...]
    allowed_facts: tuple[Code, ...]
    forbidden_facts: tuple[Code, ...]
    may_quote_limit: bool
    offer: CostDisclosure | None
    objection_help: dict[str, str]
    next_step: Code
    sla_due_ms: EpochMs


ChannelMessage = Annotated[AppMessage | SmsMessage | RmTask, Field(discriminator="event_type")]
