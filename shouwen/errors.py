"""What the command line says instead of a traceback.

ShouwenError
├── SettingsError   a setting is unknown, unreadable or out of range
└── StuckError      a run makes no progress
"""

import errno
import sys

__all__ = ["SettingsError", "ShouwenError", "StuckError", "is_for_people", "the_disk_refuses"]

_FOR_PEOPLE = (
    "shouwen.errors:ShouwenError",
    "adapters.errors:AdapterError",
    "replay.errors:ReplayError",
    "streams.errors:StreamsError",
    "contracts.journal:JournalError",
    "features.errors:CatalogueError",
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


def the_disk_refuses(error: BaseException) -> str | None:
    """Return a sentence about a file that may not be used, or a disk that is full; else nothing.

    >>> the_disk_refuses(PermissionError(13, "Permission denied", "var"))
    "the command needs 'var'; got Permission denied. Give it the right, or name another place."
    >>> the_disk_refuses(PermissionError(1, "Operation not permitted")) is None  # of no file
    True
    """
    if not isinstance(error, OSError) or error.filename is None:
        return None
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            advice = "Give it the right, or name another place."
        case errno.ENOSPC | errno.EDQUOT:
            advice = "Make room, or name another place."
        case _:
            return None
    return f"the command needs {str(error.filename)!r}; got {error.strerror}. {advice}"
