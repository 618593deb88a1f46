"""`shouwen topics`: what the broker must have, what it has, and the creation of what is missing."""

import json
import sys

import click

from adapters.topics_admin import (
    TopicPlan,
    WantedTopic,
    apply_topics,
    plan_topics,
    wanted_topics,
)
from shouwen.settings import Settings

_CREATED = "created"
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")


@click.group(name="topics")
def command() -> None:
    """Plan, create or check the topics of this deployment.

    Names, counts and settings come from contracts/topics.py and SHOUWEN_TOPIC_PREFIX, _PARTITIONS
    and _REPLICATION_FACTOR. A topic that exists is never altered: what differs is reported, and the
    exit code is 1.

    \b
    Example:
      shouwen topics plan && shouwen topics apply
    """


@command.command()
@_AS_JSON
def plan(*, as_json: bool) -> None:
    """Say what `apply` would create and what differs; changes nothing.

    \b
    Example:
      shouwen topics plan --json
    """
    settings, wanted = _deployment()
    planned = plan_topics(settings.kafka_bootstrap, wanted)
    _show(planned, verb="would create", as_json=as_json)
    _fail_if(planned.differ)


@command.command()
@_AS_JSON
def apply(*, as_json: bool) -> None:
    """Create the topics that are missing.

    \b
    Example:
      SHOUWEN_PARTITIONS=12 SHOUWEN_REPLICATION_FACTOR=3 shouwen topics apply
    """
    settings, wanted = _deployment()
    applied = apply_topics(settings.kafka_bootstrap, wanted)
    _show(applied, verb=_CREATED, as_json=as_json)
    _fail_if(applied.differ)


@command.command()
@_AS_JSON
def check(*, as_json: bool) -> None:
    """Exit with 0 only when every topic is there and as it must be.

    \b
    Example:
      shouwen topics check || echo "not ready"
    """
    settings, wanted = _deployment()
    found = plan_topics(settings.kafka_bootstrap, wanted)
    _show(found, verb="missing", as_json=as_json)
    _fail_if(not found.is_done)


def _deployment() -> tuple[Settings, tuple[WantedTopic, ...]]:
    settings = Settings.load()
    wanted = wanted_topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )
    return settings, wanted


def _show(found: TopicPlan, *, verb: str, as_json: bool) -> None:
    if as_json:
        body = {
            verb.replace(" ", "_"): [topic.name for topic in found.create],
            "differ": [
                {"topic": d.topic, "what": d.what, "wanted": d.wanted, "got": d.got}
                for d in found.differ
            ],
            "right": list(found.right),
        }
        click.echo(json.dumps(body))
        return
    for topic in found.create:
        click.echo(f"{verb} {topic.name}, {topic.partitions} partitions: {topic.why}")
    for difference in found.differ:
        click.echo(f"differs {difference}")
    right = len(found.right) + (len(found.create) if verb == _CREATED else 0)
    total = len(found.right) + len(found.create) + len({d.topic for d in found.differ})
    click.echo(f"{right} of {total} topics are as they must be")


def _fail_if(failed: object) -> None:
    if failed:
        sys.exit(1)
