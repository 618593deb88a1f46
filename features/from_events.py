"""From a source event to the lines of a log: when it counts, and what it corrects.

What an event adds is the table of `features.parts`.
"""

from typing import Final

from contracts.decode import SourceEvent
from contracts.envelope import Envelope
from features.kinds import CODES
from features.log_event import ADD, CLAMP_MS, CORRECTION, REVERSAL, LogEvent, hash63
from features.parts import parts_of
from features.plan import PLAN

UNNAMED: Final = "unnamed"


def log_events(event: SourceEvent, at_ms: int) -> tuple[LogEvent, ...]:
    """Return what a log remembers of an event that the bank knew at `at_ms` (epoch ms UTC).

    An occurrence later than `at_ms` is taken as `at_ms`: a clock up to five minutes ahead is not
    worth losing an event for, and what is further ahead never gets here. A correction that does
    not say when the corrected event occurred restates that time: its own is taken. A reference to
    an occurrence more than five minutes ahead names no event that was ever accepted: it is left
    out, and the rest of a correction counts as an event of its own.

    >>> from contracts.decode import decode
    >>> from contracts.topics import Topic
    >>> posting = decode(
    ...     Topic.TRANSACTIONS,
    ...     b'{"event_type": "transaction_posted", "event_id": "e-1", "occurred_at_ms": 7,'
    ...     b' "customer_id": "c-1", "txn_id": "t-1", "account_id_hash": "a-1", "direction": "in",'
    ...     b' "amount_minor": 1250, "currency": "CNY", "balance_after_minor": 9000}',
    ... )
    >>> [(line.kind == CODES["other_in"], line.amount_minor) for line in log_events(posting, 7)]
    [(True, 1250), (False, 9000)]
    """
    occurred_ms = min(event.occurred_at_ms, at_ms)
    op, ref_ms, ref = _reference(event, at_ms)
    parts = () if op == REVERSAL else parts_of(event)
    id_hash = hash63(event.event_id)
    lines = [
        LogEvent(
            occurred_ms,
            CODES[kind],
            hash63(key or UNNAMED) if CODES[kind] in PLAN.keyed else 0,
            amount_minor,
            id_hash,
            ADD,
            0,
            0,
            min(event.occurred_at_ms, occurred_ms + CLAMP_MS),
        )
        for kind, amount_minor, key in parts
    ]
    if op == ADD or ref_ms < 0:
        return tuple(lines)
    if not lines:
        return (LogEvent(occurred_ms, 0, 0, 0, id_hash, REVERSAL, ref_ms, ref, occurred_ms),)
    lines[0] = lines[0]._replace(op=CORRECTION, ref_at_ms=ref_ms, ref_id_hash=ref)
    return tuple(lines)


def _reference(event: Envelope, at_ms: int) -> tuple[int, int, int]:
    if event.corrects_event_id is None:
        return ADD, 0, 0
    op = REVERSAL if event.is_reversal else CORRECTION
    ref_ms = event.corrects_occurred_at_ms
    ref_ms = event.occurred_at_ms if ref_ms is None else ref_ms
    if ref_ms > at_ms + CLAMP_MS:
        return op, -1, 0
    return op, ref_ms, hash63(event.corrects_event_id)
