"""`docs/reference.md`, made from the code: `make freeze` writes it again."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from prometheus_client import CollectorRegistry
from pydantic_core import PydanticUndefined

from adapters.metrics import Metrics
from contracts.topics import DAY_MS, FOREVER_MS, SOURCES, TOPICS, TopicSpec
from decisions.moments import MOMENTS
from features import BY_NAME, NAMES
from shouwen.cli import COMMANDS, main
from shouwen.settings import Settings, environment_name
from streams.settings import ROLES
from tests.deploy.driven import collectors

ROOT = Path(__file__).resolve().parents[2]

_BY_COMMAND = {"replay_mismatches": "`shouwen replay verify --metrics-file`"}
"""Metrics that no worker sets, and the command that does."""

_PART_OF = {"feature_quality": "decide", "model_metrics": "learn"}
"""Files of `streams` that belong to one role, though they do not have its name."""

_HEAD = """\
# Reference

Written by `make freeze` from the code; a test says when they disagree. Do not edit it.

[Settings](#settings) · [Commands](#commands) · [Topics](#topics) · [Metrics](#metrics) ·
[Features](#features) · [Moments](#moments)
"""


def reference_md() -> str:
    """Return the whole page."""
    parts = (_HEAD, _settings(), _commands(), _topics(), _metrics(), _features(), _moments())
    return "\n".join(parts)


def _section(title: str, about: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return f"## {title}\n\n{about}\n\n" + "\n".join(lines) + "\n"


def _settings() -> str:
    about = (
        "From the environment, or from the TOML file that `SHOUWEN_CONFIG` names, where a key is\n"
        "the name in small letters without `SHOUWEN_`. The environment wins. An unknown name is\n"
        "refused. `shouwen settings` shows what is in effect."
    )
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in {None, "", PydanticUndefined} else f"`{field.default}`"
        rows.append((f"`{environment_name(name)}`", default, field.description or ""))
    return _section("Settings", about, ("name", "default", "what it is"), rows)


def commands() -> list[tuple[str, click.Command]]:
    """Return every command with its full name, groups and what is in them."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(main)
    for name in sorted(COMMANDS):
        command = main.get_command(context, name) if isinstance(main, click.Group) else None
        assert command is not None, name
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", inner) for sub, inner in sorted(command.commands.items())]
    return found


def _commands() -> str:
    about = (
        "`shouwen COMMAND --help` says more and has an example. Exit codes: 0 done, 1 failed,\n"
        "2 used wrongly."
    )
    rows = []
    for name, command in commands():
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        usage = "" if isinstance(command, click.Group) else usage.removeprefix("[OPTIONS]").strip()
        rows.append((f"`shouwen {name}`", f"`{usage}`" if usage else "", _first_line(command)))
    return _section("Commands", about, ("command", "arguments", "what it does"), rows)


def _first_line(command: click.Command) -> str:
    return (command.help or "").strip().split("\n\n")[0].replace("\n", " ")


def _topics() -> str:
    about = (
        "`SHOUWEN_TOPIC_PREFIX` stands before each name. Partitions: N is `SHOUWEN_PARTITIONS`.\n"
        "A source's record is stamped by the broker when it arrives: that is when the bank knew.\n"
        "`shouwen topics apply` creates them."
    )
    head = ("topic", "partitions", "kept", "largest message", "what it carries")
    return _section("Topics", about, head, [_topic_row(spec) for spec in TOPICS])


def _topic_row(spec: TopicSpec) -> tuple[str, ...]:
    if spec.compact:
        kept = "newest per key (compacted)"
    elif spec.retention_ms == FOREVER_MS:
        kept = "for ever"
    else:
        kept = f"{spec.retention_ms // DAY_MS} days"
    source = "source: " if spec.topic in SOURCES else ""
    partitions = "N" if spec.keyed else "1"
    size = f"{spec.max_message_bytes >> 20} MiB"
    return f"`{spec.topic.value}`", partitions, kept, size, source + spec.why


def _metrics() -> str:
    about = (
        "Each process serves its own at `/metrics`. Labels are closed sets, never a customer.\n"
        "*Set by* is which role's code counts it; `nobody yet` is exported as 0 and says nothing."
    )
    rows = []
    for attribute, metric in collectors(Metrics(CollectorRegistry())):
        (family,) = metric.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(metric._labelnames)
        rows.append((f"`{name}`", family.type, labels, set_by(attribute), family.documentation))
    return _section("Metrics", about, ("metric", "kind", "labels", "set by", "what it is"), rows)


def set_by(attribute: str) -> str:
    """Return which roles' code uses a metric, found in the source.

    >>> set_by("entries"), set_by("transaction")
    ('decide', 'sequence, decide, learn')
    """
    use = re.compile(rf"metrics\.{attribute}\b")
    files = {
        path.stem
        for path in (ROOT / "streams").glob("*.py")
        if use.search(path.read_text(encoding="utf-8"))
    }
    files = {_PART_OF.get(name, name) for name in files}
    roles = [role for role in ROLES if role in files]
    if files - set(ROLES):
        return "every role"
    return ", ".join(roles) or _BY_COMMAND.get(attribute, "nobody yet")


def _features() -> str:
    about = (
        "Every window is read as (at - W, at] over occurrence times, of all events known at that\n"
        "moment. Money is in minor units. A ratio is a plain fraction. *Nothing* is what the\n"
        "feature is where nothing happened."
    )
    rows = [
        (
            f"`{feature.name}`",
            feature.unit,
            "0" if feature.null_policy == "zero" else "missing",
            ", ".join(sorted(feature.permitted_use)) or "nothing",
            feature.why,
        )
        for feature in map(BY_NAME.__getitem__, NAMES)
    ]
    head = ("feature", "unit", "nothing", "may be used for", "why")
    return _section("Features", about, head, rows)


def _moments() -> str:
    about = "Why now. Thresholds are in the code; no strategy file can set others yet."
    rows = []
    for name, rule in MOMENTS.items():
        events = [
            kind.event_type if kind.direction is None else f"{kind.event_type} ({kind.direction})"
            for kind in rule.on
        ]
        timers = [f"timer `{rule.on_timer}…`"] if rule.on_timer else []
        limits = ", ".join(f"{key} = {value:g}" for key, value in rule.thresholds.items())
        again = f"{rule.refractory_ms / 3_600_000:g} h"
        stays = f"{rule.expiry_ms / 3_600_000:g} h"
        rows.append((f"`{name}`", ", ".join([*events, *timers]), limits, again, stays))
    head = ("moment", "looked for on", "thresholds", "not again for", "open for")
    return _section("Moments", about, head, rows)


__all__ = ["commands", "reference_md", "set_by"]
