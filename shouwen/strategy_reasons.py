"""The reasons of a strategy's risk tables, tried on made-up customers before any real one."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.control import StrategyActivated
from decisions.risk.made_up import Tried, try_reasons
from decisions.strategy import load
from shouwen.errors import ShouwenError

LEAST_FAITHFUL_RATIO = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTable:
    """What came of one risk table."""

    table: str
    found: Tried


def reasons_of(activated: StrategyActivated) -> Iterator[TriedTable]:
    """Try the reasons of each risk table that the strategy or one of its arms decides by.

    Raises:
        ShouwenError: reasons that explain nothing, or what would have helped and is not told.
    """
    strategy = load(activated.strategy)
    seen = []
    for arm in sorted(strategy.spec.experiment.arms):
        table = strategy.plan(arm).risk
        if table in seen:
            continue
        seen.append(table)
        found = try_reasons(table)
        if found.faithful_ratio < LEAST_FAITHFUL_RATIO or found.untold:
            wrong = ", ".join(sorted({*found.untrue, *found.untold}))
            raise ShouwenError(
                f"the risk table {table.name!r} of arm {arm!r} needs reasons that are true; "
                f"{len(found.untrue)} of {found.reasons} on made-up customers explain nothing, and "
                f"{len(found.untold)} times what would have helped is not told: {wrong}. Look for "
                "a limit, a column or a band that contradicts another one."
            )
        yield TriedTable(
            table=table.name if arm == "champion" else f"{table.name} ({arm})", found=found
        )
