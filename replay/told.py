"""Neighbour signals in a replay: whether each one in a journal was caused by an entry of one."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contracts.journal import Entry
from contracts.topics import Topic
from engine.outputs import Output


@dataclass(slots=True)
class Told:
    """The signals that one partition's fold made, and those that its journal holds.

    Both by eight bytes of a hash over all that a signal says; `heard` with the entry's number.
    """

    partition: int
    made: set[int] = field(default_factory=set)
    heard: dict[int, int] = field(default_factory=dict)

    def listening(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries as they come, and note the signals among them."""
        for entry in entries:
            if entry.topic is Topic.NEIGHBOUR_SIGNALS:
                self.heard.setdefault(_hash(entry.value), entry.seq)
            yield entry

    def note(self, output: Output) -> None:
        """Note a signal that the fold makes; anything else is nothing to us."""
        if output.topic is Topic.NEIGHBOUR_SIGNALS and not output.everywhere:
            self.made.add(_hash(output.value))


def unexplained(all_told: Iterable[Told]) -> tuple[int, list[tuple[int, int]]]:
    """Return how many signals the journals hold, and (partition, seq) of those nobody caused.

    A signal that was made and is in no journal is on its way still: that is no finding.
    """
    parts = list(all_told)
    made = {signal for part in parts for signal in part.made}
    strays = [
        (part.partition, seq)
        for part in parts
        for signal, seq in part.heard.items()
        if signal not in made
    ]
    return sum(len(part.heard) for part in parts), sorted(strays)


def _hash(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "little")
