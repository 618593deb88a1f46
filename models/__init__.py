"""Online models behind score and learn; the only room that knows River.

`Learner` turns examples into snapshots; `load_scorer` turns a snapshot into a `Scorer`, which
never learns. `LinearLearner` and `RiverChallenger` are the models that learn.

What learns is imported when it is first asked for: a process that only scores does not load
River, which takes longer to import and more memory than everything else here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.errors import CheckpointError, ModelError, RowError, SnapshotError
from models.features_of import FEATURES_OF, ROW, USE_OF, checked_features
from models.labels import DPD30_MOB3, DRAWN_30D, POLICIES, LabelPolicy
from models.online import OnlineModel
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

if TYPE_CHECKING:
    from models.learner import Learner, SnapshotRule
    from models.linear import LinearLearner
    from models.river_challenger import RiverChallenger

__all__ = [
    "DPD30_MOB3",
    "DRAWN_30D",
    "FEATURES_OF",
    "POLICIES",
    "ROW",
    "USE_OF",
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
    "checked_features",
    "fallback",
    "load_scorer",
    "model_id_of",
    "to_hex",
]

_LEARNS = {
    "Learner": "models.learner",
    "LinearLearner": "models.linear",
    "RiverChallenger": "models.river_challenger",
    "SnapshotRule": "models.learner",
}


def __getattr__(name: str) -> Any:  # Any: a class of one of the modules above
    if name not in _LEARNS:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return getattr(import_module(_LEARNS[name]), name)


def __dir__() -> list[str]:
    return __all__
