"""States to bytes and back: a layout version, the next due time, a checksum, MessagePack."""

import struct
import zlib

import msgspec

from engine.event_ids import upgraded
from engine.subject import LAYOUT, StateError, SubjectState
from features import current

_HEAD = struct.Struct("<HqI")
"""Layout version, next due time (so that a timer index needs no decoding), checksum."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SubjectState).decode
_decode_log = msgspec.msgpack.Decoder(bytes).decode
_decode_ids = msgspec.msgpack.Decoder(dict[str, tuple[int, bytes]]).decode
_LOG, _EVENT_IDS = 1, 2
"""Places in a state of layout 1."""


def encode_subject(state: SubjectState) -> bytes:
    """Return the subject's one bytes value.

    >>> decode_subject(encode_subject(SubjectState(entries=3))).entries
    3
    """
    body = _encode(state)
    return _HEAD.pack(LAYOUT, state.next_due_ms(), zlib.crc32(body)) + body


def decode_subject(raw: bytes) -> SubjectState:
    """Return the subject in `raw`.

    A state of the layout before is read too, and written in this one when it next changes.

    Raises:
        StateError: the layout is unknown, or the bytes are not those that were written.
    """
    if len(raw) < _HEAD.size:
        raise StateError(f"a subject's state needs at least {_HEAD.size} bytes; got {len(raw)}")
    layout, _, crc = _HEAD.unpack_from(raw)
    body = raw[_HEAD.size :]
    if layout not in {LAYOUT, LAYOUT - 1}:
        raise StateError(
            f"a subject's state needs layout {LAYOUT} or the one before; got {layout}. "
            "Fold the journal again with this version, or go back to the one that wrote it."
        )
    if crc != zlib.crc32(body):
        raise StateError(
            "a subject's state fails its checksum: the bytes are not those that were written. "
            "Drop it and fold the journal again."
        )
    return _decode(body if layout == LAYOUT else _upgraded(body))


def _upgraded(body: bytes) -> bytes:
    """Return a body of layout 1 in layout 2: ids by hash, the log in its own present layout."""
    fields = msgspec.msgpack.decode(body, type=list[msgspec.Raw])
    if len(fields) > _LOG:
        fields[_LOG] = msgspec.Raw(_encode(current(_decode_log(fields[_LOG]))))
    if len(fields) > _EVENT_IDS:
        fields[_EVENT_IDS] = msgspec.Raw(_encode(upgraded(_decode_ids(fields[_EVENT_IDS]))))
    return _encode(fields)


def peek_due_ms(raw: bytes) -> int:
    """Return a stored subject's next due time without decoding it.

    >>> peek_due_ms(encode_subject(SubjectState(timers={"label:r": 12})))
    12
    """
    due_ms: int = _HEAD.unpack_from(raw)[1]
    return due_ms
