"""Reviewed strategies as files, and the one way to read them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["StrategyFileError", "bundled", "bundled_names", "load_file"]

_HERE = Path(__file__).parent
_EMBEDDED = ("risk", "contact", "contents")
"""Sections that name another file beside the strategy; its content takes the name's place."""

_MERGE = "tag:yaml.org,2002:merge"


class StrategyFileError(ValueError):
    """A strategy's file, or one that it names, cannot be read."""


class _Loader(yaml.SafeLoader):
    """YAML whose keys are unique, whose `yes` is a word, and whose dates are words too."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise StrategyFileError(
                f"line {key_node.start_mark.line + 1} says {key!r} a second time; keep one of them."
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in pairs if not tag.endswith((":timestamp", ":bool"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def bundled(name: str) -> Path:
    """Return the file of a strategy that comes with this version.

    Raises:
        StrategyFileError: there is none of that name; the message lists those there are.

    >>> bundled("no_loan_to_loan_v1").name
    'no_loan_to_loan_v1.yaml'
    """
    path = _HERE / f"{name}.yaml"
    if not path.is_file():
        raise StrategyFileError(
            f"there is no strategy {name!r}; there are: {', '.join(bundled_names())}."
        )
    return path


def bundled_names() -> list[str]:
    """Return the names of the strategies that come with this version.

    >>> "no_loan_to_loan_v1" in bundled_names()
    True
    """
    return sorted(file.stem for file in _HERE.glob("*.yaml") if "strategy_id" in _read(file))


def load_file(path: Path) -> dict[str, Any]:
    """Return a strategy as data, whole: its risk table, contact policy and contents embedded.

    So one hash covers everything that decides. `decisions.strategy.load` reads the result.

    Raises:
        StrategyFileError: a file is missing, is no YAML mapping, or says a key twice.

    >>> sorted(load_file(bundled("no_loan_to_loan_v1"))["experiment"]["arms"])
    ['challenger', 'champion', 'list_only']
    """
    data = _read(path)
    for section in _EMBEDDED:
        name = data.get(section)
        if isinstance(name, str):
            data[section] = _read(_beside(path, name))
    return data


def _beside(path: Path, name: str) -> Path:
    """Return the named file in the strategy's own folder, else the one of this version."""
    for folder in (path.parent, _HERE):
        found = folder / f"{name}.yaml"
        if found.is_file():
            return found
    raise StrategyFileError(
        f"{path.name} names {name!r}; there is no {name}.yaml beside it or in this version. "
        "Put the file there, or correct the name."
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as exc:
        raise StrategyFileError(f"{path} cannot be read: {exc.strerror}.") from exc
    except yaml.YAMLError as exc:
        raise StrategyFileError(f"{path} is not YAML: {exc}.") from exc
    if not isinstance(data, Mapping):
        raise StrategyFileError(f"{path} needs a mapping at its top; got {type(data).__name__}.")
    return dict(data)
