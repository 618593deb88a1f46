"""The changelog of the states as a reader follows it: subjects, held until it says where they are.

A transaction of `decide` carries the changed subjects, then the partition's own part, then the mark
"states stand at S". Only with the mark is it known when a state was.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from engine.partition import PartitionFacts
from streams.state_log import Mark, mark_key, part_key

_SUBJECT = b"s/"
_PARTITION = part_key("partition")
_STATES = mark_key("states")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedState:
    """A subject's encoded state, and the coordinate behind which it stood."""

    subject_id: str
    raw: bytes
    seq: int
    at_ms: int


class ChangedStates:
    """Follows one partition of the changelog; of a subject's states only the newest is given.

    >>> from streams.state_log import subject_key
    >>> changed = ChangedStates()
    >>> part = msgspec.json.encode(PartitionFacts(partition=0, seq=7, clock_ms=90))
    >>> mark = Mark(seq=7, journal_offset=9, build="b").encode()
    >>> records = [(subject_key("c-1"), b"old"), (subject_key("c-1"), b"new")]
    >>> [changed.take(*record) for record in [*records, (_PARTITION, part), (_STATES, mark)]]
    [False, False, False, True]
    >>> [(state.subject_id, state.raw, state.seq, state.at_ms) for state in changed.drain()]
    [('c-1', b'new', 7, 90)]
    """

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self._stands: dict[str, ChangedState] = {}
        self._facts: PartitionFacts | None = None

    @property
    def is_between(self) -> bool:
        """Whether subjects are held whose mark has not come yet."""
        return bool(self._held)

    def take(self, key: bytes, value: bytes | None) -> bool:
        """Take one record in; tell whether all that came so far stands somewhere now."""
        if key.startswith(_SUBJECT):
            if value is not None:
                self._held[key[len(_SUBJECT) :].decode()] = value
            return False
        if key == _PARTITION and value is not None:
            self._facts = msgspec.json.decode(value, type=PartitionFacts)
        if key != _STATES or value is None:
            return False
        facts = self._facts
        # Compaction may take one of the two away before the other: the next pair counts.
        if facts is None or facts.seq != msgspec.json.decode(value, type=Mark).seq:
            return False
        for subject_id, raw in self._held.items():
            self._stands[subject_id] = ChangedState(
                subject_id=subject_id, raw=raw, seq=facts.seq, at_ms=facts.clock_ms
            )
        self._held.clear()
        return True

    def drain(self) -> Iterator[ChangedState]:
        """Yield every state that stands somewhere, and forget it."""
        stands, self._stands = self._stands, {}
        yield from stands.values()

    def forget(self) -> None:
        """Begin anew: what was not written comes again."""
        self._held.clear()
        self._stands.clear()
