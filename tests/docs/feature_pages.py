"""`docs/features/`: a page for each feature, made from its definition by `make freeze`."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from features import BY_NAME, CATALOGUE, NAMES, describe
from features.relation_definitions import Score
from shouwen.feature_readers import Reader, readers
from shouwen.feature_words import family_of, keeps_of
from strategies import bundled_names

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/features"
RECORD_BYTES = 16

_INDEX = """\
# Features, one by one

Written by `make freeze` from the catalogue; `make plots` draws the pictures. Do not edit them.
How to ask for a value, now or as of any past moment: [features.md](../features.md). What the words
of a definition mean: [adding-a-feature.md](../adding-a-feature.md).
"""
_PAGE = """\
# `{name}`

{why}

| | |
|---|---|
| definition | {definition} |
| family | {family} |
| unit | {unit} |
| where nothing happened | {nothing} |
| may be used for | {uses} |
| read by | {readers} |
| remembered | {remembered} |
| cost | {cost} |

![{name} of one customer of the simulated bank, day by day]({name}.svg)

What it is now, and the events behind it: `shouwen features show CUSTOMER --feature {name}`.
"""
_ORDERED = {"percentile", "gap_percentile", "month_median", "round_trip", "lowest_total"}
_NOTHING = {"zero": "0", "missing": "missing: no number, never 0"}


def page_md(name: str) -> str:
    """Return the page of one feature."""
    feature = BY_NAME[name]
    return _PAGE.format(
        name=name,
        why=feature.why,
        definition=_definition(name) + "".join(f"; {term}" for term in _terms(name)),
        family=family_of(name),
        unit=feature.unit.replace("minor", "minor units (fen)").replace("_", " "),
        nothing=_NOTHING[feature.null_policy],
        uses=", ".join(sorted(feature.permitted_use)) or "nothing: shown, never decided on",
        readers="; ".join(f"{reader.name} ({reader.use})" for reader in _readers_of(name))
        or "nobody that comes with this version",
        remembered=_remembered(name),
        cost=_cost(name),
    )


def index_md() -> str:
    """Return the page that lists all pages, by family."""
    lines = [_INDEX]
    for family in dict.fromkeys(family_of(name) for name in NAMES):
        lines += [f"## {family}", ""]
        for name in (name for name in NAMES if family_of(name) == family):
            first, _, _ = BY_NAME[name].why.partition(". ")
            lines.append(f"- [`{name}`]({name}.md): {first.rstrip('.')}.")
        lines.append("")
    return "\n".join(lines)


def _definition(name: str) -> str:
    words = describe(name).split(": ", 1)[1].split(". Nothing happened")[0]
    return " ".join(words.split())


def _terms(name: str) -> Iterator[str]:
    """Yield what a formula's terms are that have no page of their own."""
    for term in dict.fromkeys(getattr(BY_NAME[name], "terms", ())):
        if term not in NAMES:
            yield f"{term}: {_definition(term)}"


def _readers_of(name: str) -> Iterator[Reader]:
    return (reader for reader in _all_readers() if name in reader.features)


@cache
def _all_readers() -> tuple[Reader, ...]:
    return tuple(readers(bundled_names()))


def _remembered(name: str) -> str:
    kept = keeps_of(name)
    if not kept[0].isdigit():
        return kept
    return f"its events for {kept}, {RECORD_BYTES} bytes each, shared with every other feature"


def _cost(name: str) -> str:
    terms = set(getattr(BY_NAME[name], "terms", ())) | {name}
    asked = {getattr(feature, "aggregation", "") for feature in CATALOGUE if feature.name in terms}
    if isinstance(BY_NAME[name], Score):
        return "a few whole numbers over features that are there already"
    if asked & _ORDERED:
        return "a walk over the events of its kinds, each time that it is read"
    if keeps_of(name)[0].isdigit():
        return "one number read off in the one walk over the log that serves all windows"
    return "a walk over the subject's relations, of which most customers have none"


__all__ = ["FOLDER", "index_md", "page_md"]
