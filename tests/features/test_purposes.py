"""The purpose of a posting, where its source does not say it."""

from typing import get_args

import pytest

from contracts.transactions import PurposeClass
from features.purposes import LEAST_BPS, RULES, Rule, infer_purpose
from tests.features.test_from_events import a_posting, kinds_of


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"direction": "out", "mcc": "8062"}, "medical"),
        ({"direction": "out", "mcc": "8220"}, "education"),
        ({"direction": "out", "mcc": "5712"}, "renovation"),
        ({"direction": "out", "mcc": "7995"}, "gambling_like"),
        ({"direction": "out", "mcc": "x-1"}, "other_out"),
        ({"direction": "out", "mcc": "5411"}, "other_out"),
        ({"direction": "in", "mcc": "8062"}, "other_in"),
        ({"txn_channel": "qr", "counterparty_kind": "person"}, "customer_receipt"),
        ({"txn_channel": "pos", "counterparty_kind": "merchant"}, "other_in"),
    ],
)
def test_a_code_says_what_a_payment_was_for(fields: dict[str, str], kind: str) -> None:
    """Many sources send no purpose; a refund by a shop must not become income."""
    assert kinds_of(a_posting(**fields)) == [kind]


@pytest.mark.parametrize(
    ("confidence_bps", "kind"), [(None, "rent"), (LEAST_BPS, "rent"), (LEAST_BPS - 1, "medical")]
)
def test_a_source_that_is_not_sure_is_asked_no_further(
    confidence_bps: int | None, kind: str
) -> None:
    """The source knows best, unless it says itself that it guesses."""
    fields = {"direction": "out", "purpose_class": "rent", "mcc": "8062"}
    assert kinds_of(a_posting(**fields, purpose_confidence_bps=confidence_bps)) == [kind]


@pytest.mark.parametrize("each", RULES, ids=lambda rule: rule.purpose)
def test_every_rule_can_win_and_says_how_sure_it_is(each: Rule) -> None:
    """A line that another one always hides is a line nobody maintains."""
    found = infer_purpose(
        direction=each.direction or "out",
        counterparty=each.counterparty,
        channel=min(each.channels, default=None),
        mcc=str(each.mcc[0][0]) if each.mcc else None,
    )
    assert found == (each.purpose, each.confidence_bps)
    assert LEAST_BPS <= each.confidence_bps <= 10_000
    assert each.purpose in get_args(PurposeClass)
