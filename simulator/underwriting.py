"""How the simulated bank decides on an application: it sees trouble, but not clearly."""

from dataclasses import dataclass
from random import Random

from simulator.hardship import Hardship
from simulator.people import Person

_MONTHS_OF_INCOME = 4
_TERMS_MONTHS = (2, 3, 6, 12)
_BEARABLE_RATIO = 0.35  # of a month's income, for an instalment
_KYC_LEVEL = 2
_REFUSED_ABOVE = 0.62
_LEAST_MINOR = 300_000
_STEP_MINOR = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the bank found: a limit and the terms that the income bears, or reasons to refuse."""

    limit_minor: int = 0
    apr_all_in_bps: int = 0
    terms_months: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()


def judge(
    person: Person, hardship: Hardship, random: Random, *, requested_minor: int, lenders: int
) -> Verdict:
    """Return the verdict on an application.

    The bank sees the latent risk through noise, so it refuses some who would pay and lends to some
    who will not.

    Args:
        person: Who asks.
        hardship: Whether money trouble is on; it shows in the account.
        random: The customer's chance for loans.
        requested_minor: How much is asked for.
        lenders: Other lenders that are owed.
    """
    if person.is_minor:
        return Verdict(reasons=("age_ineligible",))
    if person.kyc_level < _KYC_LEVEL:
        return Verdict(reasons=("identity_unverified",))
    seen = person.frailty + random.uniform(-0.35, 0.35)
    seen += 0.3 * hardship.is_on * random.random() + 0.12 * lenders
    if seen > _REFUSED_ABOVE:
        reason = "too_many_lenders" if lenders > 1 else "income_unstable"
        return Verdict(reasons=(reason, "obligations_high"))
    capped = min(
        int(requested_minor * random.uniform(0.7, 1.2)), person.income_minor * _MONTHS_OF_INCOME
    )
    limit_minor = max(_LEAST_MINOR, capped // _STEP_MINOR * _STEP_MINOR)
    price = 480 + int(900 * max(0.0, seen))
    bearable = tuple(
        months
        for months in _TERMS_MONTHS
        if limit_minor <= months * person.income_minor * _BEARABLE_RATIO
    )
    return Verdict(
        limit_minor=limit_minor,
        apr_all_in_bps=price,
        terms_months=bearable or _TERMS_MONTHS[-1:],
    )
