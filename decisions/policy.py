"""The reviewed tables that a strategy stands on: risk, contact, contents. Data, not code."""

import hashlib
from typing import Literal

import msgspec

from contracts.consents import Purpose
from contracts.conversions import RiskBand
from contracts.decisions import RiskOutcome

ChannelName = Literal["app", "sms", "rm_task"]
BANDS: tuple[RiskBand, ...] = ("A", "B", "C", "D", "E")


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the risk screen must know of a product: years and months."""

    max_age_at_maturity_years: int
    term_months: int


class RiskTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Thresholds of docs/domain.md, "Risk screen". Names say the rule, the reading, the unit.

    `pd_band_below` are the upper edges (exclusive) of bands A to D, `soft_points_column_max` the
    last points of each column but the last, `matrix` one outcome per column for each band.
    """

    name: str
    h03_min_age_years: int
    h06_current_dpd_days: int
    h06_worst_dpd_24m_days: int
    h07_lenders_90d: int
    h13_cool_off_days: int
    s01_debt_service_ratio: float
    s01_points: int
    s03_lenders_90d: int
    s03_points: int
    s09_income_months: int
    s09_points: int
    s10_cash_buffer_days: float
    s10_points: int
    pd_band_below: tuple[float, float, float, float]
    soft_points_column_max: tuple[int, ...]
    matrix: dict[RiskBand, tuple[RiskOutcome, ...]]
    apr_cap_bps: int
    products: dict[str, Product]

    def product(self, name: str) -> Product:
        """Return a product's limits; one that is not named has those of `default`."""
        return self.products.get(name, self.products["default"])


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `touches` within any `days` days."""

    touches: int
    days: int


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window of local wall time, `HH:MM` to `HH:MM` (exclusive), within one day."""

    start: str
    end: str


class ChannelRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one channel needs: a consent, a place within its caps, a time of day.

    `ends_with_hours` is for a message that a machine sends: it must go out within the hours in
    which it was decided, or not at all. A manager's task may wait for the next ones.
    """

    purpose: Purpose
    caps: tuple[Cap, ...]
    hours: tuple[Hours, ...]
    working_days_only: bool = False
    ends_with_hours: bool = False


class ContactPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may be contacted, how often, when (docs/domain.md, "Contact policy").

    `required_purposes` are consents that every contact needs besides the channel's own.
    """

    name: str
    default_timezone: str
    required_purposes: tuple[Purpose, ...]
    caps: tuple[Cap, ...]
    reject_same_product_days: int
    rejects_for_all_credit: int
    rejects_window_days: int
    rejects_all_credit_days: int
    complaint_cool_off_days: int
    complaint_protected_days: int
    channels: dict[ChannelName, ChannelRules]


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that was reviewed, and the hash of what was reviewed.

    `{name}` in a text is filled from the message's `params`; `params` are the names it may use.
    """

    status: Literal["approved", "draft", "withdrawn"]
    zh: str
    en: str
    sha256: str
    params: tuple[str, ...] = ()


def content_sha256(zh: str, en: str) -> str:
    r"""Return what `Content.sha256` must be: the hash of both texts.

    >>> content_sha256("您好", "Hello") == content_sha256("您好", "Hello!")
    False
    """
    return hashlib.sha256(f"{zh}\n{en}".encode()).hexdigest()
