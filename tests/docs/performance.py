"""`docs/performance.md`: its tables are written from `benchmarks/results/` by `make freeze`."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shouwen.bench import features_bench, models_bench, state_bench
from shouwen.bench.machine import Machine
from shouwen.bench.report import Sheet

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/performance.md"
RESULTS = ROOT / "benchmarks/results"
_END = "<!-- end -->"

SHEETS: dict[str, Callable[[Mapping[str, Any]], Sequence[Sheet]]] = {
    "features": features_bench.sheets,
    "models": models_bench.sheets,
    "state": state_bench.sheets,
}
"""Benchmark: its tables, from the numbers as they are kept."""


def performance_md() -> str:
    """Return the page, its prose as it is and its tables as the kept results say."""
    page = PAGE.read_text(encoding="utf-8")
    for name in SHEETS:
        begin = f"<!-- {name}: written by make freeze -->\n"
        before, found, rest = page.partition(begin)
        _, end, after = rest.partition(_END)
        assert found, f"{PAGE.name} needs a place for the tables of {name}"
        page = before + begin + tables_of(name) + end + after
    return page


def tables_of(name: str) -> str:
    """Return the tables of a benchmark in Markdown, and of which machine and code they are."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return f"\nNo results of `shouwen bench {name}` are kept yet.\n\n"
    kept = json.loads(file.read_text(encoding="utf-8"))
    tables = "\n".join(_table(sheet) for sheet in SHEETS[name](kept))
    return f"\n{tables}\n{Machine(**kept['machine'])}; commit {kept['commit']}.\n\n"


def _table(sheet: Sheet) -> str:
    line = "|---|" + "---:|" * (len(sheet.columns) - 1)
    rows = [" | ".join(row) for row in (sheet.columns, *sheet.rows)]
    head, *body = (f"| {row} |" for row in rows)
    return "\n".join((f"**{sheet.title}**", "", head, line, *body, ""))
