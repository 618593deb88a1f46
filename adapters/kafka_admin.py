"""The admin connection to a broker, with one clear error when nobody answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from adapters.errors import BrokerAbsentError

_CRITICAL_ONLY = 2


@contextmanager
def kafka_admin(bootstrap: str, *, timeout_seconds: float = 10.0) -> Iterator[KafkaAdminClient]:
    """Connect, hand over kafka-python's admin client, and close it.

    Args:
        bootstrap: `host:port`, several separated by commas.
        timeout_seconds: For the first contact, and for each request.

    Raises:
        BrokerAbsentError: Nobody answers in time.

    >>> with kafka_admin("127.0.0.1:1", timeout_seconds=0.1):
    ...     pass
    Traceback (most recent call last):
        ...
    adapters.errors.BrokerAbsentError: Shouwen needs a Kafka at '127.0.0.1:1'; got no answer within
    0.1 s. Start one with `shouwen kafka`, or set SHOUWEN_KAFKA_BOOTSTRAP.
    """
    absent = BrokerAbsentError(
        f"Shouwen needs a Kafka at {bootstrap!r}; got no answer within {timeout_seconds:g} s. "
        "Start one with `shouwen kafka`, or set SHOUWEN_KAFKA_BOOTSTRAP."
    )
    # kafka-python 3.0.12 leaks its sockets when it cannot connect: ask with librdkafka first.
    if cluster_id_at(bootstrap, timeout_seconds=timeout_seconds) is None:
        raise absent
    timeout_ms = round(timeout_seconds * 1000)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            client_id="shouwen-admin",
            request_timeout_ms=timeout_ms,
            bootstrap_timeout_ms=timeout_ms,
        )
    except (KafkaError, OSError) as error:
        raise absent from error
    try:
        yield admin
    finally:
        admin.close()


def cluster_id_at(bootstrap: str, *, timeout_seconds: float = 5.0) -> str | None:
    """Return the cluster id of the broker at the address, or None when it does not answer yet.

    The sign of life that counts: an open port is not one, a broker that has registered is.

    >>> cluster_id_at("127.0.0.1:1", timeout_seconds=0.1) is None
    True
    """
    config: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "client.id": "shouwen-hello",
        "log_level": _CRITICAL_ONLY,
        "error_cb": lambda _: None,  # "all brokers down" is the answer None, not a log line
    }
    admin = AdminClient(config)
    try:
        described = admin.describe_cluster(request_timeout=timeout_seconds).result()
    except KafkaException:
        return None
    return str(described.cluster_id) if described.nodes else None
