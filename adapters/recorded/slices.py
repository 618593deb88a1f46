"""The members of a JSON object as raw bytes, even where a member's value is not valid JSON."""

import re

_SPACE = b" \t\r\n"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^,{}\[\]\"\s]+")
_OPEN, _CLOSE = b"{[", b"}]"


def top_level_slices(line: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Return each member's name and the exact bytes of its value, and what was left unread.

    A lexer, not a parser: it matches brackets and strings and checks nothing else, so that a value
    with `NaN`, a wrong number or ten thousand brackets comes out as it went in. It needs no
    recursion. A value that never ends (the line was cut) is everything up to the line's end.
    What is left is `}` for a whole object, nothing for a cut one, and else the bytes from the first
    place that makes no sense.

    >>> top_level_slices(b'{"key": "c-1", "value": {"amount_minor": NaN, "tags": ["}"]}}')
    ({b'key': b'"c-1"', b'value': b'{"amount_minor": NaN, "tags": ["}"]}'}, b'}')
    >>> top_level_slices(b'{"key": "c-1", "value": {"cut": [1, 2')
    ({b'key': b'"c-1"', b'value': b'{"cut": [1, 2'}, b'')
    >>> top_level_slices(b"not an object")
    ({}, b'not an object')
    """
    members: dict[bytes, bytes] = {}
    at = _skip(line, 0, _SPACE)
    if line[at : at + 1] != b"{":
        return members, line[at:]
    at += 1
    while True:
        at = _skip(line, at, _SPACE + b",")
        name = _STRING.match(line, at)
        if name is None:
            return members, line[at:]
        at = _skip(line, name.end(), _SPACE)
        if line[at : at + 1] != b":":
            return members, line[at:]
        start = _skip(line, at + 1, _SPACE)
        at = _end_of_value(line, start)
        members[name.group()[1:-1]] = line[start:at]


def _skip(line: bytes, at: int, these: bytes) -> int:
    while at < len(line) and line[at] in these:
        at += 1
    return at


def _end_of_value(line: bytes, at: int) -> int:
    depth = 0
    while at < len(line):
        byte = line[at]
        if byte in _OPEN:
            depth, at = depth + 1, at + 1
        elif byte in _CLOSE:
            if depth == 0:
                return at
            depth, at = depth - 1, at + 1
        elif token := _STRING.match(line, at) or _SCALAR.match(line, at):
            at = token.end()
        elif byte == ord('"'):
            return len(line)
        elif depth == 0:
            return at
        else:
            at += 1
            continue
        if depth == 0:
            return at
    return at
