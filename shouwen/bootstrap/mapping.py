"""The mapping file: which table becomes which event, and by which rule each field is filled.

A YAML file; an unknown key, field or event is refused, and every problem is named at once.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from contracts.envelope import Code, Ours
from shouwen.bootstrap.events import FORMS
from shouwen.bootstrap.rules import WORDS, FieldRule, FromColumn, OwnerOf, Text, Time, Zone
from shouwen.errors import ShouwenError


class MappingError(ShouwenError):
    """A mapping file cannot be read, says what it cannot say, or does not fit its tables."""


class _File(Ours):
    file: Text
    encoding: Text = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","


class Accounts(_File):
    """Who may use which account: one row for each holder.

    `owners` are the words in the column `role` that make a holder an owner; without `role` each
    holder is one. `joint` says what becomes of a row about an account with several owners: it is an
    event of the first one in the file (`first`), or of `each`.
    """

    account: Text
    customer: FromColumn
    role: Text | None = None
    owners: tuple[str, ...] = ()
    joint: Literal["first", "each"] = "first"

    @model_validator(mode="after")
    def _says_who_owns(self) -> Self:
        if (self.role is None) != (not self.owners):
            raise ValueError("role and owners go together: the column, and the words of an owner")
        return self


class TableMapping(_File):
    """One table as events of one type.

    `key` are the columns that tell its rows apart: an event's id is made of them, so that loading
    twice is all duplicates. Rows that do not meet `where` are left out. `known_at` is when the bank
    knew, for a recorded clock; without it, when it happened.
    """

    name: Code
    event: str
    key: Annotated[tuple[Text, ...], Field(min_length=1)]
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    known_at: Time | None = None
    fields: dict[str, FieldRule]

    @model_validator(mode="after")
    def _fits_its_contract(self) -> Self:
        form = FORMS.get(self.event)
        if form is None:
            raise ValueError(f"there is no event {self.event!r}; there are {', '.join(FORMS)}")
        unknown = sorted(set(self.fields) - set(form.fields))
        if unknown:
            raise ValueError(
                f"{self.event} has no field {', '.join(unknown)}; it has {', '.join(form.fields)}"
            )
        missing = [name for name in form.required if name not in self.fields]
        if missing:
            raise ValueError(f"{self.event} needs {', '.join(missing)} too")
        return self


class HistoryMapping(Ours):
    """A mapping file as a whole; times without a zone are of `timezone`."""

    version: Literal[1]
    timezone: Zone
    accounts: Accounts | None = None
    tables: Annotated[tuple[TableMapping, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [table.name for table in self.tables]
        if len(set(names)) < len(names):
            raise ValueError("two tables have one name: their event ids would be the same")
        owned = any(
            isinstance(rule, OwnerOf) for table in self.tables for rule in table.fields.values()
        )
        if owned and self.accounts is None:
            raise ValueError("owner_of needs `accounts`: the table that says who owns an account")
        return self


def load_mapping(path: Path) -> HistoryMapping:
    """Return the mapping in a YAML file.

    Raises:
        MappingError: it is no YAML, or says what a mapping cannot say; every problem is named.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(
            f"bootstrap needs a mapping file in YAML; {str(path)!r} is none: {error}."
        ) from error
    try:
        # A YAML list is a tuple of the models; numbers and booleans stay what they are.
        return HistoryMapping.model_validate(_frozen(raw))
    except ValidationError as error:
        problems = "".join(f"\n  - {_said(problem)}" for problem in error.errors())
        raise MappingError(
            f"bootstrap needs a mapping it can follow; got {len(error.errors())} problems in "
            f"{path.name}:{problems}\nCorrect them; docs/bootstrap.md has an example."
        ) from error


def _frozen(raw: Any) -> Any:
    if isinstance(raw, list):
        return tuple(_frozen(item) for item in raw)
    if isinstance(raw, dict):
        return {key: _frozen(item) for key, item in raw.items()}
    return raw


def _said(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"] if part not in WORDS) or "the file"
    match problem["type"]:
        case "union_tag_not_found":
            what = f"a rule needs exactly one of {', '.join(WORDS)}"
        case "extra_forbidden":
            what = "this key is unknown"
        case "string_type":
            what = (
                f"needs text; got {problem['input']!r}. Quote it: YAML reads NO and 01 its own way"
            )
        case _:
            what = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {what}"
