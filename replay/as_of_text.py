"""Features as of a moment, for a person at a terminal and for a program."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from replay.as_of import AsOf
from replay.report import when
from replay.traces import FeatureUsed
from replay.why_text import event_text
from replay.words import feature_text

EVENTS_SHOWN = 1


def as_json(found: AsOf, shown: Sequence[FeatureUsed]) -> dict[str, Any]:
    """Return the reading as plain data: a value as a number where there is one, and always as hex.

    `confirmed` is none where the journal was not read.
    """
    return {
        "customer": found.subject_id,
        "partition": found.partition,
        "seq": found.seq,
        "as_of_ms": found.at_ms,
        "schema": found.schema,
        "events": found.events,
        "features": {
            used.name: {
                "value": None if math.isnan(used.value) else used.value,
                "hex": used.value_hex,
                "unit": used.unit,
                "confirmed": used.confirmed if found.traced else None,
                "events": [asdict(event) for event in used.events],
            }
            for used in shown
        },
    }


def print_as_of(
    found: AsOf,
    shown: Sequence[FeatureUsed],
    console: Console,
    *,
    family_of: Callable[[str], str],
    meaning_of: Callable[[str], str],
    all_events: bool = False,
) -> None:
    """Print the features by family, each with the newest events behind it.

    Args:
        found: What was known.
        shown: Which of its features.
        console: Where to.
        family_of: Where a feature belongs.
        meaning_of: What a feature is, in a line; shown with `all_events`.
        all_events: Every event, not the newest alone.
    """
    root = Tree(
        Text.assemble(
            ("客户 customer ", ""),
            (found.subject_id, "bold"),
            f"  截至 as of {when(found.at_ms)} UTC+8  [journal {found.partition}:{found.seq}]",
            f"  {found.events:,} 个事件 events" if found.traced else "",
        )
    )
    families: Mapping[str, list[FeatureUsed]] = _by_family(shown, family_of)
    for family, members in families.items():
        branch = root.add(Text(family, style="bold"))
        for used in members:
            node = branch.add(_line(used, traced=found.traced))
            if all_events:
                node.add(Text(meaning_of(used.name), style="italic"))
            events = used.events if all_events else used.events[-EVENTS_SHOWN:]
            for event in events:
                node.add(Text(event_text(event), style="dim"))
            if len(used.events) > len(events):
                hidden = len(used.events) - len(events)
                node.add(
                    Text(f"更早 {hidden:,} earlier: --feature {used.name}", style="dim italic")
                )
    unconfirmed = [used.name for used in shown if not used.confirmed]
    if found.traced and unconfirmed:
        root.add(Text(f"未能由事件重算 not confirmed by the events: {', '.join(unconfirmed)}"))
    console.print(root)


def _line(used: FeatureUsed, *, traced: bool) -> Text:
    is_known = not math.isnan(used.value)
    line = Text(used.name)
    line.append("  ")
    line.append(feature_text(used.value, used.unit), style="bold cyan" if is_known else "dim")
    if is_known and used.unit in {"minor", "minor_per_day", "ratio", "days", "minutes"}:
        line.append(f"  = {used.value!r} {used.unit}", style="dim")
    if traced and used.events:
        line.append(f"  {len(used.events):,} 个事件 events", style="dim")
    return line


def _by_family(
    shown: Sequence[FeatureUsed], family_of: Callable[[str], str]
) -> dict[str, list[FeatureUsed]]:
    families: dict[str, list[FeatureUsed]] = {}
    for used in shown:
        families.setdefault(family_of(used.name), []).append(used)
    return families
