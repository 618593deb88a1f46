"""`consents.v1`: what the customer allows, purpose by purpose, with the evidence."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Envelope, EpochMs, Token

Purpose = Literal[
    "marketing_sms",
    "marketing_call",
    "marketing_push",
    "marketing_wecom",
    "personalised_recommendation",
    "bureau_query",
    "automated_decision",
    "relation_use",
]


class _Consent(Envelope):
    customer_id: Token
    purpose: Purpose
    evidence_id: Token
    effective_at_ms: EpochMs


class ConsentGranted(_Consent):
    """The customer allows this purpose, until `expires_at_ms` where one is given."""

    event_type: Literal["consent_granted"]
    expires_at_ms: EpochMs | None = None


class ConsentDenied(_Consent):
    """The customer was asked and said no."""

    event_type: Literal["consent_denied"]


class ConsentWithdrawn(_Consent):
    """The customer took a yes back: an opt-out, for ever until a new yes."""

    event_type: Literal["consent_withdrawn"]


Consent = Annotated[
    ConsentGranted | ConsentDenied | ConsentWithdrawn, Field(discriminator="event_type")
]
