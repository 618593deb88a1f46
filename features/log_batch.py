"""Many logs at once: what costs the same once per call is paid once per batch."""

import struct
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Final

import numpy as np
import numpy.typing as npt

from features import kernel
from features.errors import ClockError, LayoutError
from features.log import LOG_CAP, Row, current, header_of, misfit, pack
from features.log_event import LogEvent
from features.plan import PLAN, Plan

BatchStep = tuple[int, Sequence[LogEvent], int]
"""The place of a log in its batch, the log events of one source event, when the bank knew."""

_WORD: Final = 8


def update_and_read_many(
    logs: Sequence[bytes],
    steps: Sequence[BatchStep],
    *,
    log_cap: int = LOG_CAP,
    plan: Plan = PLAN,
    width: int = 0,
) -> tuple[list[bytes], Row]:
    """Return the new logs of a batch, and one row of features per step, in the order of the steps.

    Steps of one log are taken in order, and may stand between those of others. The bits are those
    of `update_and_read` one by one; a log without an event in any step keeps its bytes. Rows have
    at least `width` columns; those behind the features are the caller's to fill.

    Raises:
        FieldError, ClockError, LayoutError: as `update_and_read`; then no log has changed.
        IndexError: a step is of a log that is not in the batch.
    """
    if not steps:
        return list(logs), np.empty((0, max(len(plan.names), width)), np.float64)
    table, events = _packed(steps, len(logs))
    out = np.empty((len(steps), max(int(plan.words[kernel.P_COLUMNS]), width)), np.float64)
    rows = out[:, : max(len(plan.names), width)]
    code, place, t, t_start = _advance(logs, table, events, plan, log_cap, out)
    if code == kernel.BAD_LOG:
        readable = [_checked(log) for log in logs]
        code, place, t, t_start = _advance(readable, table, events, plan, log_cap, out)
    if code == kernel.BAD_CLOCK:
        raise _late(logs, steps, place)
    if code == kernel.BAD_EVENT:
        raise misfit(events, place)
    if code:
        raise LayoutError(f"log {place} of the batch is none that the kernel can read.")
    return _taken(logs, steps, t.data.cast("B"), t_start.tolist()), rows


def _packed(
    steps: Sequence[BatchStep], logs: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return logs, ends of events and times of the steps, and all events, as whole numbers."""
    owners, events_of, times = zip(*steps, strict=True)
    if not 0 <= min(owners) <= max(owners) < logs:
        raise IndexError(f"a batch of {logs} logs has steps of logs 0 to {logs - 1}; got others.")
    ends = accumulate(map(len, events_of))
    table = struct.pack(f"={3 * len(owners)}q", *owners, *ends, *times)
    fields: list[int] = []
    for event in chain.from_iterable(events_of):
        fields += event
    try:
        packed = struct.pack(f"={len(fields)}q", *fields)
    except struct.error:
        packed = b"".join([pack(event) for event in chain.from_iterable(events_of)])
    steps_words = np.frombuffer(table, np.int64).reshape(3, -1)
    return steps_words, np.frombuffer(packed, np.int64).reshape(-1, kernel.EVENT_WORDS)


def _advance(  # noqa: PLR0917 - private, and called twice
    logs: Sequence[bytes],
    table: npt.NDArray[np.int64],
    events: npt.NDArray[np.int64],
    plan: Plan,
    log_cap: int,
    out: Row,
) -> tuple[int, int, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    joined = b"".join(logs)
    s = np.frombuffer(joined, np.int64, len(joined) // _WORD)
    ends = np.array(list(accumulate(map(len, logs), initial=0)), np.int64)
    if (ends % _WORD).any():
        return kernel.BAD_LOG, 0, s, ends
    return kernel.advance_many(s, ends // _WORD, table, events, plan.words, log_cap, out)


def _checked(log: bytes) -> bytes:
    log = current(log)
    header_of(log)
    return log


def _late(logs: Sequence[bytes], steps: Sequence[BatchStep], place: int) -> ClockError:
    """Return the error of a step that lies before the clock of its log."""
    owner, _, at_ms = steps[place]
    before = [known for log, events, known in steps[:place] if log == owner and events]
    clock_ms = max([header_of(current(logs[owner]))[kernel.CLOCK], *before])
    return ClockError(clock_ms=clock_ms, at_ms=at_ms)


def _taken(
    logs: Sequence[bytes], steps: Sequence[BatchStep], t: memoryview, t_start: Sequence[int]
) -> list[bytes]:
    """Return the logs as they are now; one that took nothing in keeps its own bytes."""
    new = list(logs)
    for log in {log for log, events, _ in steps if events}:
        new[log] = t[_WORD * t_start[log] : _WORD * t_start[log + 1]].tobytes()
    return new
