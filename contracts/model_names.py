"""What a model is called: after what it answers."""

from typing import Literal

LabelName = Literal[
    "drawn_30d",
    "applied_14d",
    "engaged_3d",
    "retained_flow_30d",
    "complaint_30d",
    "dpd30_mob3",
    "dpd90_after_dpd30",
]
"""What is asked of a row (docs/domain.md, "Feedback and labels")."""

ModelName = Literal[LabelName, "uplift_30d", "anomaly", "dpd30"]
"""What a model answers: a label, the effect of a contact, or how unusual a customer is.

`dpd30` is `dpd30_mob3` as older snapshots called it; it is read, and never scores again.
"""
