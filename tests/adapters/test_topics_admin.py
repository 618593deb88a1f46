"""Topics are created once, as the contracts say, and never altered behind anybody's back."""

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from adapters.errors import AdapterError, BrokerAbsentError, TopicMismatchError
from adapters.kafka_admin import kafka_admin
from adapters.local_kafka import LocalKafka
from adapters.topics_admin import (
    apply_topics,
    plan_topics,
    require_topics,
    wanted_topics,
)
from contracts.topics import SOURCES, TOPICS

pytestmark = pytest.mark.kafka


def test_apply_creates_what_plan_announced_and_then_nothing_is_left(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    """An operator reads the plan, applies it, and can trust that the two are the same."""
    wanted = wanted_topics(prefix=topic_prefix, partitions=3)

    planned = plan_topics(kafka.bootstrap, wanted)
    applied = apply_topics(kafka.bootstrap, wanted)
    after = plan_topics(kafka.bootstrap, wanted)

    assert planned == applied
    assert [topic.name for topic in planned.create] == [f"{topic_prefix}{t.topic}" for t in TOPICS]
    assert after.is_done
    assert after.right == tuple(topic.name for topic in wanted)


def test_a_topic_that_differs_is_reported_and_left_alone(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    """A partition count is fixed for life and a retention may be somebody's decision."""
    wanted = wanted_topics(prefix=topic_prefix)
    journal = f"{topic_prefix}journal.v1"
    with kafka_admin(kafka.bootstrap) as admin:
        admin.create_topics(
            {journal: {"num_partitions": 2, "configs": {"retention.ms": "60000"}}},
            wait_for_metadata=True,
        )

    apply_topics(kafka.bootstrap, wanted)
    after = plan_topics(kafka.bootstrap, wanted)

    assert not after.create
    assert {(d.topic, d.what, d.wanted, d.got) for d in after.differ} == {
        (journal, "partitions", "4", "2"),
        (journal, "retention.ms", "-1", "60000"),
    }


def test_a_worker_is_refused_topics_that_are_missing_or_wrong(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    """Fail at start, not at 3 a.m. when the first decision has nowhere to go."""
    wanted = wanted_topics(prefix=topic_prefix)

    with pytest.raises(TopicMismatchError, match=r"journal\.v1: is missing.*topics apply"):
        require_topics(kafka.bootstrap, wanted)
    apply_topics(kafka.bootstrap, wanted)
    require_topics(kafka.bootstrap, wanted)


def test_the_broker_stamps_source_records_and_nothing_else(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    """When the bank knew is the broker's append time; what we derive carries its own time."""
    wanted = wanted_topics(prefix=topic_prefix)
    apply_topics(kafka.bootstrap, wanted)
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, t.name, ["message.timestamp.type"]) for t in wanted
    ]
    with kafka_admin(kafka.bootstrap) as admin:
        answered = admin.describe_configs(asked, config_filter="all")["topic"]

    stamped = {
        name.removeprefix(topic_prefix)
        for name, config in answered.items()
        if config["message.timestamp.type"]["value"] == "LogAppendTime"
    }
    assert stamped == {str(topic) for topic in SOURCES}


def test_a_refusal_names_the_topic_and_the_reason(kafka: LocalKafka, topic_prefix: str) -> None:
    """`apply` on one broker with three replicas is a mistake that must read as one."""
    with pytest.raises(AdapterError, match=r"control\.v1.*eplication"):
        apply_topics(kafka.bootstrap, wanted_topics(prefix=topic_prefix, replication_factor=3))


def test_an_absent_broker_is_one_clear_error() -> None:
    """Nobody should read a stack trace to learn that Kafka is not there."""
    with (
        pytest.raises(BrokerAbsentError, match="no answer within"),
        kafka_admin("127.0.0.1:1", timeout_seconds=0.2),
    ):
        pass


def test_only_the_state_changelog_is_compacted() -> None:
    """A compacted `consents` would keep one purpose and lose an opt-out."""
    compacted = [t.name for t in wanted_topics() if "compact" in t.config["cleanup.policy"]]

    assert compacted == ["decide-state.v1"]
