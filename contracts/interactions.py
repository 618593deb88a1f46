"""`interactions.v1`: what happened between the bank and the customer, on any channel."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, EpochMs, Minor, Token

ObjectionCode = Literal[
    "rate_high",
    "no_need",
    "has_other_bank",
    "process_trouble",
    "privacy_worry",
    "limit_low",
    "fraud_fear",
    "think_later",
    "other",
]
Seconds = Annotated[int, Field(ge=0, lt=1 << 31)]
Channel = Literal["app", "sms", "wecom", "rm_task", "call_centre", "branch"]


class BranchVisit(Envelope):
    """The customer stands in the lobby."""

    event_type: Literal["branch"]
    customer_id: Token
    branch_event: Literal["ticket_taken", "served", "left"]
    service_type: Literal[
        "large_deposit",
        "large_withdrawal",
        "statement",
        "early_repay_enquiry",
        "licence_account",
        "other",
    ] = "other"
    queue_wait_s: Seconds = 0
    staff_id: Token | None = None


class WecomHappened(Envelope):
    """Something happened in the manager's WeCom contact with the customer."""

    event_type: Literal["wecom"]
    customer_id: Token
    wecom_event: Literal[
        "friend_added",
        "friend_removed",
        "message_in",
        "message_out",
        "material_opened",
        "group_joined",
        "group_message",
        "mini_program_opened",
        "call_done",
    ]
    rm_id: Token
    material_id: Token | None = None
    intent_class: Code | None = None
    intent_confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None = None


class CallHappened(Envelope):
    """A call was dialled, connected or ended."""

    event_type: Literal["call"]
    customer_id: Token
    call_event: Literal["dialled", "connected", "ended"]
    duration_s: Seconds = 0
    outcome_code: Code | None = None
    objection_code: ObjectionCode | None = None
    agent_kind: Literal["rm", "central_team", "bot"] = "rm"


class RmStep(Envelope):
    """A relationship manager did something with a task."""

    event_type: Literal["rm"]
    customer_id: Token
    task_id: Token
    activity: Literal["accepted", "step_done", "handed_over", "closed"]
    rm_id: Token
    step_id: Code | None = None
    outcome_code: Code | None = None
    objection_code: ObjectionCode | None = None
    spent_s: Seconds = 0
    next_contact_at_ms: EpochMs | None = None


class BenefitHappened(Envelope):
    """A benefit (coupon, interest-free days, fee waiver) was granted, claimed, used, or expired."""

    event_type: Literal["benefit"]
    customer_id: Token
    benefit_id: Token
    benefit_event: Literal["granted", "claimed", "used", "expired"]
    face_value_minor: Minor = 0
    expires_at_ms: EpochMs | None = None


class Feedback(Envelope):
    """What came of an action that a decision asked for; it never creates a conversion."""

    event_type: Literal["feedback"]
    customer_id: Token
    decision_id: Token | None = None
    task_id: Token | None = None
    feedback_type: Literal[
        "sent",
        "failed",
        "expired",
        "delivered",
        "exposed",
        "opened",
        "clicked",
        "replied",
        "accepted",
        "rejected",
        "no_answer",
        "wrong_person",
        "complaint",
        "opt_out",
        "apply_started",
        "visited",
        "nps",
    ]
    channel: Channel
    objection_code: ObjectionCode | None = None
    value_int: int | None = None
    disclosure_shown_at_ms: EpochMs | None = None


class CampaignAssigned(Envelope):
    """Chance decided whether another system's campaign contacts the customer.

    Told of everyone who was drawn, also of those left alone: only together do they say what a
    contact changes. `selection_prob_micro` is how likely it was that just this came out, in
    millionths: with 30 % contacted it is 300,000 of those contacted and 700,000 of the others.
    """

    event_type: Literal["campaign"]
    customer_id: Token
    campaign_id: Token
    treated: bool
    selection_prob_micro: Annotated[int, Field(gt=0, lt=1_000_000)]


Interaction = Annotated[
    BranchVisit
    | WecomHappened
    | CallHappened
    | RmStep
    | BenefitHappened
    | Feedback
    | CampaignAssigned,
    Field(discriminator="event_type"),
]
