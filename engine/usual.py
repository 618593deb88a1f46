"""What is usual for a customer: learnt once a business date, after all that was decided on it."""

import numpy as np

from decisions.situation import AnomalyGrade
from engine.case import Case
from models import Row, is_due, learnt, segment_of, to_hex, z_row


def learn_profile(case: Case, row: Row) -> None:
    """Let the customer's profile see a date that is new to it; `row` is the case's, for all models.

    Last in a step, so that what is new is new to the decision on it.
    """
    anomaly = case.partition.anomaly
    case.subject.profile = learnt(
        case.subject.profile,
        case.features,
        at_ms=case.at_ms,
        alarm_from=None if anomaly is None else anomaly.limits(segment_of(row)).alert_from,
    )


def wants_profile(case: Case) -> bool:
    """Return whether this step is the first of a date of a customer with an account.

    History that is told late is left out: it comes within hours, with windows that are half empty.
    """
    if case.subject.facts.loan.state == "no_account" or case.partition.facts.loads_history:
        return False
    return is_due(case.subject.profile, case.at_ms)


def grade_of(case: Case, row: Row) -> AnomalyGrade:
    """Return how the customer's score stands among those of the segment; `normal` if unknown."""
    found, anomaly = case.unusual, case.partition.anomaly
    if found is None or anomaly is None:
        return "normal"
    return anomaly.grade(found.score, segment_of(row))


def z_hex(case: Case) -> str | None:
    """Return the z-scores as examples carry them: float32, little-endian hex; none without any."""
    found = case.unusual
    return None if found is None else to_hex(np.array(z_row(found.z), dtype=np.float32))
