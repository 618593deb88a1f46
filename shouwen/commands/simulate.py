"""`shouwen simulate`: write the events of a bank that does not exist to a file."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from contracts.recorded import RecordedEvent
from shouwen.output_file import require_folder
from shouwen.progress import progress_bar

_FIRST_DAY = "2026-01-05"
_LOCAL_OFFSET = timedelta(hours=8)
_DAY_MS = 86_400_000
_YEARS = range(1990, 2096)
"""Of the first day: accounts are older than it, and contracts know times from 1970 to 2109."""


def _a_day_the_contracts_know(
    _context: click.Context, _option: click.Parameter, start: datetime
) -> datetime:
    if start.year not in _YEARS:
        raise click.BadParameter(f"it needs a year from {_YEARS[0]} to {_YEARS[-1]}.")
    return start


@click.command(
    name="simulate",
    epilog="Example: shouwen simulate --seed 7 --customers 300 --days 180 --out bank.jsonl",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another bank.")
@click.option(
    "--customers", type=click.IntRange(1, 999_999), default=300, show_default=True, help="How many."
)
@click.option(
    "--days", type=click.IntRange(1, 3_650), default=180, show_default=True, help="How long."
)
@click.option(
    "--start",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=_FIRST_DAY,
    show_default=True,
    callback=_a_day_the_contracts_know,
    help="The first day, in China's time.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="The JSONL file to write; it is replaced only when all is written.",
)
@click.option(
    "--campaigns",
    is_flag=True,
    help="Contact customers by a coin, every 30 days: some draw because of it, some despite it.",
)
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write what each contact did and its absence would have done; needs --campaigns.",
)
def command(
    *,
    seed: int,
    customers: int,
    days: int,
    start: datetime,
    out: Path,
    campaigns: bool,
    truth: Path | None,
) -> None:
    """Write the events of a small simulated bank to a JSONL file.

    The same options write the same bytes. One line is one event, in the order in which the bank
    came to know them.

    With `--campaigns` customers are contacted by SMS once a month or not, by chance.
    What that changed is in no event; `--truth` writes it to another file, one drawing of the coin
    a line, by living each life again with that coin the other way round.
    """
    from simulator import simulate, truths, write_jsonl, write_truths

    require_folder(out, option="--out")
    if truth is not None:
        require_folder(truth, option="--truth")
        if not campaigns:
            raise click.UsageError("--truth is about a campaign: add --campaigns.")
    midnight = start.replace(tzinfo=UTC) - _LOCAL_OFFSET
    start_ms = int(midnight.timestamp()) * 1000
    bank = {"seed": seed, "customers": customers, "days": days, "start_ms": start_ms}
    events = simulate(**bank, campaigns=campaigns)
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with (
            unfinished.open("wb") as file,
            progress_bar("days", days) as tell,
        ):
            count = write_jsonl(_shown(events, start_ms, tell), file)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    click.echo(f"{count} events of {customers} customers over {days} days in {out}")
    if truth is not None:
        with truth.open("wb") as file:
            drawings = write_truths(truths(**bank), file)
        click.echo(f"{drawings} contacts drawn by chance, with both outcomes, in {truth}")


def _shown(
    events: Iterable[RecordedEvent], start_ms: int, update: Callable[[int], None]
) -> Iterator[RecordedEvent]:
    """Yield the events, and tell of each day that has passed in them."""
    passed = 0
    for event in events:
        if (event.known_at_ms - start_ms) // _DAY_MS > passed:
            update(1)
            passed += 1
        yield event
