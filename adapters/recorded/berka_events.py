"""One row of the Berka records to one source event: the meaning of each Czech word.

Source: P. Berka and M. Sochorova (1999), "PKDD'99 Discovery Challenge: Guide to the Financial Data
Set", for the columns and codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from adapters.recorded.berka_fields import RowError, birth_year_of, day_ms, minor_of
from contracts.customers import CustomerProfile
from contracts.envelope import Envelope
from contracts.ids import stable_id
from contracts.loan_events import (
    ApplicationStage,
    CreditLineStage,
    DisbursementStage,
    PaymentStage,
)
from contracts.recorded import RecordedEvent
from contracts.topics import Topic
from contracts.transactions import TransactionPosted

CURRENCY = "CZK"
TIMEZONE = "Europe/Prague"
_NOON_MS = 12 * 3_600_000
_KNOWN_MS = 20 * 3_600_000
_TRANSACTION_MS = 10  # the day's profile and loan stages stand before its first transaction
_KYC_OF_OWNERS = 3

_DIRECTIONS = {"PRIJEM": "in", "VYDAJ": "out", "VYBER": "out"}
_CHANNELS = {
    "VKLAD": "counter",
    "VYBER": "counter",
    "VYBER KARTOU": "atm",
    "PREVOD Z UCTU": "wire",
    "PREVOD NA UCET": "wire",
    "": "batch",
}
_PURPOSES = {
    "": "other",
    "DUCHOD": "pension",
    "SIPO": "utilities",  # the household's collective payment: energy, radio, rent of the flat
    "POJISTNE": "insurance",
    "SLUZBY": "fee",
    "UROK": "interest",
    "SANKC. UROK": "interest",  # out: charged because the balance was negative
    "UVER": "loan_repayment_own",
}
_KINDS = {
    "DUCHOD": "government",
    "SIPO": "enterprise",
    "POJISTNE": "enterprise",
    "SLUZBY": "bank",
    "UROK": "bank",
    "SANKC. UROK": "bank",
    "UVER": "bank",
}
_NO_ACCOUNT = {"", "0"}
_BOOKED_BY_THE_BANK = {"SLUZBY", "UROK", "SANKC. UROK"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan that began within the records; how it ended is not here, it was not known."""

    loan_id: str
    day: str
    amount_minor: int
    term_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account, its owner, and the loan taken on it within the records, if any."""

    account_id: str
    customer_id: str
    branch_path: str
    region_code: str
    birth_year: int
    open_day: str
    loan: Loan | None

    @classmethod
    def of(cls, row: Mapping[str, str], client: Mapping[str, str], *, last_day: str) -> Self:
        """Return the account in a row of the accounts file, owned by `client`.

        Raises:
            RowError: a number or a day cannot be read.
        """
        day_ms(row["open_date"])
        has_loan = row["loan_id"] != "" and row["loan_date"] <= last_day
        return cls(
            account_id=row["account_id"],
            customer_id=f"client-{client['client_id']}",
            branch_path=f"hq/district-{row['district_id']}",
            region_code=f"cz-{client['district_id']}",
            birth_year=birth_year_of(client["birth_number"]),
            open_day=row["open_date"],
            loan=_loan(row) if has_loan else None,
        )


def _loan(row: Mapping[str, str]) -> Loan:
    day_ms(row["loan_date"])
    try:
        term_months = int(Decimal(row["duration"]))
    except InvalidOperation:
        raise RowError("a loan's duration is not a number of months") from None
    return Loan(
        loan_id=row["loan_id"],
        day=row["loan_date"],
        amount_minor=minor_of(row["amount"]),
        term_months=term_months,
    )


def profile_of(account: Account) -> RecordedEvent:
    """Return the owner's profile, known on the day on which the account was opened."""
    event = CustomerProfile(
        event_type="customer_profile",
        event_id=f"berka-profile-{account.account_id}",
        birth_year=account.birth_year,
        region_code=account.region_code,
        kyc_level=_KYC_OF_OWNERS,
        has_account=True,
        opened_on_ms=day_ms(account.open_day),
        timezone=TIMEZONE,
        **_shared(account, account.open_day, 0),
    )
    return _recorded(Topic.CUSTOMERS, event, account.open_day)


def disbursement_of(account: Account) -> tuple[RecordedEvent, ...]:
    """Return the stages of the account's loan: the records tell of no step before the signing.

    Signing, credit line and disbursement passed on the day of the loan, for its whole amount.
    """
    loan = account.loan
    if loan is None:
        return ()
    application: dict[str, Any] = {
        "stage_status": "passed",
        "application_id": f"application-{loan.loan_id}",
        "approved_limit_minor": loan.amount_minor,
        "term_months": loan.term_months,
        "decided_by": "human",
    }
    signing = ApplicationStage(
        event_type="loan_application",
        event_id=f"berka-signing-{loan.loan_id}",
        loan_stage="signing",
        **application,
        **_shared(account, loan.day, 1),
    )
    line = CreditLineStage(
        event_type="loan_credit_line",
        event_id=f"berka-line-{loan.loan_id}",
        loan_stage="credit_line",
        **application,
        **_shared(account, loan.day, 2),
    )
    drawdown = DisbursementStage(
        event_type="loan_disbursement",
        event_id=f"berka-drawdown-{loan.loan_id}",
        loan_stage="disbursement",
        loan_id=f"loan-{loan.loan_id}",
        drawn_minor=loan.amount_minor,
        outstanding_minor=loan.amount_minor,
        **application,
        **_shared(account, loan.day, 3),
    )
    return tuple(_recorded(Topic.LOAN_EVENTS, e, loan.day) for e in (signing, line, drawdown))


def is_plain_transfer_in(row: Mapping[str, str]) -> bool:
    """Tell whether the row is money from an account elsewhere, without a word on what it is for."""
    return row["operation"] == "PREVOD Z UCTU" and not row["k_symbol"].strip()


def transaction_of(
    account: Account, row: Mapping[str, str], *, place: int, is_monthly: bool
) -> RecordedEvent:
    """Return the posting in a row of the transactions file.

    The counterparty is named only where the row names one; what a plain transfer or cash was for,
    and who was at the other end, the records do not say (`other`, no kind). One exception: a plain
    transfer in that comes every month from the same account is taken for a salary. Almost all of
    them are of one amount a month, and only earlier rows are used to tell.

    Args:
        account: The account of the row.
        row: The row, by column name.
        place: The row's place in its day over all accounts, from 1.
        is_monthly: Whether the same account sent a plain transfer in the calendar month before.

    Raises:
        RowError: a number, a day or a word cannot be read.
    """
    symbol, bank = row["k_symbol"].strip(), row["bank"].strip()
    other_account = row["account"].strip()
    try:
        direction, purpose = _DIRECTIONS[row["type"]], _PURPOSES[symbol]
        channel = "batch" if symbol in _BOOKED_BY_THE_BANK else _CHANNELS[row["operation"].strip()]
    except KeyError as problem:
        raise RowError(f"{problem} is no type, operation or symbol of these records") from None
    is_salary = is_monthly and is_plain_transfer_in(row)
    event = TransactionPosted.model_validate(
        {
            "event_type": "transaction_posted",
            "event_id": f"berka-transaction-{row['trans_id']}",
            "txn_id": row["trans_id"],
            "account_id_hash": f"account-{account.account_id}",
            "direction": direction,
            "amount_minor": minor_of(row["amount"]),
            "currency": CURRENCY,
            "balance_after_minor": minor_of(row["balance"]),
            "counterparty_kind": "enterprise" if is_salary else _KINDS.get(symbol),
            "counterparty_id_hash": None
            if other_account in _NO_ACCOUNT
            else stable_id("cp", bank, other_account),
            "counterparty_bank_code": bank or None,
            "txn_channel": channel,
            "purpose_class": "salary" if is_salary else purpose,
            **_shared(account, row["date"], _TRANSACTION_MS + place),
        }
    )
    return _recorded(Topic.TRANSACTIONS, event, row["date"])


def instalment_of(
    account: Account, loan: Loan, paid: RecordedEvent, *, paid_minor: int
) -> RecordedEvent:
    """Return the payment stage of an instalment.

    In these records a loan's amount is its monthly payment times its months, so what is
    outstanding is the amount less all that was paid.

    Args:
        account: The account that paid.
        loan: Its loan.
        paid: The posting of this instalment.
        paid_minor: All instalments so far, this one included.
    """
    day = datetime.fromtimestamp(paid.known_at_ms / 1000, tz=UTC).strftime("%y%m%d")
    event = PaymentStage(
        event_type="loan_payment",
        event_id=f"berka-payment-{paid.value['txn_id']}",
        loan_stage="payment",
        stage_status="passed",
        application_id=f"application-{loan.loan_id}",
        loan_id=f"loan-{loan.loan_id}",
        outstanding_minor=max(loan.amount_minor - paid_minor, 0),
        **_shared(account, day, 0) | {"occurred_at_ms": paid.value["occurred_at_ms"]},
    )
    return _recorded(Topic.LOAN_EVENTS, event, day)


def _shared(account: Account, day: str, offset_ms: int) -> dict[str, Any]:
    return {
        "occurred_at_ms": day_ms(day) + _NOON_MS + offset_ms,
        "source_system": "berka",
        "branch_path": account.branch_path,
        "customer_id": account.customer_id,
    }


def _recorded(topic: Topic, event: Envelope, day: str) -> RecordedEvent:
    return RecordedEvent(
        topic=topic,
        key=event.customer_id,
        known_at_ms=day_ms(day) + _KNOWN_MS,
        value=event.model_dump(mode="json", exclude_defaults=True, exclude_none=True),
    )
