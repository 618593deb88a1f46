"""A bet that a challenger is better than the champion, which can hardly be won by luck."""

from typing import Any, Self

from models.kernels import log

LEVEL = 0.01
"""Chance that a challenger that is no better is ever called better, however long it is watched."""

MARGIN = 0.05
"""By which share of the champion's log loss a challenger has to be better to be worth a change."""

_FLOOR = 0.002
_LARGEST_LOSS = -log(_FLOOR)
_STAKE = 0.75
_MEMORY_ROWS = 2_000


class Contest:
    """Evidence that a challenger predicts better than the champion, fed in decision order.

    Somebody starts with 1 and bets, before each outcome, a part of what they own on "the challenger
    loses less here". If the challenger is not better, no way of betting makes them rich: the chance
    that they ever own `1 / level` is at most `level` (Ville's inequality). So the moment at which
    they do is evidence, may be looked for after every row, and needs no plan of how many rows.

    A gain is (1 - margin) times the champion's log loss minus the challenger's, with probabilities
    bounded to [0.002, 0.998], so that no gain exceeds 6.3 nats. The margin is there because a
    champion that was frozen always loses a little to one that goes on learning, also in a world
    that stands still; a change of models for 2 % is not worth its risk. The part that is bet is
    mean over mean square of the gains of about the last 2,000 rows, at most three quarters of what
    one loss could take, and nothing where the challenger was behind.

    Args:
        level: Chance of a false "better", over the whole life of the contest.
        margin: Share of the champion's log loss that a challenger has to save.

    Source:
        Waudby-Smith, Ramdas (2024), "Estimating Means of Bounded Random Variables by Betting",
        JRSS B 86(1), for the bet; Choe, Ramdas (2024), "Comparing Sequential Forecasters",
        Operations Research 72(4), for scores of forecasts. Their bets remember all rows alike; ours
        forget, so that a champion that was good for a year can lose within weeks.

    >>> contest = Contest()
    >>> for row in range(1_000):
    ...     contest.add(champion=0.3, challenger=0.1, outcome=row % 10 == 0)
    >>> contest.is_won, contest.rows
    (True, 1000)
    """

    def __init__(self, *, level: float = LEVEL, margin: float = MARGIN) -> None:
        self.level = level
        self.margin = margin
        self.rows = 0
        self._log_wealth = 0.0
        self._most = 0.0
        self._gains = 0.0
        self._squares = 0.0
        self._weight = 0.0

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of what the bets made of 1, now."""
        return self._log_wealth

    @property
    def most(self) -> float:
        """The highest `log_evidence` so far; the level holds for this one."""
        return self._most

    @property
    def needed(self) -> float:
        """What `most` must reach: ln(1 / level)."""
        return -log(self.level)

    @property
    def is_won(self) -> bool:
        """Whether the challenger has been shown to be better, at the level and by the margin."""
        return self._most >= self.needed

    @property
    def is_ahead(self) -> bool:
        """Whether it gained on about the last 2,000 rows: evidence once won does not fade."""
        return self._gains > 0.0

    def add(self, *, champion: float, challenger: float, outcome: bool) -> None:
        """Take the two probabilities that one row was given when it was decided, and its outcome.

        A probability that is no number (NaN) is as bad as one can be.
        """
        lost = _loss(champion, outcome=outcome)
        gain = (1.0 - self.margin) * lost - _loss(challenger, outcome=outcome)
        self._log_wealth += log(1.0 + self._bet() * gain)
        self._most = max(self._most, self._log_wealth)
        keep = 1.0 - 1.0 / _MEMORY_ROWS
        self._gains = keep * self._gains + gain
        self._squares = keep * self._squares + gain * gain
        self._weight = keep * self._weight + 1.0
        self.rows += 1

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        numbers = (
            self.level, self.margin, self._log_wealth, self._most,
            self._gains, self._squares, self._weight,
        )  # fmt: skip
        return {"rows": self.rows, "numbers": [number.hex() for number in numbers]}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        level, margin, *rest = (float.fromhex(text) for text in data["numbers"])
        contest = cls(level=level, margin=margin)
        contest.rows = data["rows"]
        contest._log_wealth, contest._most = rest[:2]
        contest._gains, contest._squares, contest._weight = rest[2:]
        return contest

    def _bet(self) -> float:
        """Return the part of what is owned to be bet per nat of gain, from rows before this one."""
        if self._gains <= 0.0 or self._squares <= 0.0:
            return 0.0
        return min(self._gains / self._squares, _STAKE / _LARGEST_LOSS)


def _loss(probability: float, *, outcome: bool) -> float:
    given = probability if outcome else 1.0 - probability
    # Written so that NaN takes the first branch: a score that is no number is a wrong score.
    if not given > _FLOOR:
        return _LARGEST_LOSS
    return -log(min(given, 1.0 - _FLOOR))
