"""`risk-alerts.v1`: what a person must see."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, EpochMs, Ours


class RiskAlert(Ours):
    """Something that a person must look at, with the numbers that raised it.

    `repayment_stress` and `hard_rule` are about a customer; `dead_letter_rate` is about a
    source topic, and then `subject_id` is that topic's name; `unit_suspect` is about the amounts of
    a source topic from one source system, and `subject_id` is `<topic>/<source system>`, cut to 64.
    """

    event_type: Literal["risk_alert"] = "risk_alert"
    alert_id: Code
    kind: Literal["repayment_stress", "hard_rule", "dead_letter_rate", "unit_suspect"]
    subject_id: Code
    partition: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=-1)]
    at_ms: EpochMs
    text_zh: Annotated[str, Field(max_length=500)]
    text_en: Annotated[str, Field(max_length=500)]
    numbers: dict[str, float]
    decision_id: str | None = None
