"""Strategies: read exactly, checked before anybody is touched, one hash over all that decides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from decisions.moments import MOMENTS
from decisions.situation import Situation, Trigger
from decisions.strategy import StrategyError, canonical_sha256, load
from decisions.strategy_check import MOMENT_FEATURES, problems
from features import NAMES, permitted_use
from strategies import StrategyFileError, bundled, load_file
from tests.decisions.given import (
    a_situation,
    a_strategy_file,
    everyone_in,
    the_strategy,
)

File = dict[str, Any]


def action(file: File, name: str) -> Any:
    """Return one action of the file."""
    return next(action for action in file["actions"] if action["id"] == name)


def override(file: File, name: str, overrides: File) -> None:
    """Let an arm differ."""
    file["experiment"]["arms"][name]["overrides"] = overrides


BROKEN: list[tuple[str, Callable[[File], object], str]] = [
    ("one person", lambda f: f.update(checker=f["maker"]), "a checker who is not its maker"),
    ("nobody checked", lambda f: f.update(checker=None), "needs a checker"),
    (
        "arms of 101 percent",
        lambda f: f["experiment"].update(holdout_pct=11),
        "make 100 percent; got 101",
    ),
    (
        "a negative share",
        lambda f: f["experiment"]["arms"]["champion"].update(pct=-1),
        "0 or more percent",
    ),
    (
        "no champion",
        lambda f: f["experiment"]["arms"].pop("champion"),
        "needs an arm 'champion'",
    ),
    ("an unknown moment", lambda f: f["moments"].append("full_moon"), "full_moon"),
    (
        "an unknown channel",
        lambda f: action(f, "intent_offer")["via"][0].update(channel="pigeon"),
        "pigeon",
    ),
    ("an unknown kind", lambda f: action(f, "intent_offer").update(kind="lottery"), "lottery"),
    ("an unknown field", lambda f: f.update(colour="red"), "colour"),
    ("a text for a number", lambda f: f["risk"].update(h07_lenders_90d="four"), "h07_lenders"),
    (
        "an unknown feature",
        lambda f: action(f, "short_line")["when"][0].update(feature="shoe_size"),
        "'shoe_size', which does not exist",
    ),
    (
        "a feature for fraud alone",
        lambda f: action(f, "short_line")["when"][0].update(feature="face_fail_cnt_24h"),
        "for marketing; it may be used for fraud",
    ),
    (
        "a condition without a bound",
        lambda f: action(f, "short_line")["when"][0].pop("below"),
        "needs at_least or below",
    ),
    (
        "a rate above the cap",
        lambda f: action(f, "intent_offer")["offer"].update(apr_all_in_bps=2401),
        "2401 bps; the cap is 2400",
    ),
    ("an end before its beginning", lambda f: f["valid"].update(to_ms=0), "from_ms before to_ms"),
    (
        "a content that does not exist",
        lambda f: action(f, "budget_tools")["via"][0].update(content="poem"),
        "'poem', which does not exist",
    ),
    (
        "a content that nobody approved",
        lambda f: f["contents"]["care"].update(status="draft"),
        "which is draft, not approved",
    ),
    (
        "a text changed after its review",
        lambda f: f["contents"]["care"].update(en="Pay!"),
        "not the text that was reviewed",
    ),
    (
        "terms before an approval",
        lambda f: action(f, "intent_offer")["via"][0].update(content="intent_with_terms"),
        "may carry no number",
    ),
    (
        "credit for someone under stress",
        lambda f: action(f, "intent_offer")["moments"].append("repayment_stress"),
        "only a service without credit",
    ),
    (
        "a moment without an action",
        lambda f: action(f, "care_message").update(moments=["funding_gap"]),
        "repayment_stress has no action",
    ),
    (
        "a moment that is not the strategy's",
        lambda f: f["moments"].remove("funding_gap"),
        "which the strategy does not decide on",
    ),
    (
        "an arm that does not exist",
        lambda f: action(f, "care_message").update(arms=["champion", "blue"]),
        "['blue']",
    ),
    (
        "two actions of one name",
        lambda f: f["actions"].append(action(f, "care_message")),
        "more than once",
    ),
    ("no channel", lambda f: action(f, "care_message").update(via=[]), "has no channel"),
    (
        "no hours",
        lambda f: f["contact"]["channels"]["sms"].update(hours=[]),
        "has no hours",
    ),
    (
        "hours over midnight",
        lambda f: f["contact"]["channels"]["sms"]["hours"][0].update(start="22:00"),
        "begin before they end",
    ),
    (
        "a cap of nothing",
        lambda f: f["contact"]["caps"][0].update(touches=0),
        "1 touch and 1 day or more",
    ),
    (
        "a cap that looks further back than the ledger",
        lambda f: f["contact"]["caps"][0].update(days=365),
        "no more is remembered",
    ),
    (
        "an action whose id no record can carry",
        lambda f: action(f, "care_message").update(id="关怀"),
        "may only have letters, digits",
    ),
    (
        "a talk track whose id no record can carry",
        lambda f: action(f, "intent_offer")["via"][1]["steps"][0].update(talk_track="two words"),
        "may only have letters, digits",
    ),
    (
        "a limit that no message can carry",
        lambda f: action(f, "intent_offer")["offer"].update(limit_minor_by_band={"A": 1 << 40}),
        "0 to 17179869183 minor units",
    ),
    (
        "a message that makes sense for a century",
        lambda f: action(f, "care_message")["via"][0].update(valid_hours=876_000),
        "valid_hours of 1 to 2160",
    ),
    (
        "a task that should have begun before it was given",
        lambda f: action(f, "care_message")["via"][1].update(sla_hours=-1),
        "sla_hours of 0 or more",
    ),
    (
        "a zone that does not exist",
        lambda f: f["contact"].update(default_timezone="Mars/Olympus"),
        "needs a zone that exists",
    ),
    (
        "a matrix that likes risk",
        lambda f: f["risk"]["matrix"].update(D=["approve", "decline", "decline", "decline"]),
        "a better outcome to a worse band",
    ),
    (
        "a matrix that likes points",
        lambda f: f["risk"]["matrix"].update(A=["approve", "refer", "approve", "decline"]),
        "a better outcome for more points",
    ),
    (
        "edges out of order",
        lambda f: f["risk"].update(pd_band_below=[0.1, 0.05, 0.2, 0.3]),
        "pd_band_below needs to rise",
    ),
    (
        "a lever beyond its bounds",
        lambda f: f["arbitration"].update(lever_pct={"hq/hz": 300}),
        "50 to 200 percent",
    ),
    (
        "a challenger with a broken table",
        lambda f: override(f, "challenger", {"risk": {"pd_band_below": [0.1, 0.1, 0.2, 0.3]}}),
        "arm 'challenger': pd_band_below",
    ),
    (
        "a challenger that overrides the contact policy",
        lambda f: override(f, "challenger", {"contact": {}}),
        "may override risk, arbitration and actions",
    ),
    (
        "a challenger with an action of its own",
        lambda f: override(f, "challenger", {"actions": {"poem": {}}}),
        "['poem'], which the strategy does not have",
    ),
    (
        "a challenger with a misspelt threshold",
        lambda f: override(f, "challenger", {"risk": {"h07_lendrs": 3}}),
        "h07_lendrs",
    ),
    (
        "a limit for no band",
        lambda f: action(f, "intent_offer")["offer"].update(limit_minor_by_band={"Z": 1}),
        "needs limits for bands",
    ),
    (
        "a chance above one",
        lambda f: action(f, "care_message").update(success_micro=1_000_001),
        "0 to 1000000 millionths",
    ),
    (
        "a task without steps",
        lambda f: action(f, "care_message")["via"][1].update(steps=[]),
        "needs steps",
    ),
    (
        "a list at a strange time",
        lambda f: action(f, "cold_list_call")["via"][0].update(next_morning_at="9.30"),
        "as 'HH:MM'",
    ),
    (
        "a product without limits",
        lambda f: action(f, "intent_offer").update(product="yacht_loan"),
        "'yacht_loan' in the risk table",
    ),
]


def test_the_bundled_strategy_has_no_problem() -> None:
    """What we ship must pass what we demand."""
    assert problems(a_strategy_file(), permitted_use=permitted_use) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [(change, says) for _, change, says in BROKEN],
    ids=[name for name, _, _ in BROKEN],
)
def test_each_problem_is_found_and_said(change: Callable[[File], object], says: str) -> None:
    """A strategy that is wrong must be refused with a sentence that its maker understands."""
    file = a_strategy_file()
    change(file)
    found = problems(file, permitted_use=permitted_use)

    assert any(says in problem for problem in found), found
    assert all(problem.endswith(".") for problem in found), found


@pytest.mark.parametrize("name", [name for name in NAMES if not permitted_use(name)])
def test_what_is_permitted_for_nothing_moves_nothing(name: str) -> None:
    """Illness and family are known and must not decide, whoever signs the strategy."""
    file = a_strategy_file()
    action(file, "intent_offer").update(when=[{"feature": name, "at_least": 1}])
    found = problems(file, permitted_use=permitted_use)

    assert any(f"{name!r} for marketing; it may be used for nothing" in each for each in found)


def test_illness_and_family_are_permitted_for_nothing() -> None:
    """The test above must have something to test."""
    nothing = {name for name in NAMES if not permitted_use(name)}
    assert nothing == {"medical_sum_minor_90d", "family_edge_cnt"}


class _Listening(Situation):
    """A situation that remembers which features were read."""

    def number(self, feature: str) -> float | None:
        READ.add(feature)
        return super().number(feature)


READ: set[str] = set()


@pytest.mark.parametrize("name", list(MOMENTS))
def test_the_check_knows_what_each_moment_reads(name: Any) -> None:
    """A moment that reads a feature behind the check's back escapes permitted use."""
    READ.clear()
    plain = a_situation()
    listening = _Listening(
        subject_id="c-1", at_ms=plain.at_ms, facts=plain.facts, features=plain.features
    )
    rule = MOMENTS[name]
    trigger = Trigger(kind="event", cause="x:0:1", timer=rule.on_timer)
    rule.evidence(listening, trigger, rule.thresholds)

    assert set(MOMENT_FEATURES[name]) >= READ


def test_the_hash_covers_every_table() -> None:
    """Two strategies with one hash must decide the same, whichever table differs."""
    file = a_strategy_file()
    before = canonical_sha256(file)
    for section, change in (
        ("risk", {"s10_points": 3}),
        ("contact", {"complaint_cool_off_days": 181}),
        ("contents", {}),
    ):
        other = {**file, section: {**file[section], **change}}
        assert (canonical_sha256(other) != before) is bool(change)


def test_an_override_changes_its_arm_and_no_other() -> None:
    """The champion must not drift with its challenger."""
    strategy = the_strategy()

    assert strategy.plan("champion").risk.h07_lenders_90d == 4
    assert strategy.plan("challenger").risk.h07_lenders_90d == 3
    assert strategy.plan("holdout") == strategy.plan("champion")


def test_a_strategy_decides_in_its_branches_moments_and_time() -> None:
    """A pilot in one city must stay in that city."""
    file = a_strategy_file()
    file["scope"]["branches"] = ["hq/hz"]
    file["valid"] = {"from_ms": 10, "to_ms": 20}
    strategy = load(file)

    def applies(branch: str, at_ms: int) -> bool:
        return strategy.applies("funding_gap", branch_path=branch, at_ms=at_ms)

    assert [applies("hq/hz/west", at_ms) for at_ms in (9, 10, 19, 20)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [applies(branch, 10) for branch in ("hq", "hq/hz", "hq/hzx")] == [False, True, False]


def test_an_unreadable_strategy_says_which_field() -> None:
    """A stack trace helps nobody who writes YAML."""
    file = a_strategy_file()
    del file["maker"]

    with pytest.raises(StrategyError, match=r"no_loan_to_loan_v1 cannot be read: .*maker"):
        load(file)


def test_a_key_said_twice_is_refused(tmp_path: Path) -> None:
    """YAML lets the last one win in silence; a threshold must not change that way."""
    path = tmp_path / "s.yaml"
    path.write_text("version: 1\nversion: 2\n", encoding="utf-8")

    with pytest.raises(StrategyFileError, match="line 2 says 'version' a second time"):
        load_file(path)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "risk: nowhere"])
def test_a_file_that_is_no_strategy_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    """The strategist sees the message, not the program."""
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(StrategyFileError):
        load_file(path)


def test_a_missing_strategy_lists_those_there_are() -> None:
    """A typing error should cost one look."""
    with pytest.raises(StrategyFileError, match="no_loan_to_loan_v1"):
        bundled("no_lone_to_loan")


def test_every_arm_can_be_given_to_everyone() -> None:
    """Backtests pin arms; each must stand alone."""
    for arm in ("champion", "challenger", "list_only", "holdout"):
        assert everyone_in(arm).plan(arm).actions
