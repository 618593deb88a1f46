"""When a label teaches: the policies for outcomes that take weeks to be known."""

from dataclasses import dataclass
from typing import Literal

from contracts.examples import LabelName

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """How the learner treats a label that comes late.

    `fake_negative`: a row teaches "no" when it is opened; if it comes true, that step is undone
    and "yes" is learnt. Fresh, and right after one horizon; meant for rare positives.
    `wait`: a row teaches once, when its horizon is over, whatever it became and whenever. Learning
    positives as they come and negatives at the end would overestimate many times over at every
    start, so a positive waits for its horizon too.

    Measures are taken at the horizon in both, so that positives, which come early, do not look
    more frequent than they are.

    Args:
        label_name: The label (docs/domain.md, "Feedback and labels").
        kind: `fake_negative` or `wait`.
        horizon_ms: From the row's opening until its label is final.
        prior: Probability before anything is learnt.
        warmup: Rows that fix the learner's bins; until then nothing of it is served.

    Source:
        Ktena et al. (2019), "Addressing Delayed Feedback for Continuous Training with Neural
        Networks in CTR Prediction", RecSys, for fake negatives; we undo instead of weighting.
    """

    label_name: LabelName
    kind: Literal["fake_negative", "wait"]
    horizon_ms: int
    prior: float
    warmup: int


DRAWN_30D = LabelPolicy(
    label_name="drawn_30d", kind="fake_negative", horizon_ms=30 * DAY_MS, prior=0.02, warmup=200
)
"""A loan is drawn within 30 days: rare, so every row starts as a "no"."""

DPD30 = LabelPolicy(label_name="dpd30", kind="wait", horizon_ms=120 * DAY_MS, prior=0.03, warmup=50)
"""An instalment is 30 days late within 120 days: nothing is learnt before that is known.

The prior lies in the middle band (2.5 to 5 %), in which no one is approved without a person.
Loans are few and known late, so fifty of them must do for the bins.
"""
