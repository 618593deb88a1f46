"""Who reads a feature, and for what: moments, risk rules, models and strategies."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.uses import Use
from decisions.risk.rules import RULE_FEATURES
from decisions.strategy import StrategyError, read_spec
from decisions.strategy_check import MOMENT_FEATURES
from features import BY_NAME, NAMES, Formula
from models import FEATURES_OF, USE_OF
from shouwen.errors import ShouwenError
from shouwen.strategy_files import strategy_path
from strategies import load_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who reads features for one use."""

    name: str
    use: Use
    features: tuple[str, ...]


def readers(strategies: Iterable[str] = ()) -> list[Reader]:
    """Return all who read features; `strategies` are files, or names of bundled ones.

    Raises:
        ShouwenError: a strategy cannot be read.

    >>> [reader.name for reader in readers() if "salary_growth_ratio" in reader.features]
    ['model drawn_30d', 'model applied_14d', 'model engaged_3d', 'model retained_flow_30d', \
'model complaint_30d', 'model dpd30_mob3', 'model dpd90_after_dpd30']
    """
    found = [
        Reader(name=f"moment {moment}", use="marketing", features=tuple(features))
        for moment, features in sorted(MOMENT_FEATURES.items())
    ]
    found.append(Reader(name="risk rules", use="credit", features=RULE_FEATURES))
    found += [
        Reader(name=f"model {label}", use=USE_OF[label], features=features)
        for label, features in FEATURES_OF.items()
    ]
    return found + [_strategy(name) for name in strategies]


def problems(found: Sequence[Reader]) -> Iterator[str]:
    """Yield, as a sentence, everything that is wrong between the catalogue and its readers."""
    for reader in found:
        for name in reader.features:
            if name not in NAMES:
                yield f"{reader.name} reads {name!r}, which is no feature of the catalogue."
                continue
            allowed = BY_NAME[name].permitted_use
            if reader.use not in allowed:
                yield (
                    f"{reader.name} reads {name!r} for {reader.use}; it may be used for "
                    f"{', '.join(sorted(allowed)) or 'nothing'}."
                )
    for feature in BY_NAME.values():
        if not feature.why.strip():
            yield f"{feature.name} has no why: say what it tells."
        for term in feature.terms if isinstance(feature, Formula) else ():
            beyond = feature.permitted_use - BY_NAME[term].permitted_use
            if beyond:
                yield (
                    f"{feature.name} may be used for {', '.join(sorted(beyond))}, and rests on "
                    f"{term!r}, which may not."
                )


def _strategy(name: str) -> Reader:
    data = load_file(strategy_path(name))
    try:
        spec = read_spec(data)
    except StrategyError as error:
        raise ShouwenError(f"the strategy {name!r} cannot be read: {error}") from error
    read = {when.feature for action in spec.actions for when in action.when}
    return Reader(name=f"strategy {name}", use="marketing", features=tuple(sorted(read)))
