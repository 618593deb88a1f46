"""What is wrong with a strategy before anybody is touched by it: one clear sentence each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from decisions.check_actions import action_problems
from decisions.check_names import name_problems
from decisions.check_policies import contact_problems, content_problems, risk_problems
from decisions.quiet_hours import zone
from decisions.risk.rules import RULE_FEATURES
from decisions.strategy import (
    DEFAULT_ARM,
    HOLDOUT,
    Spec,
    StrategyError,
    read_spec,
    with_overrides,
)

PermittedUse = Callable[[str], frozenset[str]]

MOMENT_FEATURES: Mapping[str, tuple[str, ...]] = {
    "loan_intent_browse": (
        "loan_page_view_cnt_24h",
        "calculator_cnt_24h",
        "limit_query_cnt_24h",
    ),
    "apply_abandoned": (),
    "approved_not_drawn": (),
    "funding_gap": (
        "cash_buffer_days",
        "outflow_sum_minor_7d",
        "outflow_week_mean_minor_90d",
        "debt_service_ratio",
    ),
    "repayment_stress": (
        "ext_lender_cnt_90d",
        "debt_service_ratio",
        "cash_buffer_days",
        "ext_loan_inflow_sum_minor_30d",
    ),
}
"""What each moment reads. A strategy with that moment makes marketing decisions on it."""

_WHOLE = 100
_LEVERS_PCT = range(50, 201)
_MICRO = range(1_000_001)
_CONTEXTS = {"marketing_unsolicited", "prescreen_offer", "application", "existing_account"}


def problems(data: Mapping[str, Any], *, permitted_use: PermittedUse) -> list[str]:
    """Return what is wrong with a strategy; nothing means that two people may activate it.

    `permitted_use` names what a feature may be used for, and raises `KeyError` for a feature that
    does not exist. A strategy that cannot be read at all has that one problem.
    """
    try:
        spec = read_spec(data)
        arms = {
            name: read_spec(with_overrides(data, arm.overrides))
            for name, arm in spec.experiment.arms.items()
        }
    except StrategyError as exc:
        return [str(exc)]
    found = [
        *_people(spec),
        *_experiment(spec),
        *_validity(spec),
        *contact_problems(spec.contact),
        *content_problems(spec.contents),
        *_plan_problems(spec, permitted_use),
    ]
    for name, arm_spec in sorted(arms.items()):
        known = set(found)
        found += [
            f"arm {name!r}: {problem}"
            for problem in _plan_problems(arm_spec, permitted_use)
            if problem not in known
        ]
    return found


def _plan_problems(spec: Spec, permitted_use: PermittedUse) -> list[str]:
    """Return what is wrong with the part of the file that an arm may change."""
    return [
        *risk_problems(spec.risk),
        *_arbitration(spec),
        *action_problems(spec),
        *name_problems(spec),
        *_features(spec, permitted_use),
    ]


def _people(spec: Spec) -> Iterator[str]:
    if spec.checker == spec.maker:
        yield (
            f"a strategy needs a checker who is not its maker; got {spec.maker!r} for both. "
            "Let somebody else check it."
        )
    if spec.checker is None and spec.status in {"approved", "active"}:
        yield f"a strategy that is {spec.status} needs a checker; it names none."
    if spec.version < 1:
        yield f"version needs to be 1 or more; got {spec.version}."


def _experiment(spec: Spec) -> Iterator[str]:
    experiment = spec.experiment
    shares = {name: arm.pct for name, arm in experiment.arms.items()}
    total = sum(shares.values()) + experiment.holdout_pct
    if total != _WHOLE:
        yield (
            f"the arms and holdout_pct need to make 100 percent; got {total} "
            f"({shares} and {experiment.holdout_pct})."
        )
    if min([*shares.values(), experiment.holdout_pct]) < 0:
        yield f"a share needs to be 0 or more percent; got {shares}, {experiment.holdout_pct}."
    if DEFAULT_ARM not in shares:
        yield f"an experiment needs an arm {DEFAULT_ARM!r}; got {sorted(shares)}."
    if HOLDOUT in shares:
        yield f"{HOLDOUT!r} is no arm: its share is holdout_pct, and it gets no message."


def _validity(spec: Spec) -> Iterator[str]:
    if spec.valid.from_ms >= spec.valid.to_ms:
        yield (
            f"valid needs from_ms before to_ms; got {spec.valid.from_ms} and {spec.valid.to_ms}."
        )
    if not spec.moments:
        yield "a strategy needs at least one moment; it names none."
    if not spec.scope.branches:
        yield "scope needs at least one branch; 'hq' is the whole bank."
    if zone(spec.contact.default_timezone) is None:
        yield (
            f"default_timezone needs a zone that exists; got {spec.contact.default_timezone!r}. "
            "Use a name like 'Asia/Shanghai'."
        )


def _arbitration(spec: Spec) -> Iterator[str]:
    table = spec.arbitration
    for name in (
        "min_propensity_micro",
        "explore_epsilon_micro",
        "min_uplift_micro",
        "starting_propensity_micro",
    ):
        value = getattr(table, name)
        if value not in _MICRO:
            yield f"{name} needs 0 to 1000000 millionths; got {value}."
    if table.starting_evidence < 1:
        yield (
            f"starting_evidence needs 1 matured row or more; got {table.starting_evidence}. "
            "An uplift without evidence would be noise that moves money."
        )
    for branch, pct in sorted(table.lever_pct.items()):
        if pct not in _LEVERS_PCT:
            yield f"the lever of {branch!r} needs 50 to 200 percent; got {pct}."
    for context, pct in sorted(table.context_weight_pct.items()):
        if context not in _CONTEXTS:
            yield f"context_weight_pct names {context!r}; there are {sorted(_CONTEXTS)}."
        if pct < 0:
            yield f"the weight of {context!r} needs to be 0 or more percent; got {pct}."


def _features(spec: Spec, permitted_use: PermittedUse) -> Iterator[str]:
    """Yield every feature that is unknown, or read for what it may not be used for."""
    reads = {(feature, "credit", "the risk rules") for feature in RULE_FEATURES}
    for moment in spec.moments:
        for feature in MOMENT_FEATURES[moment]:
            reads.add((feature, "marketing", f"the moment {moment}"))
    for action in spec.actions:
        for when in action.when:
            reads.add((when.feature, "marketing", f"action {action.id!r}"))
    for feature, use, reader in sorted(reads):
        try:
            allowed = permitted_use(feature)
        except KeyError:
            yield f"{reader} reads the feature {feature!r}, which does not exist."
            continue
        if use not in allowed:
            yield (
                f"{reader} reads {feature!r} for {use}; it may be used for "
                f"{', '.join(sorted(allowed)) or 'nothing'}. Use another feature."
            )
