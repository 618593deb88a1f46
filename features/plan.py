"""The catalogue as whole numbers: the kernel is a loop over these and never names a feature."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.definitions import Feature, Formula, Key, Window
from features.errors import CatalogueError
from features.kernel import (
    BITS,
    HEADER_WORDS,
    LAYOUT,
    P_BIT_OF,
    P_COLUMNS,
    P_FINGERPRINT,
    P_FORMULAS,
    P_GROUP_OF,
    P_HEAD_WORDS,
    P_KEEP,
    P_KEY_OF,
    P_KINDS,
    P_LONGEST,
    P_MEMBERS,
    P_N_FORMULAS,
    P_N_GROUPS,
    P_N_WINDOWS,
    P_ROWS,
    P_ROWS_AT,
    P_SPEC_AT,
    P_SPECS_OF,
    P_WINDOWS,
    SPECS,
)
from features.kinds import CODES, KINDS
from features.plan_ordered import check_window, window_rows

_KEY: Final[dict[Key, int]] = {
    "counterparty": 0,
    "account": 0,
    "business_day": 1,
    "business_month": 2,
}

Spec = tuple[frozenset[str], Key]


class Plan(NamedTuple):
    """A compiled catalogue.

    Attributes:
        words: Everything the kernel needs, one int64 array.
        names: The served features, in the order of a row.
        keyed: Codes of the kinds whose counterparty or account some feature counts.
        plan_hash: 16 hex digits of the tables; another one rebuilds what is derived in a log.
        schema_hash: 16 hex digits of names and definitions, of these features alone.
    """

    words: npt.NDArray[np.int64]
    names: tuple[str, ...]
    keyed: frozenset[int]
    plan_hash: str
    schema_hash: str


def compile_catalogue(catalogue: Sequence[Feature]) -> Plan:
    """Return the tables of a catalogue.

    Raises:
        CatalogueError: a name is used twice, a formula has an unknown term, a keyed aggregation
            has no key, or there are more different keys than a record has flags for.
    """
    windows = [feature for feature in catalogue if isinstance(feature, Window)]
    formulas = [feature for feature in catalogue if isinstance(feature, Formula)]
    served = [f.name for f in catalogue if isinstance(f, Formula) or f.served]
    column = {f.name: i for i, f in enumerate(catalogue)}
    _check(catalogue, windows, served)
    specs = _specs(windows)
    bit_of, spec_at = _bits(specs)

    def flag(window: Window) -> int:
        spec = specs.get((window.where, window.of)) if window.of else None
        return 0 if spec is None else bit_of[spec]

    table = window_rows(windows, column, flag)
    longest = max(window.window_ms for window in windows)
    keep = [0] * len(KINDS)
    specs_of = [
        sum(1 << bit for bit in range(BITS) if spec_at[BITS * code + bit] >= 0)
        for code in range(len(KINDS))
    ]
    for window in windows:
        for kind in window.kinds:
            keep[CODES[kind]] = max(keep[CODES[kind]], window.window_ms)
    keep[0] = longest
    key_of = [_KEY[of] for _, of in specs] + [0] * (SPECS - len(specs))
    tables = {
        P_WINDOWS: table.spans,
        P_GROUP_OF: table.group_of,
        P_MEMBERS: table.members,
        P_ROWS_AT: table.rows_at,
        P_ROWS: table.rows,
        P_FORMULAS: _formulas(formulas, column),
        P_SPECS_OF: specs_of,
        P_KEY_OF: key_of,
        P_KEEP: keep,
        P_BIT_OF: bit_of,
        P_SPEC_AT: spec_at,
    }
    fingerprint = _hash([LAYOUT, len(KINDS), spec_at, key_of])
    head, body = [0] * P_HEAD_WORDS, list[int]()
    for place, words_of in tables.items():
        head[place] = P_HEAD_WORDS + len(body)
        body.extend(words_of)
    head[P_KINDS], head[P_COLUMNS], head[P_LONGEST] = len(KINDS), len(catalogue), longest
    head[P_N_WINDOWS], head[P_N_GROUPS] = len(table.spans), table.groups
    head[P_N_FORMULAS] = len(formulas)
    head[P_FINGERPRINT] = int(fingerprint, 16) >> 1
    words = np.array(head + body, np.int64)
    words.setflags(write=False)
    return Plan(
        words=words,
        names=tuple(served),
        keyed=frozenset(CODES[kind] for where, of in specs if _KEY[of] == 0 for kind in where),
        plan_hash=_hash(words.tolist()),
        schema_hash=_hash([_described(feature) for feature in catalogue]),
    )


def _check(catalogue: Sequence[Feature], windows: Sequence[Window], served: list[str]) -> None:
    names = [feature.name for feature in catalogue]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CatalogueError(f"a catalogue needs each name once; got {twice} twice. Rename one.")
    if names[: len(served)] != served:
        raise CatalogueError("a catalogue needs its served features first; move the terms last.")
    known = {window.name for window in windows}
    for feature in catalogue:
        if isinstance(feature, Formula) and (unknown := sorted({*feature.terms} - known)):
            raise CatalogueError(
                f"{feature.name} needs terms that are windows of the catalogue; got {unknown}."
            )
        if isinstance(feature, Window):
            check_window(feature)
        if (
            isinstance(feature, Formula)
            and feature.at_most is not None
            and max(_ratio(feature.at_most)) >= 1 << 63
        ):
            raise CatalogueError(
                f"{feature.name} needs an `at_most` that two whole numbers of 63 bits can divide "
                f"to; got {feature.at_most!r}."
            )


def _specs(windows: Sequence[Window]) -> dict[Spec, int]:
    specs: dict[Spec, int] = {}
    for window in windows:
        if window.of is not None:
            specs.setdefault((window.where, window.of), len(specs))
    if len(specs) > SPECS:
        raise CatalogueError(
            f"a log counts {SPECS} pairs of a filter and a key of `distinct` and `last`; the "
            f"catalogue needs {len(specs)}. Share a filter, or raise SPECS."
        )
    return specs


def _bits(specs: dict[Spec, int]) -> tuple[list[int], list[int]]:
    """Return the flag of each spec, and the spec of each flag of each kind (-1: none).

    Specs take the lowest flag that is free on all their kinds.
    """
    bit_of, spec_at = [0] * SPECS, [-1] * (BITS * len(KINDS))
    for (where, of), spec in specs.items():
        places = [[BITS * CODES[kind] + bit for kind in sorted(where)] for bit in range(BITS)]
        free = [bit for bit in range(BITS) if all(spec_at[p] < 0 for p in places[bit])]
        if not free:
            raise CatalogueError(
                f"a record has {BITS} flags, and `{of}` of {sorted(where)} needs one more. "
                "Share a filter, or widen the layout."
            )
        bit_of[spec] = free[0]
        for place in places[free[0]]:
            spec_at[place] = spec
    return bit_of, spec_at


def _formulas(formulas: Sequence[Formula], column: dict[str, int]) -> list[int]:
    words: list[int] = []
    for formula in formulas:
        over = [2 * column[name] for name in formula.over]
        over += [2 * column[name] + 1 for name in formula.less]
        under = [2 * column[name] for name in formula.under]
        under += [2 * column[name] + 1 for name in formula.under_less]
        clip = (0, 0) if formula.at_most is None else _ratio(formula.at_most)
        numbers = [formula.times, formula.per, formula.plus, *clip, len(over), len(under)]
        words += [column[formula.name], *numbers, *over, *under]
    return words


def _ratio(number: float) -> tuple[int, int]:
    """Return two whole numbers whose nearest double of a quotient is the number."""
    return float(number).as_integer_ratio()


def _described(feature: Feature) -> dict[str, object]:
    """Return what a definition means: its fields, save `why` and those that say nothing."""
    said: dict[str, object] = {}
    for field in fields(feature):
        value = getattr(feature, field.name)
        if field.name != "why" and value != field.default:
            said[field.name] = sorted(value) if isinstance(value, frozenset) else value
    return said


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


PLAN: Final = compile_catalogue(CATALOGUE)
PLAN_HASH: Final = PLAN.plan_hash
EMPTY: Final = np.array(
    [LAYOUT, PLAN.words[P_FINGERPRINT]] + [0] * (HEADER_WORDS - 2), np.int64
).tobytes()
"""The log of a customer of whom nothing is known."""
