"""Every event that a source topic carries, as its class."""

from typing import Any, get_args

from pydantic import BaseModel

from contracts.decode import SourceEvent


def event_classes() -> list[Any]:
    """Return the classes of source events, by name.

    >>> [contract.__name__ for contract in event_classes()][:2]
    ['ApplicationStage', 'ApplyProgressed']
    """
    found: set[type[BaseModel]] = set()

    def walk(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.add(kind)
        for part in get_args(kind):
            walk(part)

    walk(SourceEvent)
    return sorted(found, key=lambda contract: contract.__name__)
