"""The models as one HTML page: how good they are, what moved, who is better, what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from contracts.model_reports import ModelReport
from shouwen.model_view.charts import HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, chart
from shouwen.model_view.history import History
from shouwen.model_view.words import (
    CONDITIONS,
    EVENTS,
    LINES,
    MEASURES,
    MODELS,
    both,
    day,
    minute,
    number,
)

_POINTS = 160
_FEATURES = 12
_EVENTS = 12
_LEAST_ROWS_OF_A_BLOCK = 20
_PSI_FULL = 0.5
_PSI_LITTLE, _PSI_MUCH = 0.1, 0.25
_SHOWN_LINES = ("served", "main", "fast", "river", "tree")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar: its name, what it says, its length as a share of the full width, and a warning."""

    name: str
    text: str
    share: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """A challenger's evidence as a bar, with what a promotion still lacks."""

    name: str
    text: str
    share: float
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPart:
    """One model's part of the page."""

    name: str
    title: tuple[str, str]
    standing: str
    alarms: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    learning: Chart | None
    ranking: Chart | None
    reliability: Chart | None
    calibration: Chart | None
    losses: Chart | None
    psi: tuple[Bar, ...]
    bets: tuple[Bet, ...]
    events: tuple[tuple[str, str, str], ...]


def page(history: History, *, deployment: str, only: str | None = None) -> str:
    """Return the page, with no script and nothing to fetch.

    Args:
        history: The learner's records.
        deployment: How the page calls it.
        only: The one model to show; all without it.

    Raises:
        ShouwenError: the learner has not reported yet.
    """
    newest = history.newest()
    parts = [
        part_of(report, history.over_time(name, most=_POINTS))
        for name, report in sorted(newest.reports.items(), key=lambda item: _rank(item[0]))
        if only in {None, name}
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("shouwen.model_view").joinpath("page.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        deployment=deployment,
        at=minute(newest.at_ms),
        parts=parts,
        measures=[MEASURES[name] for name in MEASURES],
        plot={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP},
        line_words=LINES,
    )


def part_of(report: ModelReport, over_time: Sequence[tuple[int, ModelReport]]) -> ModelPart:
    """Return one model's part of the page.

    Args:
        report: Its newest report.
        over_time: (when, report), oldest first.
    """
    shown = [name for name in _SHOWN_LINES if report.lines.get(name, {}).get("rows")]
    best = report.lines.get("served" if "served" in shown else "main", {})
    return ModelPart(
        name=report.model,
        title=MODELS.get(report.model, (report.model, "")),
        standing=_standing(report),
        alarms=_alarms(report),
        facts=tuple((both(MEASURES, m), number(m, best.get(m))) for m in MEASURES),
        lines=tuple(
            (both(LINES, name), tuple(number(m, report.lines[name].get(m)) for m in MEASURES))
            for name in shown
        ),
        learning=_curves_of(
            over_time, shown, "log_loss", _marks(report, "promoted", "rolled_back")
        ),
        ranking=_curves_of(over_time, shown, "auc", _marks(report, "promoted", "rolled_back")),
        reliability=_reliability(report),
        calibration=_calibration(report),
        losses=_losses(report),
        psi=_psi(report.psi),
        bets=tuple(_bet(report, place) for place in range(len(report.contests))),
        events=tuple(
            (minute(event.at_ms), both(EVENTS, event.kind), event.about)
            for event in reversed(report.events[-_EVENTS:])
        ),
    )


def _rank(model: str) -> int:
    known = list(MODELS)
    return known.index(model) if model in known else len(known)


def _standing(report: ModelReport) -> str:
    since = (
        "" if report.champion_since_ms is None else f"，自 since {day(report.champion_since_ms)}"
    )
    if report.champion is None and not report.is_frozen:
        return "尚无模型上线，使用声明的先验 no model serves; a declared prior stands in"
    if report.is_frozen:
        return f"冻结快照上线 a frozen snapshot serves: {report.champion or ''}{since}"
    return f"在线学习模型上线 serves as it learns: {both(LINES, report.champion or '')}{since}"


def _alarms(report: ModelReport) -> tuple[str, ...]:
    found = [
        f"{name}: 单变量 AUC {area:.2f}，疑似泄漏 "
        "ranks the outcome almost alone; is it known in time?"
        for name, area in sorted(report.leaks.items())
    ]
    moved = [name for name, psi in report.psi.items() if psi > _PSI_MUCH]
    if moved:
        found.append(
            f"{len(moved)} 个特征分布明显改变 features moved much (PSI > {_PSI_MUCH}) "
            "against the rows that fixed the bins"
        )
    if refused := report.totals.get("snapshot_refused"):
        found.append(f"{refused} 个快照被金丝雀拒绝 snapshots refused by the canary rows")
    if drifts := report.totals.get("drift"):
        found.append(f"{drifts} 次漂移告警 drift alarms: the log loss rose")
    return tuple(found)


def _curves_of(
    over_time: Sequence[tuple[int, ModelReport]],
    shown: Sequence[str],
    measure: str,
    marks: Mapping[float, str],
) -> Chart | None:
    series = {
        name: [
            (float(at_ms), report.lines[name][measure])
            for at_ms, report in over_time
            if measure in report.lines.get(name, {})
        ]
        for name in shown
    }
    return chart(series, x_text=_as_day, y_text=lambda y: f"{y:.3f}", marks=marks)


def _reliability(report: ModelReport) -> Chart | None:
    points = [(point.mean_score, point.positives / point.rows) for point in report.reliability]
    return chart(
        {"served": points},
        x_text=lambda x: f"{100 * x:.1f} %",
        y_text=lambda y: f"{100 * y:.1f} %",
        same_axes=True,
    )


def _calibration(report: ModelReport) -> Chart | None:
    """Return predicted and observed shares by ten-day block; tiny blocks say nothing."""
    blocks = [block for block in report.blocks if block.rows >= _LEAST_ROWS_OF_A_BLOCK]
    return chart(
        {
            "predicted": [(float(b.from_ms), b.predicted / b.rows) for b in blocks],
            "observed": [(float(b.from_ms), b.positives / b.rows) for b in blocks],
        },
        x_text=_as_day,
        y_text=lambda y: f"{100 * y:.1f} %",
        y_from=0.0,
    )


def _losses(report: ModelReport) -> Chart | None:
    blocks = [block for block in report.blocks if block.rows >= _LEAST_ROWS_OF_A_BLOCK]
    marks = _marks(report, "drift", "promoted", "rolled_back")
    return chart(
        {"log_loss": [(float(b.from_ms), b.log_loss) for b in blocks]},
        x_text=_as_day,
        y_text=lambda y: f"{y:.3f}",
        marks=marks,
    )


def _marks(report: ModelReport, *kinds: str) -> dict[float, str]:
    return {
        float(event.at_ms): both(EVENTS, event.kind)
        for event in report.events
        if event.kind in kinds
    }


def _psi(psi: Mapping[str, float]) -> tuple[Bar, ...]:
    worst = sorted(psi.items(), key=lambda item: (-item[1], item[0]))[:_FEATURES]
    return tuple(
        Bar(
            name=name,
            text=f"{value:.2f}",
            share=min(value / _PSI_FULL, 1.0),
            tone="bad" if value > _PSI_MUCH else "some" if value > _PSI_LITTLE else "calm",
        )
        for name, value in worst
    )


def _bet(report: ModelReport, place: int) -> Bet:
    contest = report.contests[place]
    proven = contest.most >= contest.needed
    said = "已证明更好 proven better" if proven else f"{contest.most:.2f} / {contest.needed:.2f}"
    return Bet(
        name=both(LINES, contest.challenger),
        text=f"{said}（{contest.rows:,} 行 rows）",
        share=min(max(contest.most, 0.0) / contest.needed, 1.0),
        lacks=tuple(both(CONDITIONS, name) for name in contest.unmet),
    )


def _as_day(x: float) -> str:
    return day(int(x))[2:]
