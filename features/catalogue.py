"""The features, as a bank would read them. Data only: `plan` compiles it, `slow` obeys it.

Names and meanings are those of docs/domain.md, "Features"; a `why` says where we had to choose.
A new meaning is a new name: models, strategies and stored decisions outlive these files.
"""

from collections.abc import Iterable
from typing import Final

from contracts.uses import Use
from features.catalogue_contact import APP, CONTACT
from features.catalogue_debts import DEBTS
from features.catalogue_money import BALANCES, FLOWS, INCOMES
from features.catalogue_relations import RELATED
from features.catalogue_shape import (
    APPLICATION_SHAPE,
    BUREAU_SHAPE,
    FLOW_SHAPE,
    INCOME_SHAPE,
    TERMS_OF_SHAPE,
)
from features.catalogue_signals import (
    BENEFITS,
    BUREAU,
    LOANS,
    MERCHANT,
    SHARING,
    TERMS_OF_SIGNALS,
)
from features.definitions import ANY_USE, Feature, Formula, Window
from features.errors import CatalogueError
from features.families import counts, sums
from features.kinds import INCOME, SESSION, kinds
from features.relation_definitions import RelationFeature

TERMS: Final[tuple[Feature, ...]] = (
    *sums(
        "salary_sum_minor_{}",
        "30d",
        "60d",
        where=kinds("salary"),
        why="A term of salary_growth_ratio.",
        served=False,
    ),
    *sums(
        "income_sum_minor_{}",
        "30d",
        where=INCOME,
        why="A term of debt_service_ratio.",
        served=False,
    ),
    *sums(
        "gambling_like_sum_minor_{}",
        "90d",
        where=kinds("gambling_like"),
        why="A term of gambling_like_ratio_90d.",
        served=False,
    ),
    *sums(
        "own_transfer_out_other_bank_sum_minor_{}",
        "30d",
        where=kinds("own_transfer_out_other_bank"),
        why="A term of outflow_self_other_bank_ratio_30d.",
        served=False,
    ),
    *counts(
        "session_cnt_{}",
        "7d",
        where=SESSION,
        why="A term of night_session_ratio_7d.",
        use=ANY_USE,
        served=False,
    ),
    *counts(
        "night_session_cnt_{}",
        "7d",
        where=kinds("session_night"),
        why="A term of night_session_ratio_7d.",
        use=ANY_USE,
        served=False,
    ),
    *counts(
        "wecom_reply_cnt_{}",
        "30d",
        where=kinds("wecom_reply"),
        why="A term of wecom_reply_ratio_30d.",
        use=ANY_USE,
        served=False,
    ),
)

CATALOGUE: Final[tuple[Feature, ...]] = (
    *FLOWS,
    *INCOMES,
    *BALANCES,
    *DEBTS,
    *APP,
    *CONTACT,
    *LOANS,
    *BUREAU,
    *MERCHANT,
    *SHARING,
    *BENEFITS,
    *INCOME_SHAPE,
    *FLOW_SHAPE,
    *APPLICATION_SHAPE,
    *BUREAU_SHAPE,
    *TERMS,
    *TERMS_OF_SIGNALS,
    *TERMS_OF_SHAPE,
)
"""Every definition, the served ones first; a row of features has the order of the served ones."""

LOG_NAMES: Final[tuple[str, ...]] = tuple(
    feature.name for feature in CATALOGUE if isinstance(feature, Formula) or feature.served
)
"""The served features of the log alone, as `read` returns them."""

NAMES: Final[tuple[str, ...]] = (*LOG_NAMES, *(feature.name for feature in RELATED))
"""Every served feature, in the order of a row: those of the log, then those of relations."""

AnyFeature = Feature | RelationFeature


def by_name_of(features: Iterable[AnyFeature]) -> dict[str, AnyFeature]:
    """Return features by name.

    Raises:
        CatalogueError: two features have one name.
    """
    found: dict[str, AnyFeature] = {}
    for feature in features:
        if feature.name in found:
            raise CatalogueError(
                f"the catalogue needs names that differ; got {feature.name!r} twice. "
                "Give the new feature a name of its own."
            )
        found[feature.name] = feature
    return found


BY_NAME: Final[dict[str, AnyFeature]] = by_name_of((*CATALOGUE, *RELATED))


def permitted_use(name: str) -> frozenset[Use]:
    """Return what a feature may be used for; an empty set means nothing.

    Raises:
        KeyError: no served feature has that name.

    >>> sorted(permitted_use("face_fail_cnt_24h"))
    ['fraud']
    """
    if name not in NAMES:
        raise KeyError(
            f"permitted_use needs a feature of the catalogue; got {name!r}. See features.NAMES."
        )
    return BY_NAME[name].permitted_use


def retention_ms(name: str) -> int | None:
    """Return for how long the events behind a feature are remembered for it; none: no end.

    An edge and a neighbour's word are kept until a later one; a log forgets what no window sees.

    Raises:
        KeyError: no feature has that name.

    >>> retention_ms("debt_service_ratio") == 30 * 86_400_000
    True
    >>> retention_ms("owner_edge_confidence") is None
    True
    """
    feature = BY_NAME[name]
    if isinstance(feature, Window):
        return feature.window_ms
    if isinstance(feature, Formula):
        return max(retention_ms(term) or 0 for term in feature.terms)
    return None
