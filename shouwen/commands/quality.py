"""`shouwen quality`: how good the models are, on public records and the simulated bank."""

import json
from pathlib import Path

import click


@click.command(name="quality", epilog="Example: shouwen quality records --only bank,uci --json")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", help="Sets, with commas between; all where it is left out.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option(
    "--bootstrap",
    "draws",
    type=click.IntRange(20, 100_000),
    default=400,
    show_default=True,
    help="Draws behind each interval.",
)
def command(*, folder: Path, only: str | None, as_json: bool, draws: int) -> None:
    """Measure ours beside LightGBM, a logistic regression and River, in the order of time.

    FOLDER holds the public records in the folders berka, superlender and uci. Every row is scored
    when it comes and its label is held back until the world would know it. What is measured is the
    second half of each stream. docs/quality.md says what each set is and what was found.
    """
    from rich.console import Console

    from shouwen.progress import progress_bar
    from shouwen.quality.lightgbm_peer import require_lightgbm
    from shouwen.quality.report import show, show_uplift
    from shouwen.quality.sets import UPLIFT, chosen, measured, require_records
    from shouwen.quality.uplift import BANK, uplift_quality

    names = chosen(only)
    if names != (UPLIFT,):
        require_lightgbm()
    require_records(names, folder)
    found, uplift = [], None
    with progress_bar("sets", len(names)) as tell:
        for name in names:
            if name == UPLIFT:
                uplift = uplift_quality(**BANK)
            else:
                found.append(measured(name, folder, draws=draws))
            tell(1)
    if as_json:
        sets = [one.as_json() for one in (*found, *(() if uplift is None else (uplift,)))]
        click.echo(json.dumps({"bootstrap": draws, "sets": sets}))
        return
    show(found, Console())
    if uplift is not None:
        show_uplift(uplift, Console())
