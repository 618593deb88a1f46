"""Features of relations: whom the customer belongs with, and what neighbours told."""

from typing import Final

from features.definitions import CREDIT, FRAUD, MARKETING
from features.relation_definitions import (
    EdgeFeature,
    Points,
    RelationFeature,
    Score,
    ToldFeature,
)

RELATED: Final[tuple[RelationFeature, ...]] = (
    EdgeFeature(
        name="owner_edge_confidence",
        unit="ratio",
        aggregation="max_confidence",
        where=frozenset({"legal_rep", "shareholder", "beneficial_owner"}),
        direction="out",
        why="How sure it is that the customer owns or leads an enterprise: what the enterprise's "
        "sales and flags mean for the customer rests on it.",
        permitted_use=MARKETING | CREDIT,
    ),
    EdgeFeature(
        name="chain_partner_cnt",
        unit="count",
        aggregation="count",
        where=frozenset({"supplier_of", "distributor_of"}),
        why="Trading partners, suppliers and distributors in both directions: a dealer is "
        "addressed with the chain in mind.",
        permitted_use=MARKETING,
    ),
    EdgeFeature(
        name="guarantee_cnt",
        unit="count",
        aggregation="count",
        where=frozenset({"guarantor"}),
        direction="out",
        why="For how many others the customer stands surety: debts that may come home.",
        permitted_use=CREDIT,
    ),
    EdgeFeature(
        name="shared_device_edge_cnt",
        unit="count",
        aggregation="count",
        where=frozenset({"shared_device"}),
        why="Others of whom a source says that they use the same device. A term of "
        "ring_risk_score.",
        permitted_use=FRAUD,
    ),
    EdgeFeature(
        name="shared_address_edge_cnt",
        unit="count",
        aggregation="count",
        where=frozenset({"shared_address"}),
        why="Others at the same address; a shared flat is no fraud, thirty people are. A term of "
        "ring_risk_score.",
        permitted_use=FRAUD,
    ),
    EdgeFeature(
        name="family_edge_cnt",
        unit="count",
        aggregation="count",
        where=frozenset({"spouse", "parent"}),
        why="Known only so that it can be shown what is known: family serves no decision.",
        permitted_use=frozenset(),
    ),
    ToldFeature(
        name="core_enterprise_hops",
        unit="count",
        aggregation="lowest",
        fact="core_hops",
        why="How far a core enterprise is along the supply chain: 1 is a direct partner of it. "
        "Missing without a known chain.",
        permitted_use=MARKETING,
    ),
    ToldFeature(
        name="enterprise_red_flag",
        unit="flag",
        aggregation="highest",
        fact="enterprise_flag",
        why="1 where a register says that an enterprise of the customer was enforced against, "
        "listed as dishonest or revoked, until it says otherwise; 0 where it was cleared.",
        permitted_use=CREDIT,
    ),
    Score(
        name="ring_risk_score",
        unit="score",
        points=(
            Points(feature="device_customer_cnt_7d", above=1, each_bps=1_500, at_most_bps=6_000),
            Points(feature="ip_customer_cnt_1h", above=3, each_bps=1_000, at_most_bps=3_000),
            Points(feature="shared_device_edge_cnt", above=0, each_bps=1_500, at_most_bps=4_500),
            Points(feature="shared_address_edge_cnt", above=9, each_bps=500, at_most_bps=1_500),
            Points(feature="referral_invited_cnt_30d", above=9, each_bps=250, at_most_bps=2_500),
        ),
        why="Looks like a ring: many customers on one device or address, many invitations. The "
        "points are a starting value without data behind them.",
        permitted_use=FRAUD,
    ),
)
