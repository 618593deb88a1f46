"""The log is a value: bytes in, bytes out, the same in one step or a batch, and never half read."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import _cache, kernel
from features.business_time import DAY_MS, business_day, business_month
from features.catalogue import CATALOGUE
from features.definitions import MARKETING, Window
from features.errors import CatalogueError, ClockError, FieldError, LayoutError
from features.kinds import KINDS, kinds
from features.log import Step, current, header_of, read, update, update_and_read
from features.log_batch import BatchStep, update_and_read_many
from features.plan import EMPTY, PLAN, compile_catalogue
from features.slow import SlowLog
from tests.features.histories import START_MS, an_event, bits, histories
from tests.features.test_windows_are_exact import busy_history


def grown(steps: list[Step]) -> bytes:
    """The log after a history."""
    log = EMPTY
    for events, at_ms in steps:
        log = update(log, events, at_ms)
    return log


@settings(max_examples=60)
@given(histories())
def test_reading_changes_nothing(steps: list[Step]) -> None:
    """Who looks twice, or not at all, must see the same afterwards."""
    log = grown(steps)
    at_ms = steps[-1][1]
    first = read(log, at_ms)
    read(log, at_ms + 40 * DAY_MS)
    assert read(log, at_ms).tobytes() == first.tobytes()
    assert update_and_read(log, (), at_ms)[0] is log


@settings(max_examples=60)
@given(histories())
def test_update_then_read_is_update_and_read(steps: list[Step]) -> None:
    """The two ways to ask are one answer."""
    log = EMPTY
    for events, at_ms in steps:
        both, row = update_and_read(log, events, at_ms)
        log = update(log, events, at_ms)
        assert both == log
        assert read(log, at_ms).tobytes() == row.tobytes()


@settings(max_examples=100)
@given(
    st.lists(histories(longest=12), min_size=1, max_size=4),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_a_batch_is_its_steps_one_by_one(
    subjects: list[list[Step]], size: int, chance: Random
) -> None:
    """How fetches happened to be cut, and whose events stand between, must not reach a decision."""
    one_by_one, rows_alone = [], [list[bytes]() for _ in subjects]
    for place, steps in enumerate(subjects):
        log = EMPTY
        for events, at_ms in steps:
            log, row = update_and_read(log, events, at_ms)
            rows_alone[place].append(row.tobytes())
        one_by_one.append(log)
    owners = [place for place, steps in enumerate(subjects) for _ in steps]
    chance.shuffle(owners)
    left = [iter(steps) for steps in subjects]
    mixed: list[BatchStep] = [(place, *next(left[place])) for place in owners]
    logs, rows_batched = [EMPTY] * len(subjects), [list[bytes]() for _ in subjects]
    for start in range(0, len(mixed), size):
        part = mixed[start : start + size]
        logs, out = update_and_read_many(logs, part)
        for (place, _, _), row in zip(part, out, strict=True):
            rows_batched[place].append(np.ascontiguousarray(row).tobytes())
    assert logs == one_by_one
    assert rows_batched == rows_alone


def test_a_sealed_log_is_the_same_from_a_batch() -> None:
    """A hot subject's whole backlog in one call leaves the bytes of one event a call."""
    steps = busy_history(3, 1_500, gap_ms=600_000)
    logs, rows = update_and_read_many([EMPTY], [(0, *step) for step in steps])
    assert logs == [grown(steps)]
    assert rows[-1].tolist() == pytest.approx(read(logs[0], steps[-1][1]).tolist(), nan_ok=True)


def test_a_batch_takes_logs_of_the_layout_before() -> None:
    """The first batch after an upgrade holds states that the version before has written."""
    old = (Path(__file__).parent / "logs" / "layout-1.bin").read_bytes()
    at_ms = header_of(current(old))[kernel.CLOCK]
    expected, row = update_and_read(old, [an_event(at_ms=at_ms)], at_ms)
    steps = [(1, [an_event(at_ms=at_ms)], at_ms), (0, (), at_ms)]
    logs, rows = update_and_read_many([EMPTY, old], steps)
    assert logs == [EMPTY, expected]
    assert rows[0].tobytes() == row.tobytes()


def test_a_step_of_no_log_of_its_batch_is_refused() -> None:
    """Compiled code would write into somebody else's memory."""
    for place in (-1, 1):
        with pytest.raises(IndexError, match="logs 0 to 0"):
            update_and_read_many([EMPTY], [(place, (), START_MS)])


def test_a_batch_of_nothing_is_nothing() -> None:
    """A fetch may bring control records only."""
    logs, rows = update_and_read_many([], [])
    assert (logs, rows.shape) == ([], (0, len(PLAN.names)))


@pytest.mark.parametrize("days", [1, 30, 90, 180])
def test_an_idle_subject_decays_without_an_event(days: int) -> None:
    """Silence is information: who spent in spring is no spender in winter."""
    steps = busy_history(4, 300, gap_ms=3_600_000)
    log, slow = grown(steps), SlowLog()
    for events, _ in steps:
        slow.apply(events)
    at_ms = steps[-1][1] + days * DAY_MS
    assert bits(read(log, at_ms).tolist()) == bits(slow.read(at_ms).values())
    if days == 180:
        assert read(log, at_ms)[PLAN.names.index("inflow_sum_minor_90d")] == 0.0


def test_a_log_of_another_catalogue_is_read_with_this_one() -> None:
    """Adding a feature must not throw away what a million customers' logs remember."""
    added = Window(
        name="spender_day_cnt_30d",
        unit="count",
        aggregation="distinct",
        where=kinds("other_out", "rent"),
        window_ms=30 * DAY_MS,
        why="A feature that did not exist when the log was written.",
        permitted_use=MARKETING,
        of="business_day",
    )
    catalogue = (added, *CATALOGUE)
    plan = compile_catalogue(catalogue)
    steps = busy_history(7, 900, gap_ms=1_200_000)
    log, slow = grown(steps), SlowLog(catalogue=catalogue)
    for events, _ in steps:
        slow.apply(events)
    at_ms = steps[-1][1]
    assert bits(read(log, at_ms, plan=plan).tolist()) == bits(slow.read(at_ms).values())


def test_more_keys_of_one_kind_than_flags_are_refused() -> None:
    """A record has six flags; a seventh filter over its kind would be silently another one's."""
    more = [
        Window(
            name=f"new_{i}_30d",
            unit="count",
            aggregation="distinct",
            where=kinds(KINDS[9], KINDS[10 + i]),
            window_ms=30 * DAY_MS,
            why="One too many.",
            permitted_use=MARKETING,
            of="business_day",
        )
        for i in range(7)
    ]
    compile_catalogue(more[:6])
    with pytest.raises(CatalogueError, match="6 flags"):
        compile_catalogue(more)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 1 << 34},
        {"amount_minor": -(1 << 34)},
        {"occurred_at_ms": START_MS + 1, "stated_at_ms": START_MS + 1},
        {"occurred_at_ms": -1},
        {"kind": len(KINDS)},
        {"kind": 0},
        {"op": 3},
        {"id_hash": -1},
        {"id_hash": 1 << 63},
    ],
)
def test_a_field_that_does_not_fit_is_refused_and_changes_nothing(change: dict[str, int]) -> None:
    """Bits that run over into the neighbouring field are a wrong number nobody sees."""
    bad = an_event()._replace(**change)
    log = update(EMPTY, [an_event()], START_MS)
    with pytest.raises(FieldError, match="a log event needs"):
        update(log, [an_event(event_id=2), bad], START_MS)
    with pytest.raises(FieldError, match="a log event needs"):
        update_and_read_many([log], [(0, [bad], START_MS)])


def test_the_largest_values_that_fit_come_back_whole() -> None:
    """The edge of each field, in one record."""
    last_ms = (1 << 42) - 1
    biggest = an_event("balance", at_ms=last_ms, amount_minor=(1 << 34) - 1, key=(1 << 63) - 1)
    smallest = biggest._replace(amount_minor=-(1 << 34) + 1, key_hash=1, id_hash=(1 << 63) - 1)
    _, row = update_and_read(EMPTY, [biggest, smallest], last_ms)
    values = dict(zip(PLAN.names, row.tolist(), strict=True))
    assert values["balance_last_minor"] == 0.0
    assert values["balance_min_minor_30d"] == -float((1 << 34) - 1)


def test_a_reader_behind_the_logs_clock_is_refused() -> None:
    """What had expired by the log's own time is gone: an older answer would be a guess."""
    log = update(EMPTY, [an_event()], START_MS)
    with pytest.raises(ClockError, match="never goes back"):
        read(log, START_MS - 1)
    with pytest.raises(ClockError, match="never goes back"):
        update_and_read_many([log], [(0, (), START_MS - 1)])


@pytest.mark.parametrize("damage", [b"", b"\x03" + EMPTY[1:], EMPTY[:-1], EMPTY[:-8]])
def test_bytes_that_are_no_log_are_refused(damage: bytes) -> None:
    """A damaged state must not read as an empty customer."""
    with pytest.raises(LayoutError):
        read(damage, START_MS)
    with pytest.raises(LayoutError):
        update_and_read_many([EMPTY, damage], [(0, (), START_MS)])


def test_a_log_that_was_cut_off_is_refused() -> None:
    """Nor as a customer with half a history."""
    log = update(EMPTY, [an_event()], START_MS)
    with pytest.raises(LayoutError, match="cut off"):
        read(log[:-8], START_MS)


def test_an_ordinary_customer_fits_in_four_kilobytes() -> None:
    """A million of these are kept in memory, written, and loaded again after a crash."""
    steps = busy_history(8, 3 * 90, gap_ms=2 * DAY_MS // 3)
    assert len(grown(steps)) <= 4_096


@given(st.integers(0, (1 << 42) - 1))
def test_the_kernels_calendar_is_the_calendar(at_ms: int) -> None:
    """Months are where hand-written date arithmetic goes wrong, in February."""
    start, end = kernel.bucket_start(2, at_ms), kernel.bucket_end(2, at_ms)
    assert start <= at_ms <= end
    month = business_month(at_ms)
    assert (business_month(start), business_month(end)) == (month, month)
    assert business_month(end + 1) == month + 1
    assert business_month(start - 1) == month - 1
    day_start, day_end = kernel.bucket_start(1, at_ms), kernel.bucket_end(1, at_ms)
    assert day_end - day_start == DAY_MS - 1
    assert business_day(day_start) == business_day(at_ms) == business_day(day_end)


def test_a_compiled_kernel_is_looked_up_by_the_content_of_its_folder() -> None:
    """A stale compiled function gave wrong answers; the key is the folder, so all must be in it."""
    folder = Path(kernel.__file__).parent
    contents = sorted((file.name, file.read_bytes()) for file in folder.glob("*.py"))
    expected = hashlib.sha256(
        b"".join(f"{name} {len(text)} ".encode() + text for name, text in contents)
    ).digest()
    stamp = kernel.advance._cache._cache_file._source_stamp  # type: ignore[attr-defined]
    assert stamp == expected
    imported = {
        line
        for _, text in contents
        for line in text.decode().splitlines()
        if line.startswith(("import ", "from ")) and "numpy" not in line
    }
    allowed = ("from features._cache import compiled", "from features.kernel.")
    assert not [line for line in imported if not line.startswith(allowed)]


def test_a_changed_callee_in_another_file_is_compiled_anew(tmp_path: Path) -> None:
    """The very accident: a helper changed next door, and the compiled caller kept the old one."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    (folder / "__init__.py").touch()
    caller = "from features._cache import compiled\nfrom kernel.helper import TIMES\n\n\n"
    caller += "@compiled\ndef ask(x: int) -> int:\n    return x * TIMES\n"
    (folder / "caller.py").write_text(caller)
    answers = []
    for times in (11, 107):
        (folder / "helper.py").write_text(f"TIMES = {times}\n")
        run = subprocess.run(
            [sys.executable, "-c", "from kernel.caller import ask; print(ask(1))"],
            env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(kernel.__file__).parents[2]}"},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.append(run.stdout.strip())
    assert answers == ["11", "107"]


def test_without_a_place_for_the_cache_a_kernel_is_compiled_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A read-only image without a home must start, if slowly."""
    asked = []

    def njit(*, cache: bool, **options: object) -> Callable[[object], object]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(_cache.numba, "njit", njit)
    assert _cache.compiled(len) is len
    assert asked == [True, False]
