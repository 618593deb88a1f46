"""What was found, as tables for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from shouwen.quality.judged import Judged

_NAMES = {
    "ours": "ours",
    "lightgbm": "LightGBM",
    "plain_logistic": "logistic",
    "river": "River LR",
    "river_tree": "River tree",
}


def show(found: Sequence[Judged], console: Console) -> None:
    """Write one table per set."""
    for one in found:
        table = Table(
            title=f"{one.data}: {one.about}; {one.rows:,} rows, {one.positives:,} true",
            title_justify="left",
        )
        for place, column in enumerate(
            ("model", "AUC", "95 %", "ours less it", "AP", "ECE", "in blocks")
        ):
            table.add_column(column, justify="right" if place else "left")
        for name, measures in one.second_half.items():
            table.add_row(
                _NAMES[name],
                f"{measures.auc:.3f}",
                _span(one, name),
                _span(one, f"ours minus {name}", sign="+"),
                f"{measures.ap:.3f}",
                f"{measures.ece:.3f}",
                "" if measures.block_auc is None else f"{measures.block_auc:.3f}",
            )
        console.print(table)
    console.print("- the second half of each stream; 95 % by drawing customers or blocks again")
    console.print("- LightGBM and the logistic regression are fitted again on what has matured")


def _span(one: Judged, name: str, *, sign: str = "") -> str:
    if name not in one.intervals:
        return ""
    low, high = one.intervals[name]
    return f"{low:{sign}.3f}…{high:{sign}.3f}"
