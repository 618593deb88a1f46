"""What the command line says instead of a traceback.

ShouwenError
├── SettingsError   a setting is unknown, unreadable or out of range
└── StuckError      a run makes no progress
"""

import sys

__all__ = ["SettingsError", "ShouwenError", "StuckError", "is_for_people"]

_FOR_PEOPLE = (
    "shouwen.errors:ShouwenError",
    "adapters.errors:AdapterError",
    "replay.errors:ReplayError",
    "streams.errors:StreamsError",
    "contracts.journal:JournalError",
    "strategies:StrategyFileError",
    "confluent_kafka:KafkaException",
    "kafka.errors:KafkaError",
    "redis.exceptions:RedisError",
)
"""The base errors whose text is written for the person at the terminal: module and class.

Each room has its own tree, and a room cannot import this one: a room's base is listed here.
Anything else that is raised is a bug, and keeps its traceback.
"""


class ShouwenError(Exception):
    """Base of every error raised by `shouwen`; its text is for the person at the terminal."""


class SettingsError(ShouwenError):
    """A setting is unknown, unreadable or out of range."""


class StuckError(ShouwenError):
    """A run makes no progress: its workers or its broker stand still."""


def is_for_people(error: BaseException) -> bool:
    """Tell whether the error's text is enough, or its traceback is needed.

    Nothing is imported to find out: a module that is not loaded has raised nothing.

    >>> is_for_people(SettingsError("SHOUWEN_PARTITIONS needs a whole number"))
    True
    >>> is_for_people(ZeroDivisionError())
    False
    """
    for name in _FOR_PEOPLE:
        module, _, attribute = name.partition(":")
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], attribute)):
            return True
    return False
