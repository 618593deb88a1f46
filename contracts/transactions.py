"""`transactions.v1`: money in and out of the customer's accounts."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, EpochMs, Minor, Token
from contracts.uses import Bps

PurposeClass = Literal[
    "salary",
    "pension",
    "insurance",
    "fee",
    "interest",
    "loan_repayment_own",
    "rent",
    "tax",
    "social_insurance",
    "supplier_payment",
    "customer_receipt",
    "loan_repayment_external",
    "loan_inflow_external",
    "own_transfer",
    "education",
    "medical",
    "renovation",
    "vehicle",
    "travel",
    "property",
    "securities",
    "gambling_like",
    "utilities",
    "other",
]
SignedMinor = Annotated[int, Field(gt=-(1 << 34), lt=1 << 34)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")]


class TransactionPosted(Envelope):
    """One posting on one account, keyed by the customer.

    >>> TransactionPosted.model_validate_json(
    ...     '{"event_type": "transaction_posted", "event_id": "e-1", "occurred_at_ms": 0,'
    ...     ' "customer_id": "c-1", "txn_id": "t-1", "account_id_hash": "a-1",'
    ...     ' "direction": "in", "amount_minor": 1250, "currency": "CNY"}'
    ... ).amount_minor
    1250
    """

    event_type: Literal["transaction_posted"]
    customer_id: Token
    txn_id: Token
    account_id_hash: Token
    direction: Literal["in", "out"]
    amount_minor: Minor
    currency: Currency
    balance_after_minor: SignedMinor | None = None
    counterparty_id_hash: Token | None = None
    counterparty_kind: (
        Literal[
            "person",
            "enterprise",
            "merchant",
            "bank",
            "government",
            "self",
            "lender",
            "platform",
        ]
        | None
    ) = None
    counterparty_bank_code: Code | None = None
    txn_channel: Literal["counter", "mobile", "pos", "qr", "wire", "atm", "batch"] = "batch"
    mcc: Code | None = None
    purpose_class: PurposeClass = "other"
    purpose_confidence_bps: Bps | None = None
    geohash5: Code | None = None
    original_txn_id: Token | None = None


class TransactionReversed(Envelope):
    """A posting that never was: the event that it names counts no more, from now on.

    A past decision stays as it was made; the windows forget the posting from this event on.
    """

    event_type: Literal["transaction_reversed"]
    customer_id: Token
    corrects_event_id: Token
    corrects_occurred_at_ms: EpochMs
    is_reversal: Literal[True] = True


Transaction = Annotated[TransactionPosted | TransactionReversed, Field(discriminator="event_type")]
