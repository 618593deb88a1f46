"""What topics must look like, what they look like on a broker, and the creation of missing ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from adapters.errors import AdapterError, TopicMismatchError
from adapters.kafka_admin import kafka_admin
from contracts.topics import TOPICS, TopicSpec

_HOUR_MS = 3_600_000
_SEGMENT_BYTES_COMPACT = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """A topic as it must be on the broker: name with its prefix, counts, and settings by name."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing about an existing topic that is not as it must be."""

    topic: str
    what: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.got}, must be {self.wanted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPlan:
    """What to create, what differs and needs a person to look, and what is right."""

    create: tuple[WantedTopic, ...]
    differ: tuple[Difference, ...]
    right: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Whether every topic is there and as it must be."""
        return not self.create and not self.differ


def wanted_topics(
    *, prefix: str = "", partitions: int = 4, replication_factor: int = 1
) -> tuple[WantedTopic, ...]:
    """Return every topic of a deployment.

    Args:
        prefix: Stands before each name, as it is; it tells environments on one cluster apart.
        partitions: Of keyed topics, the same for all and fixed for life; the others have one.
        replication_factor: Copies of each partition.

    >>> topics = {t.name: t for t in wanted_topics(prefix="uat.", partitions=12)}
    >>> topics["uat.transactions.v1"].config["message.timestamp.type"]  # when the bank knew
    'LogAppendTime'
    >>> topics["uat.decide-state.v1"].config["cleanup.policy"]
    'compact'
    >>> topics["uat.journal.v1"].partitions, topics["uat.examples.v1"].partitions
    (12, 1)
    """
    return tuple(
        WantedTopic(
            name=f"{prefix}{spec.topic}",
            partitions=partitions if spec.keyed else 1,
            replication_factor=replication_factor,
            config=_config(spec),
            why=spec.why,
        )
        for spec in TOPICS
    )


def _config(spec: TopicSpec) -> dict[str, str]:
    config = {
        "cleanup.policy": "compact" if spec.compact else "delete",
        "max.message.bytes": str(spec.max_message_bytes),
        "message.timestamp.type": "LogAppendTime" if spec.append_time else "CreateTime",
        "retention.ms": str(spec.retention_ms),
    }
    if spec.compact:
        # A worker that arrives reads the whole changelog, and the cleaner leaves the open segment
        # alone: small segments, cleaned when a third is stale, keep that read near one state per
        # subject. A tombstone stays a day, longer than any worker takes to read to the end.
        config |= {
            "segment.bytes": str(_SEGMENT_BYTES_COMPACT),
            "segment.ms": str(_HOUR_MS),
            "min.cleanable.dirty.ratio": "0.3",
            "delete.retention.ms": str(24 * _HOUR_MS),
        }
    return config


def manifest_yaml() -> str:
    """Return the manifest of a deployment without prefix: `deploy/topics.yaml`, for people to read.

    `partitions: null` stands for the deployment's own count of keyed topics.
    """
    topics = [
        {
            "name": str(spec.topic),
            "why": spec.why,
            "partitions": None if spec.keyed else 1,
            "config": _config(spec),
        }
        for spec in TOPICS
    ]
    head = "# Written by `make freeze` from contracts/topics.py; a test says when they disagree.\n"
    return head + yaml.safe_dump({"topics": topics}, sort_keys=False, allow_unicode=True)


def plan_topics(bootstrap: str, wanted: tuple[WantedTopic, ...]) -> TopicPlan:
    """Compare what must be with what the broker has; changes nothing.

    Raises:
        BrokerAbsentError: Nobody answers.
    """
    with kafka_admin(bootstrap) as admin:
        return _plan(admin, wanted)


def apply_topics(bootstrap: str, wanted: tuple[WantedTopic, ...]) -> TopicPlan:
    """Create the missing topics, wait until each has its leaders, and return what was done.

    A topic that differs is left alone: a partition count is fixed for life, and a retention may be
    somebody's decision. The plan that is returned still lists it.

    Raises:
        BrokerAbsentError: Nobody answers.
        AdapterError: The broker refuses to create a topic.
    """
    with kafka_admin(bootstrap) as admin:
        plan = _plan(admin, wanted)
        if plan.create:
            _create(admin, plan.create)
        return plan


def require_topics(bootstrap: str, wanted: tuple[WantedTopic, ...]) -> None:
    """Refuse to go on unless every topic is there and right: what a worker asks before it starts.

    Raises:
        BrokerAbsentError: Nobody answers.
        TopicMismatchError: A topic is missing or differs; the message names each.
    """
    plan = plan_topics(bootstrap, wanted)
    if plan.is_done:
        return
    missing = [f"{topic.name}: is missing" for topic in plan.create]
    found = "; ".join([*missing, *(str(difference) for difference in plan.differ)])
    raise TopicMismatchError(
        f"Shouwen needs its topics at {bootstrap!r} as contracts/topics.py describes them; "
        f"got {found}. `shouwen topics apply` creates what is missing; what differs is yours "
        "to change."
    )


def _create(admin: KafkaAdminClient, topics: tuple[WantedTopic, ...]) -> None:
    requested = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replication_factor,
            "configs": dict(topic.config),
        }
        for topic in topics
    }
    try:
        answer = admin.create_topics(requested, raise_errors=False)
        refused = [
            f"{topic['name']}: {topic['error_message'] or for_code(topic['error_code']).__name__}"
            for topic in answer["topics"]
            # Somebody else may apply at the same time; if theirs differs, the next plan says so.
            if for_code(topic["error_code"]) not in {NoError, TopicAlreadyExistsError}
        ]
        if not refused:
            admin.wait_for_topics(list(requested))
    except KafkaError as error:
        refused = [str(error)]
    if refused:
        raise AdapterError(
            f"Shouwen needs to create {len(requested)} topics; the broker said "
            f"{'; '.join(refused)}. Check its rights, its size and the replication factor."
        )


def _plan(admin: KafkaAdminClient, wanted: tuple[WantedTopic, ...]) -> TopicPlan:
    names = set(admin.list_topics())
    present = [topic for topic in wanted if topic.name in names]
    described = _describe(admin, [topic.name for topic in present])
    configs = _configs(admin, present)
    differ: list[Difference] = []
    right: list[str] = []
    for topic in present:
        found = list(_differences(topic, described[topic.name], configs[topic.name]))
        differ.extend(found)
        if not found:
            right.append(topic.name)
    return TopicPlan(
        create=tuple(topic for topic in wanted if topic.name not in names),
        differ=tuple(differ),
        right=tuple(right),
    )


def _describe(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    return {t["name"]: t for t in admin.describe_topics(names)} if names else {}


def _configs(admin: KafkaAdminClient, topics: list[WantedTopic]) -> dict[str, dict[str, Any]]:
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, list(topic.config)) for topic in topics
    ]
    return admin.describe_configs(asked, config_filter="all")["topic"] if asked else {}


def _differences(
    topic: WantedTopic, described: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[Difference]:
    replicas = [len(partition["replica_nodes"]) for partition in described["partitions"]]
    counts = (
        ("partitions", topic.partitions, len(replicas)),
        ("replication factor", topic.replication_factor, min(replicas, default=0)),
    )
    for what, wanted, got in counts:
        if wanted != got:
            yield Difference(topic=topic.name, what=what, wanted=str(wanted), got=str(got))
    for what, value in topic.config.items():
        found = str(config[what]["value"])
        if value != found:
            yield Difference(topic=topic.name, what=what, wanted=value, got=found)
