"""Strategy files to what is activated: read whole, checked, hashed."""

from pathlib import Path

from contracts.control import StrategyActivated
from decisions.strategy import canonical_sha256
from decisions.strategy_check import problems
from features import permitted_use
from shouwen.errors import ShouwenError
from strategies import bundled, load_file

DEFAULT_STRATEGY = "no_loan_to_loan_v1"


def activation(name: str) -> StrategyActivated:
    """Return the activation of a strategy.

    Args:
        name: A file, or the name of a strategy that comes with this version.

    Raises:
        ShouwenError: the strategy does not pass its checks; each problem is a sentence.
        StrategyFileError: the file cannot be read.

    >>> activation("no_loan_to_loan_v1").version
    1
    """
    data = load_file(strategy_path(name))
    found = problems(data, permitted_use=permitted_use)
    if found:
        listed = "\n".join(f"  - {problem}" for problem in found)
        raise ShouwenError(f"the strategy {name!r} does not pass its checks:\n{listed}")
    return StrategyActivated(
        strategy_id=data["strategy_id"],
        version=data["version"],
        sha256=canonical_sha256(data),
        strategy=data,
    )


def strategy_path(name: str) -> Path:
    """Return the file that a strategy's name means: a path, or one that comes with this version.

    Raises:
        StrategyFileError: no strategy of that name comes with this version.

    >>> strategy_path("mine.yaml").name
    'mine.yaml'
    """
    path = Path(name)
    is_a_path = path.suffix != "" or path.parent != Path()
    return path if is_a_path else bundled(name)
