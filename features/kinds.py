"""The closed list of what a log can remember; a kind's place is its code in every stored log."""

from typing import Final

KINDS: Final[tuple[str, ...]] = (
    "void",  # a tombstone: an event that was reversed or corrected, perhaps before it came
    # money in
    "salary",
    "pension",
    "customer_receipt",
    "loan_inflow_external",
    "own_transfer_in",
    "interest_in",
    "insurance_in",
    "other_in",
    # money out
    "rent",
    "tax",
    "social_insurance",
    "supplier_payment",
    "loan_repayment_external",
    "loan_repayment_own",
    "own_transfer_out",
    "own_transfer_out_other_bank",
    "education",
    "medical",
    "renovation",
    "vehicle",
    "travel",
    "property",
    "securities",
    "gambling_like",
    "utilities",
    "insurance_out",
    "fee_out",
    "other_out",
    # what an account held after a posting; the amount may be negative
    "balance",
    # what the customer does in the app
    "session_day",
    "session_night",
    "loan_page_view",
    "limit_query",
    "calculator",
    "apply_start",
    "apply_step",
    "apply_submit",
    "face_fail",
    # what happened between us
    "touch_app",
    "touch_sms",
    "touch_call",
    "touch_wecom",
    "wecom_reply",
    "reject",
    "complaint",
    "branch_visit",
    # loans with us: the key is the application; days past due stand in place of an amount
    "loan_applied",
    "loan_declined",
    "own_dpd",
    # what the bureau reported; the number stands in place of an amount
    "bureau_query",
    "bureau_lender",
    "bureau_outstanding",
    "bureau_due",
    "bureau_dpd",
    # a merchant's day at the card network
    "settle",
    "refund",
    # how many customers were seen on a device or at an address; the number stands as the amount
    "device_customers",
    "ip_customers",
    # a trading partner's owner drew a loan; the key is the partner
    "chain_drawn",
    # a benefit: 1 while it may be used, 0 when it is over; the key is the benefit
    "benefit",
    # invitations; the key is who was invited
    "referral_invited",
    "referral_drawn",
)
"""Append only: a code is written into every record of every customer's log (at most 128 kinds)."""

CODES: Final[dict[str, int]] = {kind: code for code, kind in enumerate(KINDS)}


def kinds(*names: str) -> frozenset[str]:
    """Return a set of kinds, refusing a name that is not one.

    >>> sorted(kinds("salary", "pension"))
    ['pension', 'salary']
    """
    if unknown := sorted(set(names) - set(KINDS)):
        raise ValueError(
            f"a filter needs kinds of the closed list; got {unknown}. "
            "Append a new kind to the end of KINDS, never in between."
        )
    return frozenset(names)


INFLOW: Final = kinds(*KINDS[1:9])
"""Every posting in, own transfers and loans included: the account's own arithmetic."""

OUTFLOW: Final = kinds(*KINDS[9:29])
"""Every posting out, own transfers included."""

INCOME: Final = kinds("salary", "pension", "customer_receipt")
LENDER: Final = kinds("loan_repayment_external", "loan_inflow_external")
SESSION: Final = kinds("session_day", "session_night")
APPLY: Final = kinds("apply_start", "apply_step", "apply_submit")
TOUCH: Final = kinds("touch_app", "touch_sms", "touch_call", "touch_wecom")
