"""`relations.v1`: who belongs with whom, and who invited whom.

A relation concerns two subjects, and each keeps its own copy: the source sends one message per end,
keyed by that end. So no partition ever has to ask another one.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field

from contracts.envelope import Code, Envelope, EpochMs, Token
from contracts.uses import Bps, Uses

EdgeKind = Literal[
    "legal_rep",
    "shareholder",
    "beneficial_owner",
    "employee",
    "guarantor",
    "spouse",
    "parent",
    "supplier_of",
    "distributor_of",
    "shared_device",
    "shared_address",
    "referral",
]
EDGE_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
FAMILY: frozenset[EdgeKind] = frozenset({"spouse", "parent"})
"""Family never serves credit, whatever a source permits."""

NodeKind = Literal["customer", "enterprise", "device", "address"]
Direction = Literal["out", "in"]


class _Edge(Envelope):
    """One end of an edge. `out` reads "node edge_kind other": c-1 is `legal_rep` of ent-1.

    The copy for the other end has the two nodes changed over and direction `in`.
    """

    node_id: Token
    other_node_id: Token
    edge_kind: EdgeKind
    direction: Direction


class RelationStated(_Edge):
    """A relation, sent whole each time something about it changes; the latest word counts.

    `confidence_bps` is how sure the source is. Outside `[valid_from_ms, valid_to_ms)` the relation
    does not count. `permitted_use` is what the evidence allows, never more than the law does.
    """

    event_type: Literal["relation_stated"]
    node_kind: NodeKind
    other_node_kind: NodeKind
    confidence_bps: Bps
    valid_from_ms: EpochMs
    valid_to_ms: EpochMs | None = None
    evidence_source: Code
    permitted_use: Uses


class RelationEnded(_Edge):
    """A relation ended, or never was: it does not count from this word on.

    An end that lies ahead is stated: `RelationStated` with `valid_to_ms`.
    """

    event_type: Literal["relation_ended"]
    ended_at_ms: EpochMs


class ReferralStep(Envelope):
    """An invitation by a customer went one step further; the invited person is a token."""

    event_type: Literal["referral_step"]
    customer_id: Token
    campaign_id: Code
    invite_code: Token
    referee_token: Token
    step: Literal["invited", "clicked", "registered", "applied", "approved", "drawn", "qualified"]


Relation = Annotated[
    RelationStated | RelationEnded | ReferralStep, Field(discriminator="event_type")
]
