"""`shouwen models`: what the models are worth, and what people order about them."""

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import click
from confluent_kafka import KafkaException, Producer
from pydantic import ValidationError
from rich.console import Console

from contracts.model_orders import ModelOrder
from contracts.topics import LARGE_MESSAGE_BYTES, Topic
from shouwen.errors import ShouwenError
from shouwen.model_view.history import History, read_history
from shouwen.model_view.page import page as page_of
from shouwen.model_view.text import (
    measures_of,
    print_comparison,
    print_list,
    print_model,
)
from shouwen.output_file import require_folder
from shouwen.settings import Settings

_SECONDS = 30.0
_OPTION_PEOPLE = {
    "--asked-by": "Who asks, as a token of the bank's.",
    "--approved-by": "Who approves; another person.",
}


@click.group(name="models")
def command() -> None:
    """See how the models do, and decide which of them serves.

    \b
    Example:
      shouwen models list
      shouwen models page models.html
      shouwen models promote dpd30_mob3 --line main --asked-by li --approved-by wang \\
        --reason "calibrated since May"
    """


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="The newest reports as one JSON array.")
def list_models(*, as_json: bool) -> None:
    """List every model: who serves, since when, how good it is, what is wrong.

    \b
    Example: shouwen models list
    """
    history = read_history(Settings.load())
    if as_json:
        newest = history.newest()
        reports = [report.model_dump(mode="json") for _, report in sorted(newest.reports.items())]
        click.echo(json.dumps(reports, ensure_ascii=False))
        return
    print_list(history, Console())


@command.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="The newest report as JSON.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the page of this model here.")
def show(model: str, *, as_json: bool, html: Path | None) -> None:
    """Show all about MODEL: measures, challengers, drift, events, newest snapshots.

    \b
    Example: shouwen models show drawn_30d
    """
    require_folder(html, option="--html")
    settings = Settings.load()
    history = read_history(settings)
    if html is not None:
        history.report(model)
        html.write_text(page_of(history, deployment=_name(settings), only=model), encoding="utf-8")
        click.echo(f"wrote {html}")
    elif as_json:
        click.echo(history.report(model).model_dump_json())
    else:
        print_model(model, history, Console())


@command.command()
@click.argument("one")
@click.argument("other")
@click.option("--json", "as_json", is_flag=True, help="Both as JSON.")
def compare(one: str, other: str, *, as_json: bool) -> None:
    """Compare ONE with OTHER: lines as MODEL/LINE, or snapshots by their id.

    A snapshot's measures are those of when it was taken; lines are measured on the same rows.

    \b
    Example:
      shouwen models compare drawn_30d/main drawn_30d/fast
      shouwen models compare drawn_30d:0123456789abcdef drawn_30d:fedcba9876543210
    """
    history = read_history(Settings.load())
    sides = measures_named(history, one), measures_named(history, other)
    if as_json:
        click.echo(json.dumps({one: dict(sides[0]), other: dict(sides[1])}))
        return
    print_comparison((one, other), sides, Console())


@command.command()
@click.argument("out", type=click.Path(path_type=Path))
def page(out: Path) -> None:
    """Write all models as one HTML page to OUT: learning, reliability, drift, challengers.

    \b
    Example: shouwen models page models.html
    """
    require_folder(out, option="OUT")
    settings = Settings.load()
    out.write_text(page_of(read_history(settings), deployment=_name(settings)), encoding="utf-8")
    click.echo(f"wrote {out}")


@command.command()
@click.argument("model")
@click.option("--line", help="The line of the learner that is to serve.")
@click.option("--snapshot", help="Or the id of a snapshot, which then serves frozen.")
@click.option("--asked-by", required=True, help=_OPTION_PEOPLE["--asked-by"])
@click.option("--approved-by", required=True, help=_OPTION_PEOPLE["--approved-by"])
@click.option("--reason", required=True, help="Why; it stays with the model.")
def promote(
    model: str,
    *,
    line: str | None,
    snapshot: str | None,
    asked_by: str,
    approved_by: str,
    reason: str,
) -> None:
    """Let a line or a snapshot of MODEL serve; two different people stand behind it.

    A line serves as it learns; of a risk model, what the line knows now serves until the next
    order.

    \b
    Example: shouwen models promote dpd30_mob3 --line main --asked-by li --approved-by wang \\
      --reason "calibrated since May"
    """
    settings = _live()
    _send(
        settings,
        order="promote",
        model=model,
        line=line,
        snapshot=None if snapshot is None else read_history(settings).snapshot(snapshot),
        asked_by=asked_by,
        approved_by=approved_by,
        reason=reason,
    )


@command.command()
@click.argument("model")
@click.option("--to", "snapshot", help="The id of a snapshot; without it, the last good one.")
@click.option("--asked-by", required=True, help=_OPTION_PEOPLE["--asked-by"])
@click.option("--reason", required=True, help="Why; it stays with the model.")
def rollback(model: str, *, snapshot: str | None, asked_by: str, reason: str) -> None:
    """Let MODEL go back to a snapshot that served before; it serves frozen.

    \b
    Example: shouwen models rollback drawn_30d --asked-by li --reason "complaints"
    """
    settings = _live()
    found = None
    if snapshot is not None:
        history = read_history(settings)
        found = history.snapshot(snapshot)
        require_served(history, snapshot)
    _send(
        settings,
        order="rollback",
        model=model,
        snapshot=found,
        asked_by=asked_by,
        reason=reason,
    )


@command.command()
@click.argument("model")
@click.option("--asked-by", required=True, help=_OPTION_PEOPLE["--asked-by"])
@click.option("--reason", required=True, help="Why; it stays with the model.")
def freeze(model: str, *, asked_by: str, reason: str) -> None:
    """Let MODEL stand still: what serves now serves on, and nothing changes by itself.

    \b
    Example: shouwen models freeze drawn_30d --asked-by li --reason "end of the year"
    """
    _send(_live(), order="freeze", model=model, asked_by=asked_by, reason=reason)


def measures_named(history: History, name: str) -> Mapping[str, float]:
    """Return the measures of a line (`MODEL/LINE`) or of a snapshot (its id).

    Raises:
        ShouwenError: there is no such line or snapshot.
    """
    model, slash, line = name.partition("/")
    if not slash:
        return measures_of(history.snapshot(name))
    lines = history.report(model).lines
    if line not in lines:
        raise ShouwenError(
            f"a line of {model} needs a name that it has; got {line!r}. "
            f"There are {', '.join(sorted(lines))}."
        )
    return lines[line]


def require_served(history: History, model_id: str) -> None:
    """Refuse to go back to what never served: one person is enough for the way back only.

    Raises:
        ShouwenError: the snapshot never served.
    """
    if not history.has_served(model_id):
        raise ShouwenError(
            f"a rollback needs a snapshot that served before; got {model_id!r}, which never did. "
            "Let two people promote it instead."
        )


def order_of(**fields: object) -> ModelOrder:
    """Return an order, given now under an id of its own.

    Raises:
        ShouwenError: it is not one that the learner would obey, with the reason.
    """
    given = {"order_id": f"o-{uuid.uuid4().hex}", "at_ms": int(time.time() * 1000)}
    try:
        return ModelOrder.model_validate(given | fields)
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}".lstrip(": ")
            for problem in error.errors()
        )
        raise ShouwenError(
            f"an order about a model needs its name, who asked and who approved as tokens, and a "
            f"reason of 1 to 500 letters; got {said}. `shouwen models list` has the names."
        ) from error


def _live() -> Settings:
    settings = Settings.load()
    if settings.clock != "live":
        raise ShouwenError(
            "an order needs a live clock; SHOUWEN_CLOCK is 'recorded'. "
            "A recorded run obeys only what is in its recording."
        )
    return settings


def _name(settings: Settings) -> str:
    return settings.topic_prefix.rstrip(".-") or settings.kafka_bootstrap


def _send(settings: Settings, **fields: object) -> None:
    order = order_of(**fields)
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "enable.idempotence": True,
            "message.max.bytes": LARGE_MESSAGE_BYTES,
            "log_level": 2,
        }
    )
    failed: list[KafkaException] = []
    producer.produce(
        f"{settings.topic_prefix}{Topic.EXAMPLES.value}",
        value=order.model_dump_json().encode(),
        partition=0,
        on_delivery=lambda error, _: failed.append(KafkaException(error)) if error else None,
    )
    left = producer.flush(_SECONDS)
    if failed:
        raise failed[0]
    if left:
        raise ShouwenError(
            f"an order needs a broker at {settings.kafka_bootstrap}; got no answer in "
            f"{_SECONDS:.0f} s. Look whether it runs, and give the order again."
        )
    click.echo(
        f"order {order.order_id} is given to the learner; `shouwen models show {order.model}` "
        "tells what became of it"
    )
