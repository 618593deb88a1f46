"""What a verification found, as an auditor reads it."""

from rich.console import Console
from rich.table import Table

from replay.verify import Verification

FINDINGS_SHOWN = 50


def print_verification(found: Verification, console: Console) -> None:
    """Print the answer first, then every finding by its id, its field and both values."""
    checked = f"{found.decisions_checked:,} decisions, {found.conversions_checked:,} conversions"
    console.print(f"重放 Folded {found.entries:,} journal entries again: {checked} compared")
    for build, number in sorted(found.other_builds.items()):
        console.print(
            f"构建不同 another build: {number:,} decisions were made by {build}; "
            f"this is {found.build}"
        )
    if found.signals_checked:
        console.print(f"邻居信号 neighbour signals, each by its cause: {found.signals_checked:,}")
    if found.undecided:
        console.print(f"尚未决策 not decided yet, beyond the record: {found.undecided:,}")
    if found.exact:
        console.print("[bold green]完全一致 exact: every one is equal to the last bit[/bold green]")
        return
    console.print(f"[bold red]不一致 {found.findings():,} records are not confirmed[/bold red]")
    if found.chained:
        console.print(f"  behind them {found.chained:,} decisions differ only in their chain links")
    console.print(_findings(found))


def _findings(found: Verification) -> Table:
    table = Table("journal", "what", "id", "field", "published", "replayed")
    for column in table.columns:
        column.overflow = "fold"  # a bit that is cut off is the one that differs
    table.columns[2].no_wrap = True  # an id is copied into `why`, from a narrow terminal too
    for item in found.mismatches[:FINDINGS_SHOWN]:
        published = item.live if item.digest_agrees else f"{item.live} (not what was signed)"
        where = f"{item.partition}/{item.seq}"
        table.add_row(where, item.kind, item.record_id, item.field, published, item.replayed)
    for what, strays in (
        ("missing", found.missing),
        ("extra", found.extra),
        ("published twice", found.repeated),
    ):
        for stray in strays[:FINDINGS_SHOWN]:
            where = f"{stray.partition}/{stray.seq}"
            table.add_row(where, f"{what} {stray.kind}", stray.record_id, "", "", "")
    return table
