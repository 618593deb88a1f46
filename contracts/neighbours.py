"""`neighbour-signals.v1`: what one subject's events mean for another one. Facts, never decisions.

Only facts from sources cause them, so that a recorded signal stays valid under another strategy.
The receiver learns a number and a hash: never who the neighbour is.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Envelope, Minor, Token
from contracts.uses import Uses

MOST_HOPS = 4

NeighbourFact = Literal[
    "device_sighting",
    "device_customers",
    "ip_sighting",
    "ip_customers",
    "merchant_day",
    "enterprise_flag",
    "owner_drew",
    "partner_drew",
    "chain_drawn",
    "core_hops",
]


class NeighbourSignal(Envelope):
    """A fact for `subject_id`, caused by another subject's event.

    | fact | from, to | `value_int` | `other_int` |
    |---|---|---|---|
    | `device_sighting` | customer, device | 1 | 0 |
    | `device_customers` | device, customer | different customers seen on it in 7 days | 0 |
    | `ip_sighting` | customer, ip prefix | 1 | 0 |
    | `ip_customers` | ip prefix, customer | different customers seen on it in one hour | 0 |
    | `merchant_day` | enterprise, owner | settled that day, minor units | refunded, minor units |
    | `enterprise_flag` | enterprise, owner | 1: a red flag stands; 0: none | 0 |
    | `owner_drew` | owner, enterprise | 1 | 0 |
    | `partner_drew` | enterprise, partner enterprise | 1 | 0 |
    | `chain_drawn` | enterprise, owner | 1 | 0 |
    | `core_hops` | enterprise, neighbour or owner | hops to a core enterprise | 0 |

    `from_ref` is an opaque hash: the same neighbour gives the same value, and nobody can go back
    from it. `hops` is how many signals lie between the source event and this one. `event_id` is a
    hash of the cause and the edge, so that a signal sent twice is a counted duplicate. The cause is
    a journal coordinate; with `cause_ordinal` it orders what one slice sends.
    """

    event_type: Literal["neighbour"] = "neighbour"
    subject_id: Token
    fact: NeighbourFact
    from_ref: Token
    value_int: Minor
    other_int: Minor = 0
    permitted_use: Uses
    hops: Annotated[int, Field(ge=1, le=MOST_HOPS)] = 1
    cause_partition: Annotated[int, Field(ge=0)]
    cause_seq: Annotated[int, Field(ge=0)]
    cause_ordinal: Annotated[int, Field(ge=0)] = 0
