"""All subjects of one partition: decoded when needed, indexed by timer, written when changed."""

import heapq
from collections.abc import Iterator
from typing import Protocol

from engine.codec import decode_subject, encode_subject, peek_due_ms
from engine.subject import NEVER_MS, SubjectState


class Subjects(Protocol):
    """What `fold` needs of a store of subjects."""

    def get(self, subject_id: str) -> SubjectState:
        """Return the subject, new where nobody knew it; it counts as changed from now on."""

    def next_due(self) -> tuple[int, str] | None:
        """Return (due_ms, subject_id) of the earliest timer; ties by subject id."""

    def settle(self, subject_id: str) -> None:
        """Take note of the subject's timers after a step."""


class MemorySubjects:
    """Subjects in memory: states arrive encoded, are decoded when first needed, leave encoded.

    >>> subjects = MemorySubjects()
    >>> subjects.get("c-1").timers["label:r-1"] = 40
    >>> subjects.settle("c-1")
    >>> subjects.next_due()
    (40, 'c-1')
    >>> sorted(subjects.take_changed()), sorted(subjects.take_changed())
    (['c-1'], [])
    """

    def __init__(self) -> None:
        self._raw: dict[str, bytes] = {}
        self._live: dict[str, SubjectState] = {}
        self._changed: set[str] = set()
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._raw) + len(self._live)  # a subject is in one of them

    @property
    def changed(self) -> int:
        """How many subjects changed since they were last taken."""
        return len(self._changed)

    def load(self, subject_id: str, raw: bytes) -> None:
        """Take a stored state in; it does not count as changed."""
        self._raw[subject_id] = raw
        self._live.pop(subject_id, None)
        self._index(subject_id, peek_due_ms(raw))

    def get(self, subject_id: str) -> SubjectState:
        """Return the subject, new where nobody knew it; it counts as changed from now on."""
        state = self._live.get(subject_id)
        if state is None:
            raw = self._raw.pop(subject_id, None)
            state = SubjectState() if raw is None else decode_subject(raw)
            self._live[subject_id] = state
        self._changed.add(subject_id)
        return state

    def next_due(self) -> tuple[int, str] | None:
        """Return (due_ms, subject_id) of the earliest timer; ties by subject id."""
        while self._heap:
            due_ms, subject_id = self._heap[0]
            if self._due.get(subject_id) == due_ms:
                return due_ms, subject_id
            heapq.heappop(self._heap)
        return None

    def settle(self, subject_id: str) -> None:
        """Take note of the subject's timers after a step."""
        self._index(subject_id, self._live[subject_id].next_due_ms())

    def take_changed(self) -> dict[str, bytes]:
        """Return every state changed since the last call, encoded; the list starts anew."""
        changed = {name: encode_subject(self._live[name]) for name in sorted(self._changed)}
        self._changed.clear()
        return changed

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield every subject with its encoded state, in order of id."""
        for name in sorted(self._raw.keys() | self._live.keys()):
            live = self._live.get(name)
            yield name, self._raw[name] if live is None else encode_subject(live)

    def _index(self, subject_id: str, due_ms: int) -> None:
        if self._due.get(subject_id, NEVER_MS) == due_ms:
            return
        if due_ms == NEVER_MS:
            self._due.pop(subject_id, None)
            return
        self._due[subject_id] = due_ms
        heapq.heappush(self._heap, (due_ms, subject_id))
