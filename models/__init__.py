"""Online models behind score and learn; the only room that knows River.

`Learner` turns examples into snapshots; `load_scorer` turns a snapshot into a `Scorer`, which
never learns. `LinearLearner` and `RiverChallenger` are the models that learn.

What learns is imported when it is first asked for: a process that only scores does not load
River, which takes longer to import and more memory than everything else here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.anomaly import AnomalyScorer, load_anomaly, segment_of
from models.calibration import Calibration, LogOddsLine
from models.encoding import Encoding
from models.errors import CheckpointError, ModelError, RowError, SnapshotError
from models.features_of import FEATURES_OF, ROW, USE_OF, checked_features
from models.labels import DPD30_MOB3, DRAWN_30D, POLICIES, LabelPolicy
from models.monotone import RISK_DIRECTIONS
from models.online import OnlineModel
from models.panel import Panel
from models.profile import Unusual, is_due, learnt, unusual, z_row
from models.progress import Progress, auc_of
from models.rows import Row, RowSchema, to_hex
from models.scorer import (
    ConstantScorer,
    LinearScorer,
    Scorer,
    fallback,
    load_scorer,
    model_id_of,
)
from models.uplift_scorer import UpliftScorer, load_uplift

if TYPE_CHECKING:
    from models.learner import Learner, SnapshotRule
    from models.linear import LinearLearner
    from models.river_challenger import RiverChallenger
    from models.river_tree import RiverTree

__all__ = [
    "DPD30_MOB3",
    "DRAWN_30D",
    "FEATURES_OF",
    "POLICIES",
    "RISK_DIRECTIONS",
    "ROW",
    "USE_OF",
    "AnomalyScorer",
    "Calibration",
    "CheckpointError",
    "ConstantScorer",
    "Encoding",
    "LabelPolicy",
    "Learner",
    "LinearLearner",
    "LinearScorer",
    "LogOddsLine",
    "ModelError",
    "OnlineModel",
    "Panel",
    "Progress",
    "RiverChallenger",
    "RiverTree",
    "Row",
    "RowError",
    "RowSchema",
    "Scorer",
    "SnapshotError",
    "SnapshotRule",
    "Unusual",
    "UpliftScorer",
    "auc_of",
    "checked_features",
    "fallback",
    "is_due",
    "learnt",
    "load_anomaly",
    "load_scorer",
    "load_uplift",
    "model_id_of",
    "segment_of",
    "to_hex",
    "unusual",
    "z_row",
]

_LEARNS = {
    "Learner": "models.learner",
    "LinearLearner": "models.linear",
    "RiverChallenger": "models.river_challenger",
    "RiverTree": "models.river_tree",
    "SnapshotRule": "models.learner",
}


def __getattr__(name: str) -> Any:  # Any: a class of one of the modules above
    if name not in _LEARNS:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return getattr(import_module(_LEARNS[name]), name)


def __dir__() -> list[str]:
    return __all__
