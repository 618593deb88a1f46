"""What is wrong with a risk table, a contact policy or a text."""

import re
from collections.abc import Iterator, Mapping
from datetime import time
from itertools import pairwise
from string import Formatter

from decisions.contact import KEPT_DAYS, SENT_KEPT
from decisions.payloads import PARAMS
from decisions.policy import (
    BANDS,
    Cap,
    ContactPolicy,
    Content,
    RiskTable,
    content_sha256,
)

_HARSHNESS = ("approve", "refer", "decline")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


def is_clock(text: str) -> bool:
    """Return whether a text is a wall time `HH:MM`.

    >>> is_clock("09:30"), is_clock("9:30"), is_clock("24:00")
    (True, False, False)
    """
    return _CLOCK.fullmatch(text) is not None


def risk_problems(table: RiskTable) -> Iterator[str]:
    """Yield what is wrong with a risk table: above all, more risk must never look better."""
    columns = len(table.soft_points_column_max) + 1
    if not _rises((0.0, *table.pd_band_below, 1.0)):
        yield f"pd_band_below needs to rise between 0 and 1; got {list(table.pd_band_below)}."
    if not _rises(table.soft_points_column_max):
        yield f"soft_points_column_max needs to rise; got {list(table.soft_points_column_max)}."
    if set(table.matrix) != set(BANDS):
        yield f"the matrix needs the bands {list(BANDS)}; got {sorted(table.matrix)}."
        return
    rows = [[_HARSHNESS.index(outcome) for outcome in table.matrix[band]] for band in BANDS]
    if any(len(row) != columns for row in rows):
        yield f"each band of the matrix needs {columns} outcomes, one per column of points."
        return
    if any(row != sorted(row) for row in rows):
        yield "the matrix gives a better outcome for more points; a row may only get harsher."
    if any(
        better > worse
        for upper, lower in pairwise(rows)
        for better, worse in zip(upper, lower, strict=True)
    ):
        yield "the matrix gives a better outcome to a worse band; a column may only get harsher."
    if rows[0][0] != 0:
        yield "the matrix needs to approve band A without points; else nobody can be approved."
    points = (table.s01_points, table.s03_points, table.s09_points, table.s10_points)
    if min(points) < 0:
        yield f"points need to be 0 or more: a risk is no merit; got {points}."
    if "default" not in table.products:
        yield "products needs an entry 'default', for a product that is not named."


def contact_problems(policy: ContactPolicy) -> Iterator[str]:
    """Yield what is wrong with a contact policy."""
    yield from _cap_problems("the customer", policy.caps)
    for name, rules in sorted(policy.channels.items()):
        yield from _cap_problems(f"channel {name}", rules.caps)
        if not rules.hours:
            yield f"channel {name} has no hours: nobody could ever be contacted on it."
        for window in rules.hours:
            if not (is_clock(window.start) and is_clock(window.end)):
                yield (
                    f"channel {name} needs hours as 'HH:MM'; got {window.start!r} to "
                    f"{window.end!r}. Quote them in YAML."
                )
            elif time.fromisoformat(window.start) >= time.fromisoformat(window.end):
                yield (
                    f"channel {name} needs hours that begin before they end, within one day; got "
                    f"{window.start} to {window.end}."
                )


def content_problems(contents: Mapping[str, Content]) -> Iterator[str]:
    """Yield what is wrong with the texts: nothing unreviewed goes out."""
    for content_id, content in sorted(contents.items()):
        actual = content_sha256(content.zh, content.en)
        if content.sha256 != actual:
            yield (
                f"content {content_id!r} is not the text that was reviewed: it says sha256 "
                f"{content.sha256[:12]}…, its text has {actual[:12]}…. Have it reviewed again."
            )
        for language, text in (("zh", content.zh), ("en", content.en)):
            used = _placeholders(text)
            if used != set(content.params):
                yield (
                    f"content {content_id!r} ({language}) uses the parameters {sorted(used)}; "
                    f"its params are {sorted(content.params)}."
                )
        unknown = sorted(set(content.params) - PARAMS)
        if unknown:
            yield f"content {content_id!r} has params {unknown}; there are {sorted(PARAMS)}."


def _placeholders(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"a brace without its partner"}


def _cap_problems(whose: str, caps: tuple[Cap, ...]) -> Iterator[str]:
    for cap in caps:
        if cap.touches > SENT_KEPT or cap.days > KEPT_DAYS:
            yield (
                f"a cap of {whose} may count {SENT_KEPT} touches in {KEPT_DAYS} days at most: "
                f"no more is remembered; got {cap.touches} in {cap.days}."
            )
        if cap.touches < 1 or cap.days < 1:
            yield (
                f"a cap of {whose} needs 1 touch and 1 day or more; "
                f"got {cap.touches} in {cap.days}."
            )


def _rises(values: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(values))
