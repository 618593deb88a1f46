"""What a role does with the records of one partition; it blocks, and runs in a thread."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from contracts.topics import Topic
from streams.microbatch import RecordBatch


class PartitionWork(Protocol):
    """One partition of one role. Every method may raise; then the process ends.

    The order of calls is: `recover`, then any number of `apply` and `idle`, then `pause`; after a
    `pause` either more of them, when the partition stayed with this worker, or `close`.
    """

    def recover(self) -> Mapping[Topic, int]:
        """Fence the partition and load what is known; return the next offset to read per topic.

        A topic that is not named is read from the offset that the group committed.
        """

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        """Process and commit; return the highest offset per topic that is durable now."""

    def idle(self) -> None:
        """Nothing came for a while: finish what waits for more."""

    def hurry(self) -> None:
        """Let an `apply` that waits for somebody else give up: a `pause` follows.

        Called from another thread.
        """

    def pause(self) -> Mapping[Topic, int]:
        """Leave nothing half done; return the next offset to read per topic, as `recover` does."""

    def close(self) -> None:
        """Let the partition go."""
