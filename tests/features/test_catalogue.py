"""The catalogue as others rely on it: names, uses, words, and the events behind a number."""

import hashlib
from dataclasses import replace
from typing import get_args

import pytest

from contracts.uses import Use
from features import (
    BY_NAME,
    CATALOGUE,
    NAMES,
    PLAN,
    RELATED,
    SlowLog,
    describe,
    permitted_use,
)
from features.business_time import DAY_MS
from features.catalogue import by_name_of, retention_ms
from features.definitions import Window
from features.errors import CatalogueError
from features.kinds import INFLOW, KINDS, OUTFLOW
from features.plan import compile_catalogue
from tests.features.histories import START_MS, a_reversal, an_event


def test_the_catalogue_serves_what_moments_rules_and_models_read() -> None:
    """A renamed feature is a rule that silently never hits."""
    read_elsewhere = {
        "ext_lender_cnt_90d",
        "debt_service_ratio",
        "gambling_like_ratio_90d",
        "night_session_ratio_7d",
        "limit_query_cnt_24h",
        "cash_buffer_days",
        "income_month_cnt",
        "outflow_sum_minor_7d",
        "outflow_week_mean_minor_90d",
        "loan_page_view_cnt_24h",
        "calculator_cnt_24h",
        "ext_loan_inflow_sum_minor_30d",
        "minutes_since_apply_activity",
        "complaint_cnt_90d",
        "days_since_reject",
    }
    assert read_elsewhere <= set(NAMES)


def test_a_row_has_the_served_features_and_no_term() -> None:
    """Terms are for formulas; a model must not come to depend on one."""
    assert (*PLAN.names, *(feature.name for feature in RELATED)) == NAMES
    assert "income_sum_minor_30d" not in NAMES
    with pytest.raises(KeyError, match="needs a feature of the catalogue"):
        permitted_use("income_sum_minor_30d")


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_says_its_unit_why_use_null_and_retention(name: str) -> None:
    """A number without these must not decide about a person."""
    feature = BY_NAME[name]
    assert permitted_use(name) <= set(get_args(Use))
    assert (", ".join(sorted(permitted_use(name))) or "none") in describe(name)
    assert feature.why in describe(name)
    assert feature.unit in describe(name)
    assert feature.null_policy in {"zero", "missing"}
    span_ms = retention_ms(name)
    assert span_ms is None if feature in RELATED else 0 < (span_ms or 0) <= 180 * DAY_MS


def test_a_complaint_never_counts_against_credit() -> None:
    """Who complains must not be refused for it."""
    assert permitted_use("complaint_cnt_90d") == {"marketing"}


def test_the_schema_hash_follows_meaning_and_not_words() -> None:
    """A better sentence must not retire a model; another window must."""
    first = CATALOGUE[0]
    assert isinstance(first, Window)
    fields = {name: getattr(first, name) for name in Window.__dataclass_fields__}
    reworded = Window(**{**fields, "why": "In other words."})
    longer = Window(**{**fields, "window_ms": first.window_ms + 1})
    assert compile_catalogue((reworded, *CATALOGUE[1:])).schema_hash == PLAN.schema_hash
    assert compile_catalogue((longer, *CATALOGUE[1:])).schema_hash != PLAN.schema_hash


def test_codes_of_kinds_never_move() -> None:
    """A code is in every stored log: a new kind goes to the end."""
    digest = hashlib.sha256("\n".join(KINDS[:63]).encode()).hexdigest()
    assert digest[:16] == "09c562c626c3122a"
    assert len(set(KINDS)) == len(KINDS)
    assert not INFLOW & OUTFLOW


def test_a_name_is_given_once_also_to_a_relation() -> None:
    """Two definitions of one name: the permitted use of one would guard the value of the other."""
    window = next(feature for feature in CATALOGUE if isinstance(feature, Window))
    twice = replace(window, name=RELATED[0].name)

    with pytest.raises(CatalogueError, match=RELATED[0].name):
        by_name_of((*CATALOGUE, twice, *RELATED))


def test_the_events_behind_a_number_are_named() -> None:
    """`why` traces a ratio to the postings it rests on, and to no other."""
    log = SlowLog()
    salary = an_event("salary", event_id=1, amount_minor=1_000, at_ms=START_MS - 2)
    log.apply([salary], tag="salary")
    log.apply([an_event("loan_repayment_own", event_id=2, amount_minor=250)], tag="instalment")
    log.apply([an_event("rent", event_id=3)], tag="rent")
    log.apply([an_event("salary", event_id=4)], tag="undone")
    log.apply([a_reversal(an_event("salary", event_id=4))], tag="reversal")
    assert log.read(START_MS)["debt_service_ratio"] == 0.25
    assert log.members("debt_service_ratio", START_MS) == ["salary", "instalment"]
