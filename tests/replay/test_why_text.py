"""What a risk officer reads about reasons and about what is unlike the customer's own past."""

import io
from typing import Any

from rich.console import Console

from contracts.decisions import ModelUsed, Reason
from replay.why import Score, Why
from replay.why_text import print_why
from tests.support.records import a_decision


def a_reason(**changes: Any) -> Reason:
    """Return a reason of the model."""
    given: dict[str, Any] = {
        "code": "cash_buffer_low",
        "text_zh": "账户余额可支撑的天数较少",
        "text_en": "The balance covers only a few days of spending",
        "source": "model",
        "feature": "cash_buffer_days",
        "value": None,
        "threshold": None,
        "direction": None,
        "contribution": 812,
        "disclosable": True,
    }
    return Reason(**{**given, **changes})


def printed(*scores: Score, **changes: Any) -> str:
    """Return the tree of a decision as it is printed."""
    tree = Why(
        decision=a_decision(**changes),
        trigger=None,
        features=(),
        scores=scores,
        policy=None,
        touches=(),
        messages=(),
        alerts=(),
        difference=None,
    )
    out = io.StringIO()
    print_why(tree, Console(file=out, width=200, color_system=None))
    return out.getvalue()


def test_a_reason_shows_its_weight_and_whether_it_was_tried() -> None:
    """A false reason must leap to the eye: somebody is about to be told it."""
    lines = {
        faithful: printed(reasons=(a_reason(faithful=faithful),))
        for faithful in (None, True, False)
    }

    assert all("cash_buffer_low" in text and "weight 812" in text for text in lines.values())
    assert "flipped" not in lines[None]
    assert "flipped, it helps" in lines[True]
    assert "flipped, IT CHANGES NOTHING" in lines[False]


def test_a_risk_score_shows_what_each_family_adds() -> None:
    """Single features are for those who build the model; families are what is told."""
    text = printed(
        Score(
            name="dpd30_mob3",
            value_hex=(0.04).hex(),
            model_id="dpd30_mob3:0011223344556677",
            role="champion",
            contributions=(("balance_last_minor", 0.5), ("cash_buffer_days", 0.25)),
            families=(("cash_buffer_low", 0.75),),
        )
    )

    assert "+0.500 log-odds  balance_last_minor" in text
    assert "+0.750 log-odds  = cash_buffer_low: " in text
    assert "The balance covers only a few days of spending" in text


def test_what_is_unusual_is_shown_in_standard_deviations() -> None:
    """No probability: 8 of these is not 800 percent."""
    text = printed(
        Score(
            name="anomaly",
            value_hex=(4.5).hex(),
            model_id="anomaly:0011223344556677",
            role="champion",
            contributions=(),
            families=(),
        ),
        anomaly="watch",
        anomaly_z={"balance_last_minor": (-6.25).hex()},
        models=(ModelUsed(name="anomaly", model_id="anomaly:0011223344556677", role="champion"),),
    )

    assert "4.50" in text
    assert "450" not in text
    assert "grade watch" in text
    assert "-6.2 sd  balance_last_minor" in text
