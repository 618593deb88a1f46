"""`shouwen features`: what each feature is, what it was at any moment, and rows to learn from."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from features import BY_NAME, NAMES, describe
from replay.as_of import AsOf, Coordinate, as_of, with_events, without_events
from replay.as_of_text import as_json as told_as_json
from replay.as_of_text import print_as_of
from replay.traces import FeatureUsed
from shouwen.errors import ShouwenError
from shouwen.feature_readers import problems, readers
from shouwen.feature_words import family_of, keeps_of, span_of
from shouwen.moment import moment
from strategies import bundled_names

USES = ("marketing", "credit", "fraud")


@click.group(name="features")
def command() -> None:
    """Ask what features there are, what one means, and what they were at any moment.

    \b
    Example:
      shouwen features describe cash_buffer_days
      shouwen features show c-000012 --at 2026-03-01T09:30 --journal var/journals/today
      shouwen features frame --journal var/journals/today --out frame.parquet
    """


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def list_features(*, as_json: bool) -> None:
    """List every feature: unit, window, aggregation, permitted use, what it is without events.

    \b
    Example: shouwen features list
    """
    if as_json:
        click.echo(json.dumps([_row(name) for name in NAMES], ensure_ascii=False))
        return
    caption = "use: m marketing, c credit, f fraud; else: what it is without events (– missing)"
    table = Table(
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        caption=caption,
        caption_justify="left",
    )
    for title in ("feature", "how", "unit", "use", "else"):
        table.add_column(title, overflow="fold", no_wrap=title == "feature")
    for family, names in _families().items():
        table.add_section()
        table.add_row(Text(family, style="bold"))
        for name in names:
            row = _row(name)
            allowed = BY_NAME[name].permitted_use
            use = "".join(each[0] for each in USES if each in allowed)
            nothing = "0" if row["null_policy"] == "zero" else "–"
            how = f"{row['aggregation']}, {row['window']}"
            unit = str(row["unit"]).replace("_per_", "/")
            table.add_row(name, how, unit, use or "none", nothing)
    Console().print(table)


@command.command(name="describe")
@click.argument("name")
def describe_feature(name: str) -> None:
    """Say all about the feature NAME: definition, why, use, retention, and who reads it.

    \b
    Example: shouwen features describe debt_service_ratio
    """
    _require_known((name,))
    click.echo(describe(name))
    click.echo(f"  Family: {family_of(name)}. Its events are remembered for {keeps_of(name)}.")
    click.echo("  Read by:")
    found = [reader for reader in readers(bundled_names()) if name in reader.features]
    for reader in found:
        click.echo(f"    {reader.name}, for {reader.use}")
    if not found:
        click.echo("    nobody that comes with this version")


@command.command()
@click.argument("strategies", nargs=-1, metavar="[STRATEGY...]")
def check(strategies: tuple[str, ...]) -> None:
    """Check that all who read features read known ones, for what they may be used for.

    Who reads: moments, risk rules, models, the bundled strategies, and every STRATEGY named (a
    file or a bundled name). Exit code 1 with one line for each problem.

    \b
    Example: shouwen features check my_strategy.yaml
    """
    asked = readers([*bundled_names(), *strategies])
    found = list(dict.fromkeys(problems(asked)))
    for problem in found:
        click.echo(problem)
    if found:
        sys.exit(1)
    click.echo(f"{len(NAMES)} features and {len(asked)} who read them: all permitted")


@command.command()
@click.argument("customer")
@click.option("--at", "at", type=str, help="ISO 8601 (UTC+8), epoch ms, or PARTITION:NUMBER.")
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A kept journal; without it the live deployment, from SHOUWEN_KAFKA_BOOTSTRAP.",
)
@click.option("--feature", "chosen", multiple=True, help="Only this one, with all its events.")
@click.option("--events/--no-events", default=True, help="Whether to trace values to events.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, floats as hex too.")
def show(
    customer: str,
    at: str | None,
    journal: Path | None,
    chosen: tuple[str, ...],
    *,
    events: bool,
    as_json: bool,
) -> None:
    """Show what CUSTOMER's features are, or were at a moment, with the events behind each.

    Without `--at` and `--journal` the values come off the newest state that `decide` holds; with
    either they are folded from the journal, and are what was known then: an event that came later
    is not in them, however early it occurred.

    \b
    Example:
      shouwen features show c-000012
      shouwen features show c-000012 --at 0:41822 --feature cash_buffer_days
    """
    _require_known(chosen)
    wanted = None if at is None else moment(at)
    found = _reading(customer, wanted, journal, events=events)
    shown = [used for used in found.features if not chosen or used.name in chosen]
    if as_json:
        click.echo(json.dumps(told_as_json(found, shown), ensure_ascii=False))
        return
    print_as_of(
        found,
        _in_order(shown),
        Console(),
        family_of=family_of,
        meaning_of=describe,
        all_events=bool(chosen),
    )


@command.command()
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A kept journal; without it the live one, from SHOUWEN_KAFKA_BOOTSTRAP.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file."
)
@click.option(
    "--labels",
    type=click.Choice(["examples", "decisions"]),
    default="examples",
    show_default=True,
    help="One row per row that was scored to learn from, or per decision.",
)
@click.option(
    "--use",
    type=click.Choice(USES),
    help="Only features that may be used for it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def frame(journal: Path | None, out: Path, labels: str, use: str | None, *, as_json: bool) -> None:
    """Write a training frame as Parquet: features as they were scored, and what became of it.

    Each row has the features at its own coordinate and never later ones, and is compared with what
    was scored there: exit code 1 where a bit differs. Features that may be used for nothing are
    left out.

    \b
    Example:
      shouwen features frame --journal var/journals/today --out frame.parquet --use credit
    """
    from shouwen.feature_frame import write_frame

    written = write_frame(journal, out, "decisions" if labels == "decisions" else "examples", use)
    if as_json:
        click.echo(json.dumps(written.as_json(), ensure_ascii=False))
    else:
        click.echo(written.text())
    if written.unequal:
        sys.exit(1)


def _reading(
    customer: str, at: Coordinate | int | None, journal: Path | None, *, events: bool
) -> AsOf:
    if journal is not None:
        from adapters.kept import KeptJournal

        return as_of(KeptJournal(journal), customer, at, traced=events)
    from adapters.kafka_journal import LiveJournal
    from shouwen.feature_state import LiveJournals, newest
    from shouwen.settings import Settings

    settings = Settings.load()
    live = LiveJournals(LiveJournal(settings.kafka_bootstrap, prefix=settings.topic_prefix))
    if at is not None:
        return as_of(live, customer, at, traced=events)
    state = newest(settings, customer, partitions=len(live.partitions))
    if not events:
        return without_events(state.values, state.place, partition=state.partition)
    return with_events(live, state.values, state.place, partition=state.partition)


def _row(name: str) -> dict[str, object]:
    feature = BY_NAME[name]
    return {
        "name": name,
        "family": family_of(name),
        "unit": feature.unit,
        "window": span_of(name),
        "aggregation": getattr(feature, "aggregation", type(feature).__name__.lower()),
        "permitted_use": sorted(feature.permitted_use),
        "null_policy": feature.null_policy,
        "why": feature.why,
    }


def _families() -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for name in NAMES:
        families.setdefault(family_of(name), []).append(name)
    return families


def _in_order(shown: Sequence[FeatureUsed]) -> list[FeatureUsed]:
    by_name = {used.name: used for used in shown}
    return [by_name[name] for names in _families().values() for name in names if name in by_name]


def _require_known(names: Sequence[str]) -> None:
    """Refuse a name that is no feature, and offer those that look like it.

    Raises:
        ShouwenError: there is no such feature.
    """
    from difflib import get_close_matches

    for name in names:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=3)
            hint = f" Do you mean {', '.join(near)}?" if near else ""
            raise ShouwenError(
                f"there is no feature {name!r} among {len(NAMES)}.{hint} See `shouwen features "
                "list`."
            )
