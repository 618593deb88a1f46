"""`decide-state.v1`: how a partition's state lies in its changelog, and how it is read back."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from streams.changelog import read_to_end
from streams.errors import ChangelogError

MarkName = Literal["outputs", "states"]
_SUBJECT, _PART, _MARK = b"s/", b"p/", b"m/"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far something stands: a journal number, where that record is, and who made it.

    `outputs`: everything that entries up to `seq` caused is published. `states`: the subjects and
    the partition in the changelog are those behind entry `seq`.

    >>> Mark(seq=4, journal_offset=9, build="b-1").encode()
    b'{"seq":4,"journal_offset":9,"build":"b-1"}'
    """

    seq: int
    journal_offset: int
    build: str

    def encode(self) -> bytes:
        """Return the value of the record."""
        return msgspec.json.encode(self)


NOTHING = Mark(seq=-1, journal_offset=-1, build="")


@dataclass(slots=True)
class StoredState:
    """What a changelog says about one partition."""

    subjects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    marks: dict[MarkName, Mark] = field(default_factory=dict)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Apply one record; no value takes the thing away.

        Raises:
            ChangelogError: the key is none of ours.
        """
        kind, name = key[:2], key[2:].decode()
        if kind == _MARK and name in {"outputs", "states"} and value:
            mark = msgspec.json.decode(value, type=Mark)
            self.marks["outputs" if name == "outputs" else "states"] = mark
            return
        if kind not in {_SUBJECT, _PART}:
            raise ChangelogError(
                f"the changelog of the state needs keys of its own; got {key[:2]!r}. "
                "Only `decide` may write decide-state.v1."
            )
        kept = self.subjects if kind == _SUBJECT else self.parts
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value

    def mark(self, name: MarkName) -> Mark:
        """Return a mark, or the one that says that nothing was ever done."""
        return self.marks.get(name, NOTHING)


def subject_key(subject_id: str) -> bytes:
    """Return the key of a subject's state."""
    return _SUBJECT + subject_id.encode()


def part_key(name: str) -> bytes:
    """Return the key of a part of the partition's state."""
    return _PART + name.encode()


def mark_key(name: MarkName) -> bytes:
    """Return the key of a mark."""
    return _MARK + name.encode()


def read_state(bootstrap: str, topic: str, partition: int) -> StoredState:
    """Read a partition's changelog to its end.

    Raises:
        ChangelogError: it was not read to its end, or a record is not ours.
    """
    stored = StoredState()
    for records in read_to_end(bootstrap, topic, partition):
        for record in records:
            key = record.key()
            stored.put(key if key is not None else b"", record.value())
    return stored
