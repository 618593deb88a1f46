"""What is usual for one customer, and how far today is from it: a profile of a hundred bytes.

A customer who behaves like another customer is like nobody's average: a detector over all
customers sees nothing, one over the customer's own past does.
"""

import math
import struct
from collections.abc import Mapping
from typing import NamedTuple

from models import kernels

PROFILE_FEATURES: Mapping[str, float] = {
    "inflow_sum_minor_7d": 100_000.0,
    "inflow_sum_minor_30d": 100_000.0,
    "outflow_sum_minor_7d": 100_000.0,
    "outflow_sum_minor_30d": 100_000.0,
    "outflow_max_minor_30d": 100_000.0,
    "customer_receipt_sum_minor_30d": 100_000.0,
    "balance_last_minor": 100_000.0,
    "cash_buffer_days": 1.0,
    "limit_query_cnt_24h": 1.0,
    "night_session_ratio_7d": 0.1,
    "device_customer_cnt_7d": 1.0,
    "ip_customer_cnt_1h": 1.0,
}
"""What is watched, each permitted for fraud, and the size below which a change is small: a number
enters as the signed logarithm of 1 + its size in that unit (1,000 yuan; a day; a tenth)."""

LEAST_DATES = 10
"""Business dates that a profile needs before it says what is usual."""
MOST_FROZEN_DATES = 30
"""After a month of alarms the new conduct is the customer's own: whoever lost a card has it back,
whoever changed a life keeps it."""
TOP = 3
_RATE = 0.05
_LEAST_SD = 0.25
_FIRST_VARIANCE = 1.0
_Z_LIMIT = 8.0
_FORMAT = 1
_DAY_MS = 86_400_000
_UTC_PLUS_8_MS = 8 * 3_600_000
_COUNT = len(PROFILE_FEATURES)
_LAYOUT = struct.Struct(f"<BBHi{2 * _COUNT}f")
"""Format, dates frozen in a row, dates learnt, last date, then means and variances."""
PROFILE_BYTES = _LAYOUT.size


class Unusual(NamedTuple):
    """How unusual a customer is.

    `score` is the mean of the three largest |z|; `z` has a value for each watched feature that is
    known now and was known before, in standard deviations, at most 8; `top` are the three.
    """

    score: float
    z: dict[str, float]

    @property
    def top(self) -> dict[str, float]:
        """The features behind the score, the most unusual first; ties by name."""
        order = sorted(self.z, key=lambda name: (-abs(self.z[name]), name))
        return {name: self.z[name] for name in order[:TOP]}


def unusual(profile: bytes, features: Mapping[str, float]) -> Unusual | None:
    """Return how far `features` are from a profile; none while too little is known. Nothing learns.

    Raises:
        ValueError: the profile is not one that `learnt` wrote.

    >>> usual = {
    ...     "outflow_sum_minor_7d": 50_000.0,
    ...     "balance_last_minor": 900_000.0,
    ...     "limit_query_cnt_24h": 0.0,
    ... }
    >>> profile = b""
    >>> for date in range(10):
    ...     profile = learnt(profile, usual, at_ms=date * 86_400_000)
    >>> unusual(profile, usual).score
    0.0
    >>> emptied = {**usual, "outflow_sum_minor_7d": 900_000.0, "balance_last_minor": 0.0}
    >>> round(unusual(profile, emptied).score, 1), list(unusual(profile, emptied).top)[0]
    (4.4, 'balance_last_minor')
    """
    if not profile:
        return None
    _, dates, _, means, variances = _read(profile)
    if dates < LEAST_DATES:
        return None
    z = {}
    for name, mean, variance in zip(PROFILE_FEATURES, means, variances, strict=True):
        value = _squashed(name, features)
        if not math.isnan(value) and not math.isnan(mean):
            distance = (value - mean) / max(math.sqrt(variance), _LEAST_SD)
            z[name] = min(max(distance, -_Z_LIMIT), _Z_LIMIT)
    if len(z) < TOP:
        return None
    largest = sorted((abs(distance) for distance in z.values()), reverse=True)[:TOP]
    return Unusual(score=sum(largest) / TOP, z=z)


def learnt(
    profile: bytes,
    features: Mapping[str, float],
    *,
    at_ms: int,
    alarm_from: float | None = None,
) -> bytes:
    """Return the profile after `features` were seen at `at_ms`.

    It learns at most once per business date (UTC+8), from the first event of it. The windows behind
    the features reach back days, so that the next event of the date says almost the same again: a
    customer with 300 payments a day would forget in an hour what is usual, and whoever takes an
    account over could teach it within an afternoon. For the same reason nothing is learnt from a
    date on which the customer is as unusual as `alarm_from` or more, for 30 dates in a row at most.

    The rate is 1/n for the first dates, so that they weigh the same, and then 1/20: half of what is
    known is from the last 14 dates.

    Args:
        profile: Empty for a customer who has none.
        features: By name; NaN or absent where nothing is known.
        at_ms: Epoch milliseconds.
        alarm_from: The score that is an alarm; none while nobody has said.

    Source:
        Finch (2009), "Incremental calculation of weighted mean and variance", University of
        Cambridge, section 9, for the exponentially weighted variance.
    """
    date = _date(at_ms)
    if profile:
        frozen, dates, last_date, means, variances = _read(profile)
    else:
        frozen, dates, last_date = 0, 0, -(1 << 31)
        means, variances = [math.nan] * _COUNT, [_FIRST_VARIANCE] * _COUNT
    if date <= last_date:
        return profile
    now = None if alarm_from is None else unusual(profile, features)
    is_alarm = now is not None and alarm_from is not None and now.score >= alarm_from
    if is_alarm and frozen < MOST_FROZEN_DATES:
        return _LAYOUT.pack(_FORMAT, frozen + 1, dates, date, *means, *variances)
    frozen = frozen if is_alarm else 0  # a new life is learnt until it is no alarm any more
    dates = min(dates + 1, 0xFFFF)
    rate = max(_RATE, 1.0 / dates)
    for place, name in enumerate(PROFILE_FEATURES):
        value = _squashed(name, features)
        if math.isnan(value):
            continue
        if math.isnan(means[place]):
            means[place] = value
            continue
        step = value - means[place]
        means[place] += rate * step
        variances[place] = (1.0 - rate) * (variances[place] + rate * step * step)
    return _LAYOUT.pack(_FORMAT, frozen, dates, date, *means, *variances)


def is_due(profile: bytes, at_ms: int) -> bool:
    """Return whether a profile has not yet seen the business date of `at_ms`.

    >>> seen = learnt(b"", {}, at_ms=0)
    >>> is_due(b"", 0), is_due(seen, 1), is_due(seen, 86_400_000)
    (True, False, True)
    """
    return not profile or _date(at_ms) > _read(profile)[2]


def dates_of(profile: bytes) -> int:
    """Return how many business dates a profile rests on.

    >>> dates_of(b""), dates_of(learnt(b"", {}, at_ms=0))
    (0, 1)
    """
    return _read(profile)[1] if profile else 0


def z_row(z: Mapping[str, float]) -> list[float]:
    """Return z-scores in the order of `PROFILE_FEATURES`, NaN where there is none.

    >>> z_row({"ip_customer_cnt_1h": 1.5})[-2:]
    [nan, 1.5]
    """
    return [z.get(name, math.nan) for name in PROFILE_FEATURES]


def _date(at_ms: int) -> int:
    return (at_ms + _UTC_PLUS_8_MS) // _DAY_MS


def _squashed(name: str, features: Mapping[str, float]) -> float:
    value = features.get(name, math.nan)
    if not math.isfinite(value):
        return math.nan
    return float(kernels.signed_log(value / PROFILE_FEATURES[name]))


def _read(profile: bytes) -> tuple[int, int, int, list[float], list[float]]:
    if len(profile) != PROFILE_BYTES or profile[0] != _FORMAT:
        raise ValueError(
            f"a profile needs {PROFILE_BYTES} bytes of format {_FORMAT}; got {len(profile)} bytes "
            f"of {profile[:1].hex() or 'nothing'}. Fold the journal again with this version."
        )
    _, frozen, dates, last_date, *numbers = _LAYOUT.unpack(profile)
    return frozen, dates, last_date, numbers[:_COUNT], numbers[_COUNT:]
