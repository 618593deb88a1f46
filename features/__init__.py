"""Exact event-time windows: what is counted, over which events, and the log that can tell.

Every window is read as (at - W, at] over occurrence times, of all events known at that moment.
"""

from features.catalogue import BY_NAME, CATALOGUE, LOG_NAMES, NAMES, permitted_use
from features.catalogue_relations import RELATED
from features.definitions import Feature, Formula, Window
from features.describe import describe
from features.errors import CatalogueError, ClockError, FeatureError, FieldError, LayoutError
from features.from_events import log_events
from features.log import (
    LOG_CAP,
    Step,
    current,
    horizon_ms,
    is_by_date,
    is_capped,
    is_cut,
    lost_reversals,
    read,
    record_count,
    update,
    update_and_read,
)
from features.log_batch import BatchStep, update_and_read_many
from features.log_event import LogEvent
from features.plan import EMPTY, PLAN, PLAN_HASH
from features.relations import Relations
from features.schema import SCHEMA_HASH
from features.slow import SlowLog
from features.slow_state import SlowState
from features.state import FeatureState, HoldsFeatures, look, note, take
from features.training_frame import Asked, FrameRow, KnownEvent, training_frame

__all__ = [
    "BY_NAME",
    "CATALOGUE",
    "EMPTY",
    "LOG_CAP",
    "LOG_NAMES",
    "NAMES",
    "PLAN",
    "PLAN_HASH",
    "RELATED",
    "SCHEMA_HASH",
    "Asked",
    "BatchStep",
    "CatalogueError",
    "ClockError",
    "Feature",
    "FeatureError",
    "FeatureState",
    "FieldError",
    "Formula",
    "FrameRow",
    "HoldsFeatures",
    "KnownEvent",
    "LayoutError",
    "LogEvent",
    "Relations",
    "SlowLog",
    "SlowState",
    "Step",
    "Window",
    "current",
    "describe",
    "horizon_ms",
    "is_by_date",
    "is_capped",
    "is_cut",
    "log_events",
    "look",
    "lost_reversals",
    "note",
    "permitted_use",
    "read",
    "record_count",
    "take",
    "training_frame",
    "update",
    "update_and_read",
    "update_and_read_many",
]
