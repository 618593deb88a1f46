"""Before a worker joins its group it waits for a broker that has the topics: live, not ready."""

import threading
from collections.abc import Iterable

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from contracts.topics import TOPICS, Topic
from streams.errors import StreamsError
from streams.settings import StreamSettings

_ANSWER_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_KEYED = {spec.topic: spec.keyed for spec in TOPICS}

log = structlog.get_logger(__name__)


def wait_for_topics(
    topics: Iterable[Topic], *, settings: StreamSettings, stopping: threading.Event
) -> bool:
    """Return True when the broker answers and has the topics; False when `stopping` came first.

    Waits for ever, with backoff: a broker that is not there yet is no error.

    Raises:
        StreamsError: a topic has another partition count than the deployment.
    """
    wanted = {settings.name(topic): settings.partitions if _KEYED[topic] else 1 for topic in topics}
    pause_seconds = _FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        missing = _missing(wanted, settings.bootstrap)
        if missing is None:
            log.warning("broker_absent", retry_seconds=pause_seconds)
        elif missing:
            log.warning("topics_absent", topics=missing, retry_seconds=pause_seconds)
        else:
            return True
        stopping.wait(pause_seconds)
        pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
    return False


def _missing(wanted: dict[str, int], bootstrap: str) -> list[str] | None:
    """Return the topics that are not there, or none where nobody answers."""
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    try:
        found = client.list_topics(timeout=_ANSWER_SECONDS).topics
    except KafkaException:
        return None
    for name, partitions in wanted.items():
        got = len(found[name].partitions) if name in found else partitions
        if got != partitions:
            raise StreamsError(
                f"the worker needs {name} with {partitions} partitions; got {got}. "
                "Set SHOUWEN_PARTITIONS to what the deployment was created with."
            )
    return sorted(wanted.keys() - found.keys())
