"""Single fields of the Berka records: amounts, days and birth numbers, read exactly or refused."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_MONTH_OF_WOMEN = 50


class RowError(ValueError):
    """A row that is no event: a number, a day or a word that its column does not have."""


def minor_of(amount: str) -> int:
    """Return haléře, exactly: no float comes near the money.

    >>> minor_of("2938.70"), minor_of("-5446.60")
    (293870, -544660)
    """
    try:
        minor = Decimal(amount) * 100
    except InvalidOperation:
        raise RowError("an amount is not a number") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise RowError("an amount is finer than the currency's minor unit")
    return int(minor)


def day_ms(yymmdd: str) -> int:
    """Return the UTC midnight that starts a day, in epoch milliseconds.

    >>> day_ms("930103") - day_ms("930102")
    86400000
    """
    try:
        day = datetime.strptime(f"19{yymmdd}", "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise RowError("a day is not yymmdd") from None
    return int(day.timestamp()) * 1000


def birth_year_of(birth_number: str) -> int:
    """Return the year in a birth number yymmdd, where the month of a woman is raised by 50.

    >>> birth_year_of("706213"), birth_year_of("450204")
    (1970, 1945)
    """
    try:
        month = int(birth_number[2:4])
    except ValueError:
        raise RowError("a birth number is not yymmdd") from None
    if month > _MONTH_OF_WOMEN:
        month -= _MONTH_OF_WOMEN
    day_ms(f"{birth_number[:2]}{month:02}{birth_number[4:]}")
    return 1900 + int(birth_number[:2])
