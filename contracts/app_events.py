"""`app-events.v1`: what the customer does in the app and on the web."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, Minor, Token

DwellMs = Annotated[int, Field(ge=0, lt=1 << 32)]


class _AppEvent(Envelope):
    session_id: Token
    device_id_hash: Token
    ip_prefix_hash: Token | None = None
    page_id: Code | None = None
    element_id: Code | None = None
    dwell_ms: DwellMs = 0
    app_version: Code | None = None
    os: Code | None = None


class PageSeen(_AppEvent):
    """Something was looked at, searched, tapped or shared."""

    event_type: Literal["page"]
    event_name: Literal[
        "app_open",
        "page_view",
        "loan_page_view",
        "rate_view",
        "limit_query",
        "search",
        "banner_exposure",
        "banner_click",
        "benefit_view",
        "benefit_claim",
        "share_link",
    ]
    search_class: Code | None = None


class CalculatorUsed(_AppEvent):
    """The loan calculator was asked what a loan would cost."""

    event_type: Literal["calculator"]
    event_name: Literal["calculator_use"] = "calculator_use"
    input_amount_minor: Minor | None = None
    input_term_months: Annotated[int, Field(ge=1, le=600)] | None = None


class ApplyProgressed(_AppEvent):
    """An application moved on in the app: begun, one step further, or submitted."""

    event_type: Literal["apply"]
    event_name: Literal["apply_start", "apply_step", "apply_submit"]
    apply_step_no: Annotated[int, Field(ge=0, le=100)] = 0


class FaceVerifyFailed(_AppEvent):
    """The face check failed; many of these on a new device look like a takeover."""

    event_type: Literal["face_verify"]
    event_name: Literal["face_verify_fail"] = "face_verify_fail"


AppEvent = Annotated[
    PageSeen | CalculatorUsed | ApplyProgressed | FaceVerifyFailed,
    Field(discriminator="event_type"),
]
