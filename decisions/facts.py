"""What a decision may know about one customer: plain values, kept in the subject's state.

Every struct is encoded as an array, so a field is only ever added at the end, with a default:
that is how an old state still reads (engine/state.py upgrades the rest).
"""

import msgspec

from contracts.conversions import LoanStateName, RiskBand
from contracts.decisions import DecisionContext, Moment
from contracts.interactions import Channel
from contracts.loan_events import LoanStage, StageStatus


class Profile(msgspec.Struct, array_like=True):
    """The last `customers.v1` profile; a customer nobody described has no account."""

    known: bool = False
    birth_year: int | None = None
    kyc_level: int = 0
    has_account: bool = False
    opened_on_ms: int | None = None
    rm_id: str | None = None
    aum_minor: int = 0
    risk_flags: tuple[str, ...] = ()
    timezone: str = "Asia/Shanghai"
    branch_path: str = "hq"
    employer_id: str | None = None


class ConsentFact(msgspec.Struct, array_like=True):
    """The standing of one purpose: the last word by effective time, ties by arrival."""

    status: str
    effective_at_ms: int
    expires_at_ms: int | None = None
    evidence_id: str = ""


class Loan(msgspec.Struct, array_like=True):
    """One drawn loan. `settled_at_ms` is none while money is owed."""

    loan_id: str
    product_id: str
    drawn_minor: int
    outstanding_minor: int
    drawn_at_ms: int
    dpd_days: int = 0
    in_collection: bool = False
    settled_at_ms: int | None = None
    cancelled: bool = False


class LoanFile(msgspec.Struct, array_like=True):
    """The loan-state machine of one customer (docs/domain.md, "Loan state").

    Times are epoch milliseconds of the partition's clock unless they say `occurred`.
    `dpd_history` holds (at_ms, dpd_days) of the last 24 months, worst per month at most 24.
    """

    state: LoanStateName = "no_account"
    since_ms: int = 0
    application_id: str | None = None
    product_id: str = "consumer_loan"
    stage: LoanStage | None = None
    stage_status: StageStatus | None = None
    stage_entered_ms: int = 0
    apply_session: str | None = None
    apply_step_no: int = 0
    apply_active_ms: int = 0
    apply_submitted: bool = False
    approved_limit_minor: int = 0
    approved_at_ms: int = 0
    apr_all_in_bps: int | None = None
    term_months: int | None = None
    declined_at_ms: dict[str, int] = {}
    loans: dict[str, Loan] = {}
    ever_drawn: bool = False
    last_active_loan_ms: int | None = None
    dpd_history: list[tuple[int, int]] = []


class Touch(msgspec.Struct, array_like=True):
    """One planned or made contact: reserved when decided, sent when confirmed.

    A released touch (failed, expired) is removed: it counts against no cap.
    """

    decision_id: str
    message_id: str
    channel: Channel
    product_id: str
    at_ms: int
    expires_ms: int
    sent: bool = False
    service: bool = False


class ContactFacts(msgspec.Struct, array_like=True):
    """The contact ledger: what was promised or sent on any channel, and what came back."""

    touches: list[Touch] = []
    opted_out: dict[str, int] = {}
    rejects: list[tuple[int, str]] = []
    complaints: list[int] = []


class MomentFact(msgspec.Struct, array_like=True):
    """The last time a moment opened for this customer."""

    moment_id: str
    opened_ms: int
    expires_ms: int
    quiet_until_ms: int
    wave: int = 0


class DecisionMade(msgspec.Struct, array_like=True):
    """What attribution and refractory rules need to remember of a decision."""

    decision_id: str
    at_ms: int
    moment: Moment
    risk_band: RiskBand
    acted: bool


class Deferred(msgspec.Struct, array_like=True):
    """A decision whose action waits for its time and is checked again then.

    What the moment said is kept, so that the later check can tell the same story: `numbers` made
    it true, `loan_state` is where the customer stood; when that has changed the moment is over.
    """

    decision_id: str
    moment: Moment
    moment_id: str
    decision_context: DecisionContext
    trigger_event_id: str | None
    due_ms: int
    expires_ms: int
    tries: int = 0
    strategy_id: str = ""
    decided_ms: int = 0
    loan_state: LoanStateName = "no_account"
    protective: bool = False
    wave: int = 0
    numbers: dict[str, float] = {}


class Flag(msgspec.Struct, array_like=True):
    """The first decision with a moment while the customer had an account and no loan."""

    decision_id: str
    at_ms: int


class Facts(msgspec.Struct, array_like=True):
    """Everything above for one subject.

    `exposures` freezes the arm of an experiment at first exposure: experiment id to arm.
    `declined_by_us_ms` is when our own risk screen last declined an application, per product; the
    bank's own refusals are in `loan`.
    """

    profile: Profile = msgspec.field(default_factory=Profile)
    consents: dict[str, ConsentFact] = {}
    loan: LoanFile = msgspec.field(default_factory=LoanFile)
    contact: ContactFacts = msgspec.field(default_factory=ContactFacts)
    moments: dict[str, MomentFact] = {}
    protected_until_ms: int = 0
    exposures: dict[str, str] = {}
    decisions: list[DecisionMade] = []
    deferred: dict[str, Deferred] = {}
    flag: Flag | None = None
    declined_by_us_ms: dict[str, int] = {}
