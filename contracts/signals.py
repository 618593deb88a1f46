"""`signals.v1`: what others know: bureau, registry, card network, maps, partners."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, EpochMs, Minor, Token
from contracts.uses import Bps, Uses

Count = Annotated[int, Field(ge=0, lt=1 << 31)]
DpdDays = Annotated[int, Field(ge=0, le=36_500)]
BusinessDate = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A business day, UTC+8.")
]
Period = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", description="A calendar month.")]
Geohash = Annotated[str, Field(pattern=r"^[0-9b-hjkmnp-z]{1,12}$")]


class BureauReport(Envelope):
    """What the credit bureau reported, under the customer's own authorization."""

    event_type: Literal["bureau_report"]
    customer_id: Token
    authorization_id: Token
    report_time_ms: EpochMs
    query_cnt_30d: Count
    ext_lender_cnt: Count
    ext_outstanding_minor: Minor
    ext_monthly_due_minor: Minor
    max_dpd_24m_days: DpdDays
    permitted_use: Uses


class EnterpriseChanged(Envelope):
    """What a public register or the tax office says of an enterprise."""

    event_type: Literal["enterprise"]
    enterprise_id: Token
    enterprise_event: Literal[
        "registered",
        "changed",
        "court_enforced",
        "dishonest_listed",
        "revoked",
        "cleared",
        "tax_invoice_month",
    ]
    amount_minor: Minor | None = None
    period: Period | None = None
    industry_code: Code | None = None


class MerchantFlowDay(Envelope):
    """One business day of a merchant at the card network; a day sent again replaces nothing.

    A changed day is a correction: it names the event that it replaces.
    """

    event_type: Literal["merchant_flow"]
    enterprise_id: Token
    business_date: BusinessDate
    settle_minor: Minor
    txn_cnt: Count
    distinct_card_cnt: Count = 0
    refund_minor: Minor = 0
    night_bps: Bps = 0


class PoiObserved(Envelope):
    """A point of interest of the map, matched to an enterprise."""

    event_type: Literal["poi"]
    enterprise_id: Token
    poi_id: Token
    poi_class: Code
    status: Literal["open", "closed"]
    visit_index: Count = 0
    geohash6: Geohash | None = None
    match_confidence_bps: Bps


class ExternalLead(Envelope):
    """A partner hands over somebody who asked for it; the token is all that we know of them."""

    event_type: Literal["external_lead"]
    lead_token: Token
    partner_id: Code
    lead_source: Code
    campaign_id: Code
    consent_evidence_id: Token
    intent_product: Code | None = None


Signal = Annotated[
    BureauReport | EnterpriseChanged | MerchantFlowDay | PoiObserved | ExternalLead,
    Field(discriminator="event_type"),
]
