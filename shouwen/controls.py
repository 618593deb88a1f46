"""A control event into every partition of a live deployment, at once in all of them."""

from confluent_kafka import KafkaException, Producer

from adapters.topics_admin import require_topics, wanted_topics
from contracts.control import Control
from contracts.topics import LARGE_MESSAGE_BYTES, Topic
from shouwen.errors import ShouwenError
from shouwen.settings import Settings

_SECONDS = 30.0


def broadcast(control: Control, *, settings: Settings) -> int:
    """Write a control event to every partition in one transaction; return how many there are.

    Raises:
        ShouwenError: the deployment's clock is recorded: there, order is the recording's.
        TopicMismatchError: the topics are not there.
        KafkaException: the broker did not take it; then it is in no partition.
    """
    if settings.clock != "live":
        raise ShouwenError(
            "a switch needs a live clock; SHOUWEN_CLOCK is 'recorded'. "
            "Give the strategies of a recorded run to `shouwen ingest --strategy`."
        )
    wanted = wanted_topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )
    require_topics(settings.kafka_bootstrap, wanted)
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "transactional.id": f"{settings.topic_prefix}strategy-control",
            "message.max.bytes": LARGE_MESSAGE_BYTES,
            "log_level": 2,  # what goes wrong is told once, by the error that is raised
        }
    )
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    value = control.model_dump_json().encode()
    try:
        for partition in range(settings.partitions):
            name = f"{settings.topic_prefix}{Topic.CONTROL.value}"
            producer.produce(name, value=value, partition=partition)
        producer.commit_transaction(_SECONDS)
    except KafkaException:
        producer.abort_transaction(_SECONDS)
        raise
    return settings.partitions
