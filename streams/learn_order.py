"""The learner's order in a recorded run: the journal's, whatever the partitions' speeds were."""

from dataclasses import dataclass

from contracts.examples import Example, LearnBarrier
from contracts.model_orders import ModelOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeBarrier:
    """Every partition has handed over its examples of a slice: all of them, in their order.

    `orders` are those of people that came meanwhile, and are obeyed behind the examples.
    """

    slice_no: int
    at_ms: int
    examples: tuple[Example, ...]
    orders: tuple[ModelOrder, ...] = ()


class BarrierBuffer:
    """Holds examples until the barriers of all partitions for one slice are in.

    No partition can run ahead of a barrier, since the slice behind it waits for the learner.

    >>> buffer = BarrierBuffer(partitions=2)
    >>> buffer.add(LearnBarrier(partition=1, at_ms=9, slice_no=3)) is None
    True
    >>> buffer.add(LearnBarrier(partition=0, at_ms=8, slice_no=3)).at_ms
    9
    """

    def __init__(self, *, partitions: int) -> None:
        self._partitions = partitions
        self._examples: list[Example] = []
        self._orders: list[ModelOrder] = []
        self._barriers: dict[int, LearnBarrier] = {}

    def add(self, message: Example | LearnBarrier | ModelOrder) -> WholeBarrier | None:
        """Take the next message; return what it completes.

        Raises:
            ValueError: partitions stand at barriers of different slices.
        """
        if isinstance(message, Example):
            self._examples.append(message)
            return None
        if isinstance(message, ModelOrder):
            self._orders.append(message)
            return None
        self._barriers[message.partition] = message
        slices = {barrier.slice_no for barrier in self._barriers.values()}
        if len(slices) > 1:
            raise ValueError(
                f"the learner needs all partitions at one barrier; got slices {sorted(slices)}. "
                "A recorded run has one `ingest`: start it anew under another topic prefix."
            )
        if len(self._barriers) < self._partitions:
            return None
        examples = tuple(sorted(self._examples, key=_place))
        at_ms = max(barrier.at_ms for barrier in self._barriers.values())
        orders = tuple(sorted(self._orders, key=lambda order: (order.at_ms, order.order_id)))
        self._examples.clear()
        self._orders.clear()
        self._barriers.clear()
        return WholeBarrier(
            slice_no=message.slice_no, at_ms=at_ms, examples=examples, orders=orders
        )


def _place(example: Example) -> tuple[int, int, int, int]:
    return example.at_ms, example.partition, example.seq, example.ordinal
