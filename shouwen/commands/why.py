"""`shouwen why`: the whole tree behind one decision."""

import json
from pathlib import Path

import click
from rich.console import Console

from replay.folding import this_engine
from replay.why import why
from replay.why_text import print_why
from shouwen.journals import journal_option, opened


@click.command(name="why")
@click.argument("decision")
@journal_option
@click.option("--all", "all_features", is_flag=True, help="Every feature, not only those read.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, floats as hex.")
def command(decision: str, journal: Path | None, *, all_features: bool, as_json: bool) -> None:
    """Explain one DECISION: events, features, scores, rules, band, actions, contact, payload.

    The journal is folded again up to the decision, so that what is shown is what was known then,
    and every number is traced to the events that it rests on.

    \b
    Example:
      shouwen why d_9bee32b110800c285b28 --journal var/journals/today
    """
    with opened(journal) as kept:
        tree = why(kept, decision, engine=this_engine())
    if as_json:
        click.echo(json.dumps(tree.as_json(), ensure_ascii=False))
    else:
        print_why(tree, Console(), all_features=all_features)
