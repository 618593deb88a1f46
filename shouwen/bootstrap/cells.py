"""One cell, or some, to one value of a contract: exact, or refused with what to do about it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from adapters.tables import Row
from contracts.ids import stable_id
from shouwen.bootstrap.rules import (
    Codes,
    Constant,
    FieldRule,
    Flag,
    FromColumn,
    HashOf,
    Items,
    Money,
    OwnerOf,
    SignOf,
    Time,
    Whole,
)

Holders = Mapping[str, tuple[str, ...]]
"""The customers that a row about an account becomes events of."""

Cell = Callable[[Row], Any]
"""A rule made ready: a row to a value, none where the row says nothing."""

_SECONDS_BELOW = 10_000_000_000
_MINOR = 100


class CellError(ValueError):
    """A cell is not what the mapping says; the text names the column and never the value."""


class UnknownAccountError(CellError):
    """Nobody owns the account, as far as the accounts table says."""


class Unmapped(str):
    """A code that its list does not have."""

    __slots__ = ()


def text_of(value: Any) -> str:
    """Return a cell as text, without blanks around it; an absent one is empty.

    >>> text_of(None), text_of(" UVER "), text_of(7), text_of(7.0), text_of(True)
    ('', 'UVER', '7', '7', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def money_of(value: Any, *, unit: str, column: str) -> int:
    """Return money in minor units, exactly: no float comes near it.

    >>> money_of("2938.70", unit="major", column="amount")
    293870
    >>> money_of("29.38", unit="minor", column="amount")
    Traceback (most recent call last):
    ...
    shouwen.bootstrap.cells.CellError: column 'amount' is no whole number of minor units; if it is
    in yuan, say unit: major
    """
    amount = _number(value, column)
    if unit == "minor":
        if amount != amount.to_integral_value():
            raise CellError(
                f"column {column!r} is no whole number of minor units; if it is in yuan, say "
                "unit: major"
            )
        return int(amount)
    minor = amount * _MINOR
    if minor != minor.to_integral_value():
        raise CellError(f"column {column!r} is finer than the currency's minor unit")
    return int(minor)


def time_ms(value: Any, rule: Time, *, timezone: str) -> int:
    """Return a time in epoch milliseconds UTC.

    >>> shanghai = Time(time="day", format="%Y%m%d", at="09:30")
    >>> time_ms("20240301", shanghai, timezone="Asia/Shanghai")
    1709256600000
    >>> time_ms(1709256600, Time(time="t", unit="ms"), timezone="UTC")
    Traceback (most recent call last):
    ...
    shouwen.bootstrap.cells.CellError: column 't' has seconds where the mapping says ms; say unit: s
    """
    column = rule.time
    if rule.format is None and rule.unit in {"ms", "s"}:
        number = _number(value, column)
        is_seconds = abs(number) < _SECONDS_BELOW and number != 0
        if rule.unit == "ms" and is_seconds:
            raise CellError(f"column {column!r} has seconds where the mapping says ms; say unit: s")
        if rule.unit == "s" and not is_seconds and number != 0:
            raise CellError(f"column {column!r} has ms where the mapping says s; say unit: ms")
        return int(number if rule.unit == "ms" else number * 1_000)
    moment = _moment(value, rule)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(rule.zone or timezone))
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def ready(rule: FieldRule, *, timezone: str, holders: Holders) -> Cell:  # noqa: C901, PLR0911 - an arm per rule
    """Return a rule as a function of a row.

    >>> direction = ready(SignOf(sign_of="amount"), timezone="UTC", holders={})
    >>> direction({"amount": "-1.50"}), direction({"amount": "0"})
    ('out', 'in')
    """
    match rule:
        case Constant():
            return lambda _row: rule.value
        case FromColumn():
            return partial(_text, rule)
        case Whole():
            return partial(_whole, rule)
        case Money():
            return partial(_money, rule)
        case Time():
            return _timed(rule, timezone=timezone)
        case SignOf():
            return lambda row: "out" if _number(row[rule.sign_of], rule.sign_of) < 0 else "in"
        case Codes():
            return partial(_code, rule)
        case Flag():
            return lambda row: text_of(row[rule.flag]) in rule.when
        case Items():
            return partial(_items, rule)
        case HashOf():
            return partial(_hashed, rule)
        case OwnerOf():
            return partial(_owners, rule, holders)
        case _ as unknown:
            assert_never(unknown)


def _text(rule: FromColumn, row: Row) -> str | None:
    text = text_of(row[rule.column])
    return f"{rule.prefix}{text}" if text else None


def _whole(rule: Whole, row: Row) -> int | None:
    if not text_of(row[rule.whole]):
        return None
    number = _number(row[rule.whole], rule.whole)
    if number != number.to_integral_value():
        raise CellError(f"column {rule.whole!r} is no whole number")
    return int(number)


def _money(rule: Money, row: Row) -> int | None:
    if not text_of(row[rule.money]):
        return None
    amount = money_of(row[rule.money], unit=rule.unit, column=rule.money)
    return abs(amount) if rule.unsigned else amount


def _timed(rule: Time, *, timezone: str) -> Cell:
    seen: dict[int, int] = {}

    def of(row: Row) -> int | None:
        if not text_of(row[rule.time]):
            return None
        at_ms = time_ms(row[rule.time], rule, timezone=timezone)
        if rule.keep_order:
            seen[at_ms] = place = seen.get(at_ms, -1) + 1
            at_ms += place
        return at_ms

    return of


def _code(rule: Codes, row: Row) -> str | Unmapped | None:
    code = text_of(row[rule.codes])
    return rule.map[code] if code in rule.map else Unmapped(code)


def _items(rule: Items, row: Row) -> list[str]:
    parts = text_of(row[rule.items]).split(rule.separator)
    return [part.strip() for part in parts if part.strip()]


def _hashed(rule: HashOf, row: Row) -> str | None:
    parts = [text_of(row[column]) for column in rule.hash_of]
    return stable_id("t", *parts) if any(parts) else None


def _owners(rule: OwnerOf, holders: Holders, row: Row) -> tuple[str, ...]:
    owners = holders.get(text_of(row[rule.owner_of]), ())
    if not owners:
        raise UnknownAccountError(f"column {rule.owner_of!r} is an account that nobody owns")
    return owners


def _number(value: Any, column: str) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(text_of(value))
    except InvalidOperation:
        raise CellError(f"column {column!r} is no number") from None
    if not number.is_finite():
        raise CellError(f"column {column!r} is no number")
    return number


def _moment(value: Any, rule: Time) -> datetime:
    try:
        if rule.format is not None:
            moment = datetime.strptime(text_of(value), rule.format)  # noqa: DTZ007 - zone follows
        elif isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime.combine(value, time())
        else:
            moment = datetime.fromisoformat(text_of(value))
    except ValueError:
        how = rule.format or "an ISO 8601 time"
        raise CellError(f"column {rule.time!r} is not {how}") from None
    return moment if rule.at is None else datetime.combine(moment, time.fromisoformat(rule.at))
