"""What a view must know of the Kafka that it shows: which one it is, and what was read of it."""

from typing import Protocol

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts.topics import Topic
from streams.settings import StreamSettings

_ANSWER_SECONDS = 10.0


class ViewSource(Protocol):
    """The Kafka behind a view."""

    def cluster(self) -> str:
        """Return the cluster's id: another one has other records under the same offsets."""

    def committed(self, topic: Topic) -> int:
        """Return the offset behind the last record that the group says it has read, or 0."""


class KafkaSource:
    """Asks the brokers.

    Args:
        settings: Where they are, and the names of topics and group.
        partition: Which one is asked about.
    """

    def __init__(self, settings: StreamSettings, partition: int) -> None:
        self._settings = settings
        self._partition = partition

    def cluster(self) -> str:
        """Return the cluster's id.

        Raises:
            KafkaException: no broker answers.
        """
        admin = AdminClient({"bootstrap.servers": self._settings.bootstrap, "log_level": 2})
        found = admin.list_topics(timeout=_ANSWER_SECONDS).cluster_id
        return str(found)

    def committed(self, topic: Topic) -> int:
        """Return the group's committed offset, 0 where it has none.

        Raises:
            KafkaException: no broker answers.
        """
        consumer = Consumer(
            {
                "bootstrap.servers": self._settings.bootstrap,
                "group.id": self._settings.group("project"),
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )
        try:
            place = TopicPartition(self._settings.name(topic), self._partition)
            (found,) = consumer.committed([place], timeout=_ANSWER_SECONDS)
        finally:
            consumer.close()
        return max(0, found.offset)
