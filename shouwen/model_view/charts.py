"""Numbers as places on a drawing: what a template needs to draw a chart as SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 14.0, 12.0, 30.0
_TICKS = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a chart: its name, its points, and these as `x,y x,y ...` for a polyline."""

    name: str
    points: str
    dots: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of `WIDTH` by `HEIGHT`: axes, curves, upright marks, and a diagonal if asked."""

    curves: tuple[Curve, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Tick, ...] = ()
    diagonal: tuple[Point, Point] | None = None


def chart(
    series: Mapping[str, Sequence[Point]],
    *,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
    marks: Mapping[float, str] | None = None,
    y_from: float | None = None,
    same_axes: bool = False,
) -> Chart | None:
    """Return the chart of some series of points, or None if there is nothing to draw.

    Args:
        series: Name to points; a series without points is left out.
        x_text: What a place on the x axis says.
        y_text: What a place on the y axis says.
        marks: Places on the x axis with what happened there.
        y_from: Where the y axis begins; without it, at the lowest value.
        same_axes: Both axes have one scale from zero, and the diagonal is drawn.

    >>> drawn = chart({"auc": [(0.0, 0.5), (10.0, 0.8)]}, x_text=str, y_text=str)
    >>> drawn.curves[0].points
    '56.0,193.5 626.0,28.5'
    >>> chart({"auc": []}, x_text=str, y_text=str) is None
    True
    """
    drawn = {name: points for name, points in series.items() if points}
    if not drawn:
        return None
    every = [point for points in drawn.values() for point in points]
    x_low, x_high = _span([x for x, _ in every], pad=False)
    y_low, y_high = _span([y for _, y in every], pad=True)
    if y_from is not None:
        y_low = min(y_from, y_low) if y_from > 0 else y_from
    if same_axes:
        x_low = y_low = 0.0
        x_high = y_high = max(x_high, y_high)

    def place(x: float, y: float) -> Point:
        right = LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        down = TOP + (y_high - y) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return round(right, 1), round(down, 1)

    x_marks = _even(x_low, x_high)
    within = {x: text for x, text in (marks or {}).items() if x_low <= x <= x_high}
    return Chart(
        curves=tuple(
            _curve(name, [place(*point) for point in points]) for name, points in drawn.items()
        ),
        x_ticks=tuple(Tick(at=place(x, y_low)[0], text=x_text(x)) for x in x_marks),
        y_ticks=tuple(Tick(at=place(x_low, y)[1], text=y_text(y)) for y in _even(y_low, y_high)),
        marks=tuple(Tick(at=place(x, y_low)[0], text=text) for x, text in within.items()),
        diagonal=(place(0.0, 0.0), place(x_high, y_high)) if same_axes else None,
    )


def _curve(name: str, placed: Sequence[Point]) -> Curve:
    text = " ".join(f"{x},{y}" for x, y in placed)
    return Curve(name=name, points=text, dots=tuple(placed))


def _span(values: Sequence[float], *, pad: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if low == high:
        return (low - 0.5, high + 0.5) if low else (0.0, 1.0)
    margin = 0.1 * (high - low) if pad else 0.0
    return low - margin, high + margin


def _even(low: float, high: float) -> list[float]:
    return [low + (high - low) * i / _TICKS for i in range(_TICKS + 1)]
