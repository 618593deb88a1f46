"""Exact event-time windows: what is counted, over which events, and the log that can tell.

Every window is read as (at - W, at] over occurrence times, of all events known at that moment.
"""

from features.catalogue import CATALOGUE, NAMES, permitted_use
from features.definitions import Feature, Formula, Window
from features.describe import describe
from features.errors import CatalogueError, ClockError, FeatureError, FieldError, LayoutError
from features.from_events import log_events
from features.log import (
    LOG_CAP,
    Step,
    is_capped,
    read,
    record_count,
    update,
    update_and_read,
    update_and_read_many,
)
from features.log_event import LogEvent
from features.plan import EMPTY, PLAN, PLAN_HASH, SCHEMA_HASH
from features.slow import SlowLog
from features.training_frame import Asked, FrameRow, KnownEvent, training_frame

__all__ = [
    "CATALOGUE",
    "EMPTY",
    "LOG_CAP",
    "NAMES",
    "PLAN",
    "PLAN_HASH",
    "SCHEMA_HASH",
    "Asked",
    "CatalogueError",
    "ClockError",
    "Feature",
    "FeatureError",
    "FieldError",
    "Formula",
    "FrameRow",
    "KnownEvent",
    "LayoutError",
    "LogEvent",
    "SlowLog",
    "Step",
    "Window",
    "describe",
    "is_capped",
    "log_events",
    "permitted_use",
    "read",
    "record_count",
    "training_frame",
    "update",
    "update_and_read",
    "update_and_read_many",
]
