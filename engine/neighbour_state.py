"""What a subject remembers so that it tells its neighbours enough, and not everything."""

import msgspec


class Visitor(msgspec.Struct, array_like=True):
    """A customer seen on a device or at an address: when last, and which count was told last."""

    seen_ms: int
    told: int = 0


class NeighbourState(msgspec.Struct, array_like=True):
    """The memory of telling, empty for most subjects.

    `sighted` is a customer's: "<fact>:<device or address>" to the occurrence (epoch ms) that was
    told last. `visitors` is a device's or an address's: by customer. `core_told` and `flag_told`
    are an enterprise's: the standing that its neighbours know, 0 where there is none.
    """

    sighted: dict[str, int] = {}
    visitors: dict[str, Visitor] = {}
    core_told: int = 0
    flag_told: int = 0
