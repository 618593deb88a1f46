"""The view in Redis: cards, decisions and features, for channels and model developers to look up.

The view knows how far it is: beside what it shows stands, for each partition, who writes it and
which record comes next. So a view that was emptied, or another one, is noticed and built again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import redis

from adapters.errors import ViewLostError

CARD: Final = "shouwen:card:"
DECISION: Final = "shouwen:decision:"
FEATURES: Final = "shouwen:features:"
PLACE: Final = "shouwen:view:"
"""Of these keys, one per partition: how far the view is."""

_OWNER, _CLUSTER, _SCHEMA, _NEXT = "owner", "cluster", "schema", "next:"


class ViewWrite(NamedTuple):
    """A key and the fields to set on it.

    Without `lives_seconds` other fields of the key stay, and it stays for ever. With it the key is
    replaced whole, and goes by itself when nobody has written it for so long.
    """

    key: str
    fields: Mapping[str, str]
    lives_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPlace:
    """How far the view is with one partition.

    Attributes:
        owner: Who writes it: a token that every start makes anew.
        cluster: The Kafka whose records are in it.
        schema: The catalogue whose features are in it.
        next_offsets: Per topic, the first offset that is not in the view yet.
    """

    owner: str
    cluster: str
    schema: str
    next_offsets: Mapping[str, int]


class RedisView:
    """Writes hashes in one transaction per batch; to write the same again changes nothing.

    Args:
        url: `redis://` or `rediss://` with user, password and database as needed.
        timeout_seconds: For connecting and for each answer.
        prefix: Before every key; tells deployments apart.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 2.0, prefix: str = "") -> None:
        self._prefix = prefix
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            decode_responses=True,
        )

    def place(self, partition: int) -> ViewPlace | None:
        """Return how far the view is, or none where it knows nothing of the partition.

        Raises:
            redis.RedisError: Redis is away or refuses.
        """
        answer = self._client.hgetall(self._place_key(partition))
        found = {str(name): str(value) for name, value in answer.items()}
        if not {_OWNER, _CLUSTER, _SCHEMA} <= found.keys():
            return None
        return ViewPlace(
            owner=found[_OWNER],
            cluster=found[_CLUSTER],
            schema=found[_SCHEMA],
            next_offsets={
                name.removeprefix(_NEXT): int(value)
                for name, value in found.items()
                if name.startswith(_NEXT)
            },
        )

    def begin(self, partition: int, place: ViewPlace) -> None:
        """Write a partition from here on: whoever wrote it before is refused.

        Raises:
            redis.RedisError: Redis is away or refuses.
        """
        fields = {_OWNER: place.owner, _CLUSTER: place.cluster, _SCHEMA: place.schema}
        fields |= {f"{_NEXT}{name}": str(offset) for name, offset in place.next_offsets.items()}
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.delete(self._place_key(partition))
            pipeline.hset(self._place_key(partition), items=_flat(fields))
            pipeline.execute()

    def write(
        self,
        writes: Sequence[ViewWrite],
        *,
        partition: int,
        owner: str,
        next_offsets: Mapping[str, int],
    ) -> None:
        """Set the fields, in order, and how far the view is now: all of it or nothing.

        Raises:
            ViewLostError: the view is not the one that `owner` began.
            redis.RedisError: Redis is away, full or refuses; nothing may be assumed written.
        """
        place_key = self._place_key(partition)
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.watch(place_key)  # type: ignore[no-untyped-call]  # redis forgets its types
            found = pipeline.hget(place_key, _OWNER)
            if found != owner:
                raise _lost(partition, found)
            pipeline.multi()
            for write in writes:
                self._put(pipeline, write)
            pipeline.hset(
                place_key,
                items=_flat({f"{_NEXT}{name}": str(next_) for name, next_ in next_offsets.items()}),
            )
            try:
                pipeline.execute()
            except redis.WatchError as error:
                raise _lost(partition, None) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _put(self, pipeline: redis.client.Pipeline, write: ViewWrite) -> None:
        key = f"{self._prefix}{write.key}"
        if write.lives_seconds is not None:
            pipeline.delete(key)
        pipeline.hset(key, items=_flat(write.fields))
        if write.lives_seconds is not None:
            pipeline.expire(key, write.lives_seconds)

    def _place_key(self, partition: int) -> str:
        return f"{self._prefix}{PLACE}{partition}"


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]


def _lost(partition: int, found: object) -> ViewLostError:
    who = "it was emptied" if found is None else "somebody else writes it"
    return ViewLostError(
        f"the view of partition {partition} is not the one that was begun: {who}. "
        "It is begun again where it is known to be whole."
    )
