"""What a decision may know about one customer: plain values, kept in the subject's state.

Every struct is encoded as an array, so a field is only ever added at the end, with a default:
that is how an old state still reads (engine/state.py upgrades the rest).
"""

from typing import Literal

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
    occurred_ms: int = -1


class ConsentFact(msgspec.Struct, array_like=True):
    """The standing of one purpose: the last word by effective time, ties by arrival."""

    status: str
    effective_at_ms: int
    expires_at_ms: int | None = None
    evidence_id: str = ""


class Loan(msgspec.Struct, array_like=True):
    """One drawn loan. `settled_at_ms` is none while money is owed.

    Each `*_occurred_ms` is when the last word on that aspect occurred (-1: nothing was said yet),
    so that a late event never overrules a newer one. `drawn_at_ms` is the partition's clock when
    the drawdown came to be known, -1 while only other events of the loan did. `conversion` is
    what the drawdown was judged to be when the loan was first heard of, and is told with it.
    """

    loan_id: str
    product_id: str
    drawn_minor: int
    outstanding_minor: int
    drawn_at_ms: int
    dpd_days: int = 0
    in_collection: bool = False
    settled_at_ms: int | None = None
    cancelled: bool = False
    application_id: str = ""
    drawn_occurred_ms: int = -1
    paid_occurred_ms: int = -1
    dpd_occurred_ms: int = -1
    collection_occurred_ms: int = -1
    conversion: Literal["first", "again"] | None = None


class Application(msgspec.Struct, array_like=True):
    """One application at the bank: what was decided last, and the last word of any kind.

    Times are occurrences (-1: never). `standing` follows from the rest. Whether the limit was
    drawn is not kept here: it is the loans that say so.
    """

    product_id: str
    opened_ms: int
    standing: Literal["applying", "approved", "declined", "withdrawn"] = "applying"
    stage: LoanStage = "marketing"
    occurred_ms: int = -1
    decided: Literal["approved", "declined", "withdrawn"] | None = None
    decided_stage: LoanStage = "marketing"
    decided_ms: int = -1
    approved_at_ms: int = -1
    declined_at_ms: int = -1
    approved_limit_minor: int = 0
    apr_all_in_bps: int | None = None
    term_months: int | None = None


class LoanFile(msgspec.Struct, array_like=True):
    """The loan-state machine of one customer (docs/domain.md, "Loan state").

    What happened is dated by its occurrence, never later than the partition's clock when it came
    to be known; `since_ms`, `apply_active_ms`, `heard_ms`, `fired` and a loan's `drawn_at_ms` are
    the clock itself.
    `stage` to `stage_entered_ms` are of the last loan event; `application_id`, `product_id` and
    `approved_limit_minor` to `term_months` show the application that leads, `applications` all.
    `dpd_history` holds (occurred_ms, dpd_days) of the last 24 months: each that no later one
    outdid, at most 24.

    `heard_ms` is when the state was last derived: what time alone changes until then has been
    changed. `fired` holds the loan timers that fired since, by name with their due time.
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
    applications: dict[str, Application] = {}
    apply_opened_ms: int = -1
    apply_occurred_ms: int = -1
    forgotten_loans_until_ms: int | None = None
    heard_ms: int = -1
    fired: dict[str, int] = {}


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
    `tried` is when the first contact was decided on (or held out), by experiment id: from then on
    the arms differ by more than chance. `declined_by_us_ms` is when our own risk screen last
    declined an application, per product; the bank's own refusals are in `loan`.
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
    consents_ahead: dict[str, list[ConsentFact]] = {}
    tried: dict[str, int] = {}
