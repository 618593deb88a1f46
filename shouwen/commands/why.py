"""`shouwen why`: the whole tree behind one decision."""

import json
from pathlib import Path

import click
from rich.console import Console

from adapters.kept import KeptJournal
from replay.folding import this_engine
from replay.why import why
from replay.why_text import print_why


@click.command(name="why")
@click.argument("decision")
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="A kept journal, as `shouwen replay keep` or `shouwen try` writes it.",
)
@click.option("--all", "all_features", is_flag=True, help="Every feature, not only those read.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, floats as hex.")
def command(decision: str, journal: Path, *, all_features: bool, as_json: bool) -> None:
    """Explain one DECISION: events, features, scores, rules, band, actions, contact, payload.

    The journal is folded again up to the decision, so that what is shown is what was known then,
    and every number is traced to the events that it rests on.

    \b
    Example:
      shouwen why d_9bee32b110800c285b28 --journal var/journals/today
    """
    tree = why(KeptJournal(journal), decision, engine=this_engine())
    if as_json:
        click.echo(json.dumps(tree.as_json(), ensure_ascii=False))
    else:
        print_why(tree, Console(), all_features=all_features)
