"""Where two records of the same thing first say something else, in the order of their contract."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of a record: its dotted path, and what each side says there."""

    field: str
    live: str
    replayed: str


def differences(live: Any, replayed: Any, *, path: str = "") -> Iterator[Difference]:
    """Yield every place where two JSON values differ, in the order of the first one.

    Text is compared as text, so one unit in the last place of a float in hex is a difference.

    >>> a = {"seq": 7, "features": {"x": "0x1.0p+0", "y": "nan"}}
    >>> b = {"seq": 7, "features": {"x": "0x1.0000000000001p+0", "y": "nan"}}
    >>> list(differences(a, b))
    [Difference(field='features.x', live='0x1.0p+0', replayed='0x1.0000000000001p+0')]
    """
    match live, replayed:
        case Mapping(), Mapping():
            for name in [*live, *(name for name in replayed if name not in live)]:
                yield from differences(
                    live.get(name, ABSENT),
                    replayed.get(name, ABSENT),
                    path=f"{path}.{name}" if path else name,
                )
        case list(), list():
            yield from _of_lists(live, replayed, path)
        case _ if live != replayed or type(live) is not type(replayed):
            yield Difference(path, _short(live), _short(replayed))


def _of_lists(live: Sequence[Any], replayed: Sequence[Any], path: str) -> Iterator[Difference]:
    for place in range(max(len(live), len(replayed))):
        yield from differences(
            live[place] if place < len(live) else ABSENT,
            replayed[place] if place < len(replayed) else ABSENT,
            path=f"{path}[{place}]",
        )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."  # noqa: PLR2004 - a line on a screen
