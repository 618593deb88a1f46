"""The rules of a mapping: how a cell, or some of a row, become one field.

A rule is an object with one word that says of what kind it is:

    value: CNY                      the same for every row
    column: client_id               text; `prefix` goes in front of it
    whole: term_months              a whole number
    money: amount                   money; `unit` major (yuan) or minor (fen), exact decimals
    time: booked_at                 a time; `unit` ms, s or iso, or a `format` as of strftime
    sign_of: amount                 a direction: `in` for zero and more, `out` for less
    codes: k_symbol                 a code, by the list in `map`; `otherwise` for all others
    flag: is_active                 yes where the cell is one of `when`
    items: permitted_use            a list, cut at `separator`
    hash_of: [bank, account]        an opaque token of several cells; none where all are empty
    owner_of: account_id            the customer who owns an account, by `accounts`
"""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Discriminator, Field, Tag

from contracts.envelope import Ours

Text = Annotated[str, Field(min_length=1, max_length=200)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone such as Asia/Shanghai") from error
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


def _clock(text: str) -> str:
    time.fromisoformat(text)
    return text


class Constant(Ours):
    """The same value for every row."""

    value: str | int | bool | tuple[str, ...]


class FromColumn(Ours):
    """A cell as text; an empty one is no value."""

    column: Text
    prefix: str = ""


class Whole(Ours):
    """A whole number."""

    whole: Text


class Money(Ours):
    """Money, exactly: `major` units (yuan) with at most two decimals, or whole `minor` ones (fen).

    `unsigned` drops the sign, where a direction is made of it.
    """

    money: Text
    unit: Literal["major", "minor"]
    unsigned: bool = False


class Time(Ours):
    """A point in time.

    `unit` is `ms` or `s` since 1970, or `iso`; `format` is one of `strptime`. A time without a zone
    is of `zone`, or of the mapping's. A day alone is taken at the hour `at` of that day; with
    `keep_order` each row of one day is a millisecond later than the one before it in the file, so
    that the order of a day stays.
    """

    time: Text
    unit: Literal["ms", "s", "iso"] = "iso"
    format: Text | None = None
    zone: Zone | None = None
    at: Annotated[Text, AfterValidator(_clock)] | None = None
    keep_order: bool = False


class SignOf(Ours):
    """The direction of money by its sign: `in` for zero and more, `out` for less."""

    sign_of: Text


class Codes(Ours):
    """A code of the bank to a word of the contract, or to nothing; an empty cell is the code "".

    What is not in `map` is told as unmapped: it becomes `otherwise`, or the field stays open, and a
    purpose that is open is inferred by the rules of docs/domain.md. A field that must be there has
    the row rejected.
    """

    codes: Text
    map: dict[str, str | None]
    otherwise: str | None = None


class Flag(Ours):
    """Yes where the cell is one of `when`, as text."""

    flag: Text
    when: tuple[str, ...]


class Items(Ours):
    """A list of words in one cell."""

    items: Text
    separator: Text = ","


class HashOf(Ours):
    """An opaque token of several cells, the same for the same cells; none where all are empty."""

    hash_of: Annotated[tuple[Text, ...], Field(min_length=1)]


class OwnerOf(Ours):
    """The customer, or the customers, of the account in a cell."""

    owner_of: Text


_RULES: tuple[type[Ours], ...] = (
    Constant,
    FromColumn,
    Whole,
    Money,
    Time,
    SignOf,
    Codes,
    Flag,
    Items,
    HashOf,
    OwnerOf,
)
WORDS = tuple(next(iter(rule.model_fields)) for rule in _RULES)
"""The word of each rule."""


def _word_of(raw: Any) -> str | None:
    if isinstance(raw, Ours):
        return next(iter(type(raw).model_fields))
    words = [word for word in WORDS if isinstance(raw, Mapping) and word in raw]
    return words[0] if len(words) == 1 else None


FieldRule = Annotated[
    Annotated[Constant, Tag("value")]
    | Annotated[FromColumn, Tag("column")]
    | Annotated[Whole, Tag("whole")]
    | Annotated[Money, Tag("money")]
    | Annotated[Time, Tag("time")]
    | Annotated[SignOf, Tag("sign_of")]
    | Annotated[Codes, Tag("codes")]
    | Annotated[Flag, Tag("flag")]
    | Annotated[Items, Tag("items")]
    | Annotated[HashOf, Tag("hash_of")]
    | Annotated[OwnerOf, Tag("owner_of")],
    Discriminator(_word_of),
]
