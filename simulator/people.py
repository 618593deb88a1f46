"""Who the customers of the simulated bank are, and what they are like."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Literal

from simulator.chance import around, happens, pick, stream

Kind = Literal["salaried", "sme_owner", "merchant", "young", "retired"]

KINDS: tuple[tuple[Kind, float], ...] = (
    ("salaried", 0.42),
    ("sme_owner", 0.12),
    ("merchant", 0.16),
    ("young", 0.18),
    ("retired", 0.12),
)
TRADES: frozenset[Kind] = frozenset({"sme_owner", "merchant"})
"""Who has an enterprise."""
_BORN: dict[Kind, tuple[int, int]] = {
    "salaried": (25, 55),
    "sme_owner": (28, 60),
    "merchant": (22, 58),
    "young": (18, 28),
    "retired": (58, 80),
}
_INCOME_YUAN: dict[Kind, float] = {
    "salaried": 9_000.0,
    "sme_owner": 30_000.0,
    "merchant": 16_000.0,
    "young": 5_500.0,
    "retired": 4_200.0,
}
_SESSIONS_PER_DAY: dict[Kind, float] = {
    "salaried": 0.5,
    "sme_owner": 0.45,
    "merchant": 0.55,
    "young": 0.9,
    "retired": 0.15,
}
_MINOR_SHARE_OF_YOUNG = 0.06
_BRANCHES = ("hq/hz/west-lake", "hq/hz/binjiang", "hq/nb/yinzhou", "hq/sx/keqiao")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One customer, fixed for life: what the bank can know, and what it cannot.

    The last four are latent. No event carries them; they only bend what the customer does.

    Attributes:
        number: The customer's number, from 0.
        income_minor: Usual income of a month, in fen.
        opens_on_day: The simulated day on which the account is opened; None = it was there before.
        sessions_per_day: How often the app is opened, on average.
        spends_per_day: How often something is bought, on average.
        thrift: Share of the income that is not spent.
        curiosity: Chance that a session wanders to the loan pages for no reason.
        loyalty: Chance that a need is brought to this bank first.
        shyness: Chance that a need never shows in the app.
        frailty: How easily money trouble comes, 0 (never) to 1.
    """

    number: int
    customer_id: str
    device_id: str
    kind: Kind
    birth_year: int
    is_minor: bool
    income_minor: int
    salary_day: int
    employer_id: str | None
    rm_id: str | None
    branch_path: str
    kyc_level: int
    opens_on_day: int | None
    years_with_us: int
    sessions_per_day: float
    spends_per_day: float
    thrift: float
    curiosity: float
    loyalty: float
    shyness: float
    frailty: float

    @property
    def enterprise_id(self) -> str | None:
        """The customer's own enterprise, for whoever has one."""
        return enterprise_of(self.number) if self.kind in TRADES else None


def enterprise_of(number: int) -> str:
    """Return the enterprise of the customer with this number, who must have one."""
    return f"ent-{number:06}"


def kind_of(*, seed: int, number: int) -> Kind:
    """Return what kind of person has this number, without the rest of the person.

    >>> kind_of(seed=1, number=7) == person(seed=1, number=7, start_ms=0, days=1).kind
    True
    """
    return pick(stream(seed, number, "person"), KINDS)


def person(*, seed: int, number: int, start_ms: int, days: int) -> Person:
    """Return a customer of the bank: the same for a seed and number, whoever else there is.

    >>> someone = person(seed=1, number=7, start_ms=1_767_196_800_000, days=180)
    >>> someone == person(seed=1, number=7, start_ms=1_767_196_800_000, days=180)
    True
    """
    random = stream(seed, number, "person")
    kind = pick(random, KINDS)  # the first draw: `kind_of` repeats it
    year = datetime.fromtimestamp(start_ms / 1000, tz=UTC).year
    is_minor = kind == "young" and happens(random, _MINOR_SHARE_OF_YOUNG)
    age = random.randint(15, 16) if is_minor else random.randint(*_BORN[kind])
    branch = random.choice(_BRANCHES)
    has_job = kind in {"salaried", "young"}
    return Person(
        number=number,
        customer_id=f"c-{number:06}",
        device_id=f"dev-{number:06}",
        kind=kind,
        birth_year=year - age,
        is_minor=is_minor,
        income_minor=_income_minor(random, kind),
        salary_day=random.choice((5, 10, 10, 15, 25)),
        employer_id=f"e-{random.randrange(40):03}" if has_job else None,
        rm_id=f"rm-{branch[-3:]}-{random.randrange(3)}" if happens(random, 0.7) else None,
        branch_path=branch,
        kyc_level=1 if happens(random, 0.03) else 3,
        opens_on_day=random.randrange(days) if happens(random, 0.08) else None,
        years_with_us=random.randint(1, 12),
        sessions_per_day=_SESSIONS_PER_DAY[kind] * random.uniform(0.3, 1.7),
        spends_per_day=random.uniform(0.8, 2.2),
        thrift=random.uniform(0.06, 0.35),
        curiosity=random.uniform(0.0, 0.05),
        loyalty=random.uniform(0.5, 0.95),
        shyness=random.uniform(0.05, 0.45),
        frailty=random.random() * random.random(),
    )


def _income_minor(random: Random, kind: Kind) -> int:
    # Two draws in one make the long tail that incomes have.
    return 100 * around(random, _INCOME_YUAN[kind] * random.uniform(0.7, 1.6), 0.3)
