"""A strategy as data: read once, frozen, and resolved into one plan per arm of its experiment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from contracts.decisions import Moment
from decisions.actions import Action
from decisions.policy import ContactPolicy, Content, RiskTable

DEFAULT_ARM = "champion"
HOLDOUT = "holdout"


class StrategyError(ValueError):
    """A strategy cannot be read: the message names the field."""


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One arm: its share in percent, and what it does differently from the file.

    `overrides` is merged into `risk`, `arbitration` and `actions` (by action id).
    """

    pct: int
    overrides: dict[str, Any] = {}


class Experiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is treated how. Shares are percent of customers; arms and holdout make 100."""

    id: str
    unit: Literal["customer"]
    salt: str
    holdout_pct: int
    arms: dict[str, Arm]


class Arbitration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How actions compete (docs/domain.md, "Arbitration"); millionths, percent, minor units.

    `chance` is what a drawdown is weighed by: how likely it is (`propensity`), or how much
    likelier a contact makes it (`uplift`), once `starting_evidence` randomised rows have matured
    in the smaller arm; until then the propensity, drawn towards `starting_propensity_micro`.
    """

    min_propensity_micro: int
    explore_epsilon_micro: int
    fatigue_cost_minor_per_touch: int = 0
    context_weight_pct: dict[str, int] = {}
    lever_pct: dict[str, int] = {}
    chance: Literal["propensity", "uplift"] = "propensity"
    min_uplift_micro: int = 0
    starting_evidence: int = 1_000
    starting_propensity_micro: int = 20_000


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Branch paths where the strategy decides: `hq/hz` means that node and all below it."""

    branches: tuple[str, ...]


class Valid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From (inclusive) and to (exclusive) when the strategy decides, epoch milliseconds UTC."""

    from_ms: int
    to_ms: int


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file, whole, with its risk table, contact policy and contents embedded."""

    strategy_id: str
    version: int
    status: Literal["draft", "submitted", "approved", "active", "paused", "retired"]
    owner: str
    maker: str
    checker: str | None
    pia_id: str
    regime: Literal["cn"]
    scope: Scope
    moments: tuple[Moment, ...]
    valid: Valid
    experiment: Experiment
    arbitration: Arbitration
    actions: tuple[Action, ...]
    forbidden_facts: tuple[str, ...]
    risk: RiskTable
    contact: ContactPolicy
    contents: dict[str, Content]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one arm does: its risk table, its arbitration, its actions in order of id."""

    risk: RiskTable
    arbitration: Arbitration
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy ready to decide. The holdout follows the champion's plan, and sends nothing."""

    spec: Spec
    plans: Mapping[str, Plan]

    @property
    def strategy_id(self) -> str:
        """Return the strategy's name; a new version keeps it."""
        return self.spec.strategy_id

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Return the moments that it decides on."""
        return self.spec.moments

    def plan(self, arm: str) -> Plan:
        """Return what an arm does."""
        return self.plans.get(arm, self.plans[DEFAULT_ARM])

    def applies(self, moment: Moment, *, branch_path: str, at_ms: int) -> bool:
        """Return whether this strategy decides on that moment, there and then."""
        spec = self.spec
        return (
            moment in spec.moments
            and spec.valid.from_ms <= at_ms < spec.valid.to_ms
            and any(
                branch_path == branch or branch_path.startswith(f"{branch}/")
                for branch in spec.scope.branches
            )
        )


def canonical_sha256(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON: sorted keys, no spaces, values as given.

    >>> canonical_sha256({"b": 1, "a": "首"}) == canonical_sha256({"a": "首", "b": 1})
    True
    >>> canonical_sha256({"a": 1}) == canonical_sha256({"a": 2})
    False
    """
    text = json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def load(data: Mapping[str, Any]) -> Strategy:
    """Return the strategy in `data`.

    Raises:
        StrategyError: a field is missing, unknown or of the wrong type; the message says which.
    """
    spec = read_spec(data)
    plans = {DEFAULT_ARM: _plan(spec)}
    for name, arm in spec.experiment.arms.items():
        plans[name] = _plan(read_spec(with_overrides(data, arm.overrides)))
    return Strategy(spec=spec, plans=MappingProxyType(plans))


def read_spec(data: Mapping[str, Any]) -> Spec:
    """Return the file as it stands, before any arm changes it.

    Raises:
        StrategyError: a field is missing, unknown or of the wrong type; the message says which.
    """
    try:
        return msgspec.convert(data, Spec, strict=True)
    except msgspec.ValidationError as exc:
        name = data.get("strategy_id", "a strategy without strategy_id")
        raise StrategyError(f"{name} cannot be read: {exc}.") from exc


def with_overrides(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file as an arm sees it: mappings merge, other values replace, actions by id.

    >>> with_overrides({"risk": {"a": 1, "b": 2}}, {"risk": {"b": 3}})
    {'risk': {'a': 1, 'b': 3}}

    Raises:
        StrategyError: an override names a section or an action that is not there.
    """
    merged = dict(data)
    for section, changes in overrides.items():
        if section == "actions":
            merged["actions"] = _actions_with(data["actions"], changes)
        elif section in {"risk", "arbitration"}:
            merged[section] = _merge(data[section], changes)
        else:
            raise StrategyError(
                f"an arm may override risk, arbitration and actions; got {section!r}. "
                "Write another strategy for anything else."
            )
    return merged


def _plan(spec: Spec) -> Plan:
    actions = tuple(sorted(spec.actions, key=lambda action: action.id))
    return Plan(risk=spec.risk, arbitration=spec.arbitration, actions=actions)


def _merge(base: Any, changes: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(changes, Mapping):
        return {**base, **{key: _merge(base.get(key), value) for key, value in changes.items()}}
    return changes


def _actions_with(actions: list[Any], changes: Mapping[str, Any]) -> list[Any]:
    if not isinstance(changes, Mapping):
        raise StrategyError(
            f"an arm overrides actions by their id; got {type(changes).__name__}. "
            "Write `actions: {<id>: {<field>: <value>}}`."
        )
    unknown = sorted(set(changes) - {action["id"] for action in actions})
    if unknown:
        raise StrategyError(
            f"an arm overrides the actions {unknown}, which the strategy does not have. "
            "Use the id of an action in this file."
        )
    return [_merge(action, changes.get(action["id"], {})) for action in actions]
