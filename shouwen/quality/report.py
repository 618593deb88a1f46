"""What was found, as tables for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from models.qini import Estimate
from shouwen.quality.judged import Judged
from shouwen.quality.uplift import UpliftQuality

_NAMES = {
    "ours": "ours",
    "ours_waiting": "ours, waiting",
    "lightgbm": "LightGBM",
    "plain_logistic": "logistic",
    "river": "River LR",
    "river_tree": "River tree",
}


_RANKINGS = {
    "ours": "our T-learner",
    "challenger": "its challenger, doubly robust",
    "response": "the chance of a loan alone",
    "perfect": "the true inclination",
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


def show_uplift(found: UpliftQuality, console: Console) -> None:
    """Write the table of uplift: as the bank can measure it, and as the simulation knows it."""
    table = Table(
        title=f"simulated-uplift: what a contact changes; {found.rows:,} contacts and controls, "
        f"{found.loans:,} loans",
        title_justify="left",
    )
    for place, column in enumerate(("loans per 1,000 customers", "measured", "95 %", "truth")):
        table.add_column(column, justify="right" if place else "left")
    table.add_row("contacting everybody", *_of(found.effect), f"{1_000 * found.effect_truth:.1f}")
    for name, ranking in found.rankings.items():
        row = (f"Qini of {_RANKINGS[name]}", *_of(ranking.qini), f"{1_000 * ranking.truth:.1f}")
        table.add_row(*row)
    console.print(table)


def _of(estimate: Estimate) -> tuple[str, str]:
    value, low, high = (1_000 * number for number in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f}", f"{low:.1f} to {high:.1f}"


def _span(one: Judged, name: str, *, sign: str = "") -> str:
    if name not in one.intervals:
        return ""
    low, high = one.intervals[name]
    return f"{low:{sign}.3f}…{high:{sign}.3f}"
