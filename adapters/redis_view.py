"""The view in Redis: each customer's card and each decision, for channels to look up."""

from collections.abc import Mapping, Sequence

import redis

CARD = "shouwen:card:"
DECISION = "shouwen:decision:"

ViewWrite = tuple[str, Mapping[str, str]]
"""A key and the fields to set on it; other fields of the key stay."""


class RedisView:
    """Writes hashes in one pipeline per batch; to write the same again changes nothing.

    Args:
        url: `redis://` or `rediss://` with user, password and database as needed.
        timeout_seconds: For connecting and for each answer.
        prefix: Before every key; tells deployments apart.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 2.0, prefix: str = "") -> None:
        self._prefix = prefix
        self._client = redis.Redis.from_url(
            url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
        )

    def write(self, writes: Sequence[ViewWrite]) -> None:
        """Set the fields, in order.

        Raises:
            redis.RedisError: Redis is away, full or refuses; nothing may be assumed written.
        """
        pipeline = self._client.pipeline(transaction=False)
        for key, fields in writes:
            flat = [part for pair in fields.items() for part in pair]
            pipeline.hset(f"{self._prefix}{key}", items=flat)
        pipeline.execute()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
