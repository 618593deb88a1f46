"""When a label teaches: the policies for outcomes that take weeks to be known."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from contracts.examples import LabelName, RowKind

DAY_MS = 86_400_000

Teaches = Literal["fake_negative", "as_arrives", "wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """How the learner treats a label that comes late.

    `fake_negative`: a row teaches "no" when it is opened; if it comes true, that step is undone
    and "yes" is learnt. Fresh, and right after one horizon; meant for rare positives.
    `as_arrives`: a positive teaches when it comes, a negative when its time is over. Meant for
    horizons so short that nobody is misled by the days in which only positives are known.
    `wait`: a row teaches once, when its horizon is over, whatever it became and whenever. Learning
    positives as they come and negatives at the end would overestimate many times over at every
    start, so a positive waits for its horizon too.

    Measures are taken at the horizon in all of them, so that positives, which come early, do not
    look more frequent than they are.

    Args:
        label_name: The label (docs/domain.md, "Feedback and labels").
        row_kind: The rows that this head learns it from.
        kind: `fake_negative`, `as_arrives` or `wait`.
        horizon_ms: From the row's opening until its label is final.
        prior: Probability before anything is learnt.
        warmup: Rows that fix the learner's bins; until then nothing of it is served.
        serves: Whether its snapshots travel to decisions; one that does not is only measured.
        is_risk: Whether it moves credit decisions, and so serves only what people approved.

    Source:
        Ktena et al. (2019), "Addressing Delayed Feedback for Continuous Training with Neural
        Networks in CTR Prediction", RecSys, for fake negatives; we undo instead of weighting.
        Badanidiyuru et al. (2021), "Handling many conversions per click in modeling delayed
        feedback", arXiv 2101.02284, for labels in buckets of maturity.
    """

    label_name: LabelName
    row_kind: RowKind
    kind: Teaches
    horizon_ms: int
    prior: float
    warmup: int = 200
    serves: bool = True
    is_risk: bool = False


DRAWN_30D = LabelPolicy(
    label_name="drawn_30d", row_kind="week", kind="fake_negative", horizon_ms=30 * DAY_MS,
    prior=0.02,
)  # fmt: skip
"""A loan is drawn within 30 days: rare, so every row starts as a "no"."""

APPLIED_14D = LabelPolicy(
    label_name="applied_14d", row_kind="week", kind="fake_negative", horizon_ms=14 * DAY_MS,
    prior=0.04,
)  # fmt: skip
"""An application is filed within 14 days."""

ENGAGED_3D = LabelPolicy(
    label_name="engaged_3d", row_kind="contact", kind="as_arrives", horizon_ms=3 * DAY_MS,
    prior=0.15,
)  # fmt: skip
"""A contacted customer opens, clicks, replies, accepts, comes or begins to apply in 3 days."""

RETAINED_FLOW_30D = LabelPolicy(
    label_name="retained_flow_30d", row_kind="week", kind="wait", horizon_ms=30 * DAY_MS,
    prior=0.6, serves=False,
)  # fmt: skip
"""Half of the balance is still with us 30 days later; known only then, so it waits."""

COMPLAINT_30D = LabelPolicy(
    label_name="complaint_30d", row_kind="contact", kind="fake_negative", horizon_ms=30 * DAY_MS,
    prior=0.005, serves=False,
)  # fmt: skip
"""The customer complains within 30 days of a contact, or of being left alone."""

DPD30_MOB3 = LabelPolicy(
    label_name="dpd30_mob3", row_kind="loan", kind="wait", horizon_ms=120 * DAY_MS,
    prior=0.03, warmup=50, is_risk=True,
)  # fmt: skip
"""One of the first three instalments is 30 days late: nothing is learnt before that is known.

The prior lies in the middle band (2.5 to 5 %), in which no one is approved without a person.
Loans are few and known late, so fifty of them must do for the bins.
"""

DPD90_AFTER_DPD30 = LabelPolicy(
    label_name="dpd90_after_dpd30", row_kind="loan", kind="wait", horizon_ms=210 * DAY_MS,
    prior=0.4, warmup=50, is_risk=True,
)  # fmt: skip
"""A loan that was 30 days late by then is 90 days late 90 days after that: the second bucket."""

POLICIES: Mapping[LabelName, LabelPolicy] = MappingProxyType({
    policy.label_name: policy
    for policy in (
        DRAWN_30D, APPLIED_14D, ENGAGED_3D, RETAINED_FLOW_30D, COMPLAINT_30D,
        DPD30_MOB3, DPD90_AFTER_DPD30,
    )
})  # fmt: skip
"""Every label with its policy, in the order in which heads are taught."""
