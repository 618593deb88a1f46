"""Online models behind score and learn; the only room that knows River.

`Learner` turns examples into snapshots; `load_scorer` turns a snapshot into a `Scorer`, which
never learns. `LinearLearner` and `RiverChallenger` are the models that learn.
"""

from models.errors import CheckpointError, ModelError, RowError, SnapshotError
from models.labels import DPD30, DRAWN_30D, LabelPolicy
from models.learner import Learner, SnapshotRule
from models.linear import LinearLearner
from models.online import OnlineModel
from models.progress import Progress, auc_of
from models.river_challenger import RiverChallenger
from models.rows import (
    PROPENSITY,
    PROPENSITY_FEATURES,
    RISK,
    RISK_FEATURES,
    Row,
    RowSchema,
    to_hex,
)
from models.scorer import (
    SCHEMAS,
    ConstantScorer,
    LinearScorer,
    Scorer,
    fallback,
    load_scorer,
    model_id_of,
)

__all__ = [
    "DPD30",
    "DRAWN_30D",
    "PROPENSITY",
    "PROPENSITY_FEATURES",
    "RISK",
    "RISK_FEATURES",
    "SCHEMAS",
    "CheckpointError",
    "ConstantScorer",
    "LabelPolicy",
    "Learner",
    "LinearLearner",
    "LinearScorer",
    "ModelError",
    "OnlineModel",
    "Progress",
    "RiverChallenger",
    "Row",
    "RowError",
    "RowSchema",
    "Scorer",
    "SnapshotError",
    "SnapshotRule",
    "auc_of",
    "fallback",
    "load_scorer",
    "model_id_of",
    "to_hex",
]
