"""`customers.v1`: profile facts of a customer, sent whole each time one changes."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, EpochMs, Token

TimeZoneName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+\-/]{1,64}$")]


class CustomerProfile(Envelope):
    """Who the customer is, as far as a decision may know it."""

    event_type: Literal["customer_profile"]
    customer_id: Token
    birth_year: Annotated[int, Field(ge=1880, le=2200)] | None = None
    region_code: Code | None = None
    occupation_class: Code | None = None
    employer_id: Token | None = None
    kyc_level: Annotated[int, Field(ge=0, le=5)] = 0
    has_account: bool = False
    opened_on_ms: EpochMs | None = None
    rm_id: Token | None = None
    aum_minor: Annotated[int, Field(ge=0, lt=1 << 53)] = 0
    risk_flags: tuple[Code, ...] = ()
    timezone: TimeZoneName = "Asia/Shanghai"


class CustomerClosed(Envelope):
    """The customer left the bank: the last account was closed."""

    event_type: Literal["customer_closed"]
    customer_id: Token


Customer = Annotated[CustomerProfile | CustomerClosed, Field(discriminator="event_type")]
