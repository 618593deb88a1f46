"""A customer's log as bytes: take events in, read the features off. Values in, values out.

The layout is the kernel's (`features.kernel`). A log holds at most `log_cap` records: beyond it the
oldest are folded into sums of a business date and kind. Of events before that horizon

- an event is in a window where its business date (UTC+8) began in the window, `(at - W, at]`;
- counts, sums, lowest, highest, spread and totals of months are exact by that rule, and so are
  `distinct` and `last`; a latest event keeps its own time; a slope takes the date's beginning;
- what needs single events in order (percentiles, gaps, round trips, lowest totals, sums above a
  floor) rests on the events after the horizon alone;
- one more late event is added to its date; no duplicate is recognised, and a reversal or correction
  does nothing and is counted (`lost_reversals`).

`is_by_date` says so until no window could see any of it, whoever asks; `is_cut` says that even this
was too much: dates or keys are missing from windows that reach back so far.

Of an event's id a record keeps 22 bits. Two events of one customer are taken for one only where
the millisecond, the kind, the amount and these bits agree; a reversal may hit a second event only
where the millisecond and these bits agree (one in four million, for each such pair).
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from features import kernel
from features.errors import ClockError, FieldError, LayoutError
from features.kernel import HEADER_WORDS
from features.log_event import LogEvent
from features.plan import PLAN, Plan

Row = npt.NDArray[np.float64]
Step = tuple[Sequence[LogEvent], int]
"""The log events of one source event, and when the bank knew (epoch ms UTC)."""

LOG_CAP: Final = 3_500
_EVENT: Final = struct.Struct(f"={kernel.EVENT_WORDS}q")
_HEADER: Final = struct.Struct(f"={HEADER_WORDS}q")
_OLD_HEADER: Final = struct.Struct("=8q")
_NO_EVENTS: Final = np.zeros((0, kernel.EVENT_WORDS), np.int64)
_NO_ROW: Final = np.zeros(0, np.float64)


def update(
    log: bytes, events: Sequence[LogEvent], at_ms: int, *, log_cap: int = LOG_CAP, plan: Plan = PLAN
) -> bytes:
    """Return the log with events taken in that the bank knew at `at_ms`.

    A duplicate changes nothing; a late event counts from now on in every window it belongs to.

    Raises:
        FieldError: a field does not fit; the log is unchanged.
        LayoutError: `log` is not a log of this version.
    """
    if not events:
        return log
    return _advance(log, _rows(events), at_ms, log_cap, plan, None)


def read(log: bytes, at_ms: int, *, plan: Plan = PLAN, width: int = 0) -> Row:
    """Return the features at `at_ms`, in the order of `NAMES`; what is missing is NaN.

    The row has at least `width` columns; those behind the features are the caller's to fill.

    Nothing is stored per window, so an idle customer's windows fall by themselves:

    >>> from features.kinds import CODES
    >>> from features.plan import EMPTY
    >>> posting = LogEvent(0, CODES["salary"], 0, 500_000, 1, 0, 0, 0, 0)
    >>> log = update(EMPTY, [posting], 0)
    >>> inflow_7d = PLAN.names.index("inflow_sum_minor_7d")
    >>> week_ms = 7 * 86_400_000
    >>> float(read(log, week_ms - 1)[inflow_7d]), float(read(log, week_ms)[inflow_7d])
    (500000.0, 0.0)

    Raises:
        ClockError: `at_ms` is before the log's last event was known.
        LayoutError: `log` is not a log of this version.
    """
    out = np.empty(max(int(plan.words[kernel.P_COLUMNS]), width), np.float64)
    _advance(log, _NO_EVENTS, at_ms, LOG_CAP, plan, out)
    return out[: max(len(plan.names), width)]


def update_and_read(
    log: bytes,
    events: Sequence[LogEvent],
    at_ms: int,
    *,
    log_cap: int = LOG_CAP,
    plan: Plan = PLAN,
    width: int = 0,
) -> tuple[bytes, Row]:
    """Return what `update` and then `read` return, in one call.

    The row has at least `width` columns; those behind the features are the caller's to fill.

    Raises:
        FieldError, ClockError, LayoutError: as those two.
    """
    out = np.empty(max(int(plan.words[kernel.P_COLUMNS]), width), np.float64)
    new = _advance(log, _rows(events), at_ms, log_cap, plan, out)
    return (new if events else log), out[: max(len(plan.names), width)]


def is_capped(log: bytes) -> bool:
    """Return whether a log was ever full, so that it had to fold events into their dates.

    >>> from features.plan import EMPTY
    >>> is_capped(EMPTY)
    False
    """
    return horizon_ms(log) > 0


def is_by_date(log: bytes, at_ms: int) -> bool:
    """Return whether some window at `at_ms` reaches events that are known by their date only.

    >>> from features.plan import EMPTY
    >>> is_by_date(EMPTY, 0)
    False
    """
    return header_of(current(log))[kernel.BY_DATE_UNTIL] > at_ms


def is_cut(log: bytes, at_ms: int) -> bool:
    """Return whether some window at `at_ms` reaches events of which nothing is known any more.

    >>> from features.plan import EMPTY
    >>> is_cut(EMPTY, 0)
    False
    """
    return header_of(current(log))[kernel.CUT_UNTIL] > at_ms


def horizon_ms(log: bytes) -> int:
    """Return before when events are known by their date only (epoch ms UTC; 0: never).

    >>> from features.plan import EMPTY
    >>> horizon_ms(EMPTY)
    0
    """
    return header_of(current(log))[kernel.HORIZON]


def lost_reversals(log: bytes) -> int:
    """Return how many reversals and corrections came when their event was known by date only.

    >>> from features.plan import EMPTY
    >>> lost_reversals(EMPTY)
    0
    """
    return header_of(current(log))[kernel.LOST_REVERSALS]


def record_count(log: bytes) -> int:
    """Return how many records a log holds, tombstones and marks included.

    >>> from features.plan import EMPTY
    >>> record_count(EMPTY)
    0
    """
    return header_of(current(log))[kernel.N]


def _advance(  # noqa: PLR0917 - private, and called three times
    log: bytes,
    rows: npt.NDArray[np.int64],
    at_ms: int,
    log_cap: int,
    plan: Plan,
    out: Row | None,
) -> bytes:
    log = current(log)
    header = header_of(log)
    if out is not None and at_ms < header[kernel.CLOCK]:
        raise ClockError(clock_ms=header[kernel.CLOCK], at_ms=at_ms)
    words = np.frombuffer(log, np.int64)
    t = np.empty(kernel.new_words(words, len(rows), log_cap), np.int64)
    length = kernel.advance(
        words,
        rows,
        at_ms,
        plan.words,
        log_cap,
        t,
        out is not None,
        _NO_ROW if out is None else out,
    )
    if length < 0:
        raise misfit(rows, kernel.BAD_FIELD - length)
    return t[:length].tobytes() if len(rows) else log


def current(log: bytes) -> bytes:
    """Return a log of the layout before this one in this one; any other log as it is.

    What that log had forgotten at its cap stays forgotten, and `is_cut` says so.
    """
    if not log or log[0] != kernel.LAYOUT - 1 or len(log) < _OLD_HEADER.size or len(log) % 8:
        return log
    _, fingerprint, clock, records, keys, limit, whole_from, _ = _OLD_HEADER.unpack_from(log)
    header = _HEADER.pack(
        kernel.LAYOUT, fingerprint, clock, records, keys, limit, 0, 0, 0, 0, whole_from, 0
    )
    start = _OLD_HEADER.size
    return header + log[start : start + 8 * (2 * records + keys)]


def header_of(log: bytes) -> tuple[int, ...]:
    """Return the words at the head of a log of this layout.

    Raises:
        LayoutError: `log` is not one, or not whole.
    """
    if len(log) < _HEADER.size or len(log) % 8 or log[0] != kernel.LAYOUT:
        raise LayoutError(
            f"a log needs a header of {_HEADER.size} bytes and layout {kernel.LAYOUT}; "
            f"got {len(log)} bytes that begin with {log[:8]!r}. "
            "Read it with the version that wrote it."
        )
    header = _HEADER.unpack_from(log)
    words = HEADER_WORDS + 2 * header[kernel.N] + header[kernel.KEYS] + header[kernel.CELLS]
    if 8 * words > len(log) or min(header[kernel.N], header[kernel.KEYS], header[kernel.CELLS]) < 0:
        raise LayoutError(
            f"a log of {header[kernel.N]} records, {header[kernel.KEYS]} keys and "
            f"{header[kernel.CELLS]} cells needs more than the {len(log)} bytes it has. "
            "It was cut off: restore it from a copy."
        )
    return header


def pack(event: LogEvent) -> bytes:
    """Return an event as the kernel takes it.

    Raises:
        FieldError: a field is no whole number of 64 bits.
    """
    try:
        return _EVENT.pack(*event)
    except struct.error as exc:
        raise FieldError(f"a log event needs whole numbers of 64 bits; got {event!r}.") from exc


def _rows(events: Sequence[LogEvent]) -> npt.NDArray[np.int64]:
    if not events:
        return _NO_EVENTS
    packed = b"".join([pack(event) for event in events])
    return np.frombuffer(packed, np.int64).reshape(-1, kernel.EVENT_WORDS)


def misfit(rows: npt.NDArray[np.int64], index: int) -> FieldError:
    """Return the error that says which event the kernel refused."""
    event = LogEvent(*rows[index].tolist())
    return FieldError(
        "a log event needs 0 <= occurred_at_ms <= at_ms < 2**42, a known kind, an amount below "
        f"2**34, ids of 63 bits and an op of 0, 1 or 2; got {event!r}. "
        "Make it with `log_events` from an event that its contract has validated."
    )
