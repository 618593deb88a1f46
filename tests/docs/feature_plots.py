"""`docs/features/*.svg`: how each feature moves for one customer of the simulated bank.

`make plots` draws them again. The customer is the one for whom the feature takes the most
different values, so that a page shows something happen.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import dates
from matplotlib.figure import Figure

from contracts.decode import decode
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS, EVENT_SOURCES
from engine.subject import SubjectState
from features import BY_NAME, NAMES, Window
from features.state import look, take
from shouwen.ingest import IngestPlan
from simulator import simulate
from tests.docs.feature_pages import FOLDER
from tests.support.memory_bank import run

START_MS = 1_751_299_200_000
CUSTOMERS, DAYS, SEED = 120, 330, 7
QUIET_DAYS = 60
"""Left out of the picture: windows that are still filling show the start of the bank, not life."""

_INK, _LINE, _GRID = "#444444", "#1f5fa8", "#dddddd"
_INCHES = (7.0, 2.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One feature of one subject, day by day; NaN where it is missing.

    Of a window of a day or less the highest value of each day, else the value at noon.
    """

    subject_id: str
    at_ms: Sequence[int]
    values: Sequence[float]


def told(entries: Sequence[Entry]) -> list[tuple[int, list[float]]]:
    """Return a subject's row of each day since it was known, (noon of the day, values)."""
    state = SubjectState()
    rows: list[tuple[int, list[float]]] = []
    waiting = deque(START_MS + day * DAY_MS for day in range(DAYS))
    highest = np.full(len(NAMES), np.nan)

    def close(day_ms: int) -> None:
        nonlocal highest
        at_ms = max(day_ms + DAY_MS // 2, last_ms)
        row = np.where(_IS_SHORT, np.fmax(highest, look(state, at_ms)), look(state, at_ms))
        rows.append((day_ms + DAY_MS // 2, row.tolist()))
        highest = np.full(len(NAMES), np.nan)

    last_ms = 0
    for entry in entries:
        while waiting and waiting[0] + DAY_MS <= entry.at_ms:
            close(waiting.popleft())
        row = take(state, decode(entry.topic, entry.value), entry.at_ms)
        highest, last_ms = np.fmax(highest, row), entry.at_ms
    while waiting:
        close(waiting.popleft())
    return rows


def _is_short(name: str) -> bool:
    """Tell whether at noon a feature has mostly forgotten what the day brought."""
    feature = BY_NAME[name]
    terms = [BY_NAME[term] for term in getattr(feature, "terms", (name,))]
    return any(isinstance(term, Window) and term.window_ms <= DAY_MS for term in terms)


_IS_SHORT = np.array([_is_short(name) for name in NAMES])


def series() -> dict[str, Series]:
    """Return, for every feature, the series in which it is most alive."""
    events = simulate(seed=SEED, customers=CUSTOMERS, days=DAYS, start_ms=START_MS)
    plan = IngestPlan(partitions=1, slice_ms=10 * 60_000, learn_every_ms=0)
    (journal,) = run((RecordedLine.of(event) for event in events), plan).journals
    by_subject: dict[str, list[Entry]] = {}
    for entry in journal:
        if entry.topic in EVENT_SOURCES:
            by_subject.setdefault(entry.key, []).append(entry)
    best: dict[str, tuple[int, Series]] = {}
    for subject_id, entries in sorted(by_subject.items()):
        if not subject_id.startswith("c-"):
            continue
        rows = [row for row in told(entries) if row[0] >= START_MS + QUIET_DAYS * DAY_MS]
        for column, name in enumerate(NAMES):
            values = [row[column] for _, row in rows]
            alive = len({value for value in values if not math.isnan(value)})
            if alive > best.get(name, (0, None))[0]:
                at_ms = [at_ms for at_ms, _ in rows]
                best[name] = alive, Series(subject_id=subject_id, at_ms=at_ms, values=values)
    return {name: found for name, (_, found) in best.items()}


def draw(name: str, found: Series, file: Path) -> None:
    """Draw one plot; the same numbers give the same file."""
    unit = BY_NAME[name].unit
    per, label = (100.0, unit.replace("minor", "yuan")) if unit.startswith("minor") else (1.0, unit)
    settings = {"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 8}
    with mpl.rc_context(settings):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.subplots()
        days = [datetime.fromtimestamp(at_ms / 1000, UTC) for at_ms in found.at_ms]
        values = [value / per for value in found.values]
        axes.step(days, values, where="post", color=_LINE, linewidth=1.2)
        alone = [value if _is_alone(values, i) else math.nan for i, value in enumerate(values)]
        axes.plot(days, alone, ".", color=_LINE, markersize=4)
        axes.set_title(f"{name}, customer {found.subject_id}", loc="left", color=_INK, fontsize=9)
        axes.set_ylabel(label.replace("_", " "), color=_INK)
        axes.yaxis.set_major_formatter("{x:,g}")
        locator = dates.MonthLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
        axes.grid(axis="y", color=_GRID, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_INK)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _is_alone(values: Sequence[float], i: int) -> bool:
    """Tell whether neither neighbour of a value is there: a line would not show it."""
    around = [values[j] for j in (i - 1, i + 1) if 0 <= j < len(values)]
    return all(math.isnan(value) for value in around)


def draw_all(found: Mapping[str, Series], folder: Path) -> list[str]:
    """Draw every plot into `folder`, take away those of features that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {file.stem for file in folder.glob("*.svg")} - set(found):
        (folder / f"{stale}.svg").unlink()
    for name, one in found.items():
        draw(name, one, folder / f"{name}.svg")
    return sorted(set(NAMES) - set(found))


if __name__ == "__main__":
    never = draw_all(series(), FOLDER)
    print(f"drew {len(NAMES) - len(never)} plots; never there in the simulated bank: {never}")
