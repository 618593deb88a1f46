"""One line of a customer's log: what a window can count, as whole numbers."""

from hashlib import blake2b
from typing import Final, NamedTuple

ADD: Final = 0
REVERSAL: Final = 1
CORRECTION: Final = 2
CLAMP_MS: Final = 300_000
"""An occurrence up to five minutes ahead of what the bank's clock says is taken as now."""


class LogEvent(NamedTuple):
    """What a log remembers of a source event; one event may give several (an amount, a balance).

    Attributes:
        occurred_at_ms: When it happened, never after the time at which it was known.
        kind: Its place in `KINDS`.
        key_hash: The counterparty or account where a feature counts those, else 0; 63 bits.
        amount_minor: Money in minor units, 0 for what is not money; below zero only a balance.
        id_hash: The source event; all its parts share it; 63 bits.
        op: `ADD`, `REVERSAL` (the referenced event never was; adds nothing) or `CORRECTION`
            (the referenced event never was, and this one is).
        ref_at_ms: When the referenced event says that it occurred.
        ref_id_hash: The referenced event.
        stated_at_ms: The source's own word for when it happened; later than `occurred_at_ms`
            where that was clamped. A correction refers to this one.
    """

    occurred_at_ms: int
    kind: int
    key_hash: int
    amount_minor: int
    id_hash: int
    op: int
    ref_at_ms: int
    ref_id_hash: int
    stated_at_ms: int


def hash63(token: str) -> int:
    """Return 63 bits of BLAKE2b of a token: the same in every process and on every machine.

    >>> hash63("e-1")
    1781669689772508879
    >>> 0 <= hash63("e-1") < 1 << 63
    True
    """
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "big") >> 1
