"""Made-up customers: they must reach every rule and band, or what they show is nothing."""

import pytest

from decisions.policy import BANDS
from decisions.risk import screen as risk_screen
from decisions.risk.made_up import made_up, try_reasons
from tests.decisions.given import the_risk_table, the_strategy
from tests.decisions.test_risk_screen import screened


def test_they_hit_every_rule_reach_every_band_and_get_every_answer() -> None:
    """A limit that nobody stands at is a limit that nobody tried."""
    answers = [screened(*case) for case in made_up(the_risk_table(), customers=400)]

    rules = {finding.rule for answer in answers for finding in answer.findings}
    hit = {finding.rule for answer in answers for finding in answer.findings if finding.hit}
    assert hit == rules
    assert {answer.band for answer in answers} == set(BANDS)
    assert {answer.outcome for answer in answers} == {"approve", "refer", "decline"}
    assert {answer.anomaly for answer in answers} == {"normal", "watch", "alert"}
    sources = {reason.source for answer in answers for reason in answer.reasons}
    assert sources == {"rule", "model", "anomaly", "policy"}


@pytest.mark.parametrize("arm", ["champion", "challenger"])
def test_every_reason_of_the_bundled_tables_is_true(arm: str) -> None:
    """What `strategy check` tries before the file decides on anybody."""
    found = try_reasons(the_strategy().plan(arm).risk)

    assert found.reasons > 300
    assert (found.untrue, found.untold, found.faithful_ratio) == ((), (), 1.0)


def test_they_are_the_same_every_time() -> None:
    """Two people who check one file must be told the same."""
    table = the_risk_table()

    assert try_reasons(table, customers=20) == try_reasons(table, customers=20)


def test_a_screen_that_tells_all_that_was_hit_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot fail would be none."""
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, by_name: list(by_name))
    found = try_reasons(the_risk_table(), customers=60)

    assert found.faithful_ratio < 0.99


def test_a_screen_that_keeps_quiet_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """So would a check that only looks at what is told."""
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, _by_name: [])

    assert try_reasons(the_risk_table(), customers=60).untold != ()
