"""States to bytes and back: a layout version, the next due time, a checksum, MessagePack."""

import struct
import zlib

import msgspec

from engine.subject import LAYOUT, StateError, SubjectState

_HEAD = struct.Struct("<HqI")
"""Layout version, next due time (so that a timer index needs no decoding), checksum."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SubjectState).decode


def encode_subject(state: SubjectState) -> bytes:
    """Return the subject's one bytes value.

    >>> decode_subject(encode_subject(SubjectState(entries=3))).entries
    3
    """
    body = _encode(state)
    return _HEAD.pack(LAYOUT, state.next_due_ms(), zlib.crc32(body)) + body


def decode_subject(raw: bytes) -> SubjectState:
    """Return the subject in `raw`.

    Raises:
        StateError: the layout is unknown, or the bytes are not those that were written.
    """
    if len(raw) < _HEAD.size:
        raise StateError(f"a subject's state needs at least {_HEAD.size} bytes; got {len(raw)}")
    layout, _, crc = _HEAD.unpack_from(raw)
    body = raw[_HEAD.size :]
    if layout != LAYOUT:
        raise StateError(
            f"a subject's state needs layout {LAYOUT}; got {layout}. "
            "Fold the journal again with this version, or go back to the one that wrote it."
        )
    if crc != zlib.crc32(body):
        raise StateError(
            "a subject's state fails its checksum: the bytes are not those that were written. "
            "Drop it and fold the journal again."
        )
    return _decode(body)


def peek_due_ms(raw: bytes) -> int:
    """Return a stored subject's next due time without decoding it.

    >>> peek_due_ms(encode_subject(SubjectState(timers={"label:r": 12})))
    12
    """
    due_ms: int = _HEAD.unpack_from(raw)[1]
    return due_ms
