"""Promises about which head reads what."""

import pytest

import features
from models import FEATURES_OF, ROW, USE_OF, RowError, checked_features


def test_every_feature_of_the_row_is_read_by_a_head_and_computed() -> None:
    """A place in the row costs bytes in every example; a misspelt name would always be missing."""
    read = {name for names in FEATURES_OF.values() for name in names}

    assert read == set(ROW.names)
    assert read <= set(features.NAMES)


@pytest.mark.parametrize("label", FEATURES_OF)
def test_each_head_reads_only_what_it_may(label: str) -> None:
    """A feature's permitted use is a rule of law, not a hint."""
    assert all(USE_OF[label] in features.permitted_use(name) for name in FEATURES_OF[label])


def test_risk_reads_no_conduct_in_the_app() -> None:
    """How somebody looks at a page says nothing that a decline could be founded on."""
    conduct = ("page", "calculator", "limit_query", "apply", "touch", "complaint", "branch")
    for label in ("dpd30_mob3", "dpd90_after_dpd30"):
        assert not [name for name in FEATURES_OF[label] if any(part in name for part in conduct)]


@pytest.mark.parametrize("label", ["drawn_30d", "applied_14d", "retained_flow_30d"])
def test_need_is_not_read_from_what_we_did(label: str) -> None:
    """Touches in the row would teach that contacted customers are those we chose to contact."""
    assert not [name for name in FEATURES_OF[label] if "touch" in name or "complaint" in name]


@pytest.mark.parametrize("name", ["duration", "dpd_days", "drawn_30d", "medical_sum_minor_90d"])
def test_what_is_known_only_afterwards_or_is_not_permitted_is_refused(name: str) -> None:
    """The textbook leak is the length of the call that sold: no head can be built on it."""
    with pytest.raises(RowError, match=name):
        checked_features(("net_flow_minor_30d", name), "marketing")


def test_a_head_reads_in_the_order_of_the_row() -> None:
    """Sums are taken in this order: another one is another last bit."""
    assert checked_features(tuple(reversed(ROW.names[:7])), "credit") == ROW.names[:7]
