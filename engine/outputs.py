"""What a step hands to the world: a record for a topic, nothing more."""

from dataclasses import dataclass

from contracts.envelope import Ours
from contracts.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A record to publish. `seq` is the journal number of the entry that caused it.

    `everywhere` sends it to all partitions of its topic: it is about the sending partition.
    """

    topic: Topic
    key: str
    value: bytes
    seq: int
    headers: tuple[tuple[str, bytes], ...] = ()
    everywhere: bool = False


def output(topic: Topic, *, key: str, message: Ours, seq: int) -> Output:
    """Return an output whose value is the message's JSON: one form, so that bytes are comparable.

    >>> from contracts.clock import Tick
    >>> output(Topic.CLOCK, key="c-1", message=Tick(), seq=3).value
    b'{"event_type":"tick","learn":false,"slice_no":null,"neighbours":false}'
    """
    return Output(topic=topic, key=key, value=message.model_dump_json().encode(), seq=seq)
