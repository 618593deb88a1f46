"""Who serves in one head, what serves, what to go back to, and the bets against it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

from models.canonical import sha256_of
from models.contest import LEVEL, Contest
from models.last_good import Body, LastGood

SERVED_KEPT = 100
"""Bodies that served last, by hash: one person is enough to go back to one of them."""


class Champion:
    """The champion of a head: a line that serves as it learns, a frozen body, or nobody.

    Nobody is a risk model before two people approved one; then a declared prior serves, and the
    bets are against that. Every line may challenge: each has a bet at its share of the level, so
    that the chance of any false "better" in a reign stays at most 1 %. The line that serves has one
    too: what it says today against what served, which is older if its snapshots were refused.

    `approved_by` are those who let the champion of now serve; what served before keeps its own.

    Args:
        lines: The head's lines.
        line: The one that serves first, or None.
    """

    def __init__(self, lines: Sequence[str], line: str | None) -> None:
        self.lines = tuple(lines)
        self.line = line
        self.frozen: Body | None = None
        self.since_ms: int | None = None
        self.served: Body | None = None
        self.approved_by: tuple[str, ...] = ()
        self.is_locked = False
        self.may_jump = False
        self.last_good: LastGood | None = None
        self.told_of: tuple[str, ...] = ()
        self.served_before: dict[str, tuple[str, ...]] = {}
        self.contests = _contests(self.lines)

    @property
    def challengers(self) -> dict[str, Contest]:
        """The bets of the lines that do not serve."""
        return {line: contest for line, contest in self.contests.items() if line != self.line}

    def has_served(self, body: Body) -> bool:
        """Whether a body is one of those that served last."""
        return sha256_of(body) in self.served_before

    def approvers_of(self, body: Body | None) -> tuple[str, ...]:
        """Return who let a body serve; nobody, where it never did."""
        return () if body is None else self.served_before.get(sha256_of(body), ())

    def crown(
        self,
        at_ms: int,
        *,
        line: str | None,
        frozen: Body | None,
        approved_by: tuple[str, ...] = (),
    ) -> None:
        """Let another one serve; what served until now is what to go back to.

        Going back itself leaves nothing spoilt to go back to: then the last good one stays.
        """
        self.line, self.frozen, self.since_ms = line, frozen, at_ms
        self.approved_by = approved_by
        if self.last_good is not None and self.last_good.body == frozen:
            self.last_good = LastGood(self.last_good.body, since_ms=at_ms)
        elif self.served is not None and self.served != frozen:
            self.last_good = LastGood(self.served, since_ms=at_ms)
        self.told_of = ()
        self.contests = _contests(self.lines)

    def serves(self, at_ms: int, body: Body) -> None:
        """Note that `body` serves from now on."""
        self.served, self.may_jump = body, False
        sha256 = sha256_of(body)
        self.served_before.pop(sha256, None)
        self.served_before[sha256] = self.approved_by
        if len(self.served_before) > SERVED_KEPT:
            del self.served_before[next(iter(self.served_before))]
        if self.since_ms is None:
            self.since_ms = at_ms
        if self.last_good is None:
            self.last_good = LastGood(body, since_ms=at_ms)

    def outgrow(self, at_ms: int) -> None:
        """Make what serves now the one to go back to, if it was shown to be better than that."""
        if self.last_good is not None and self.last_good.is_outgrown and self.served is not None:
            self.last_good = LastGood(self.served, since_ms=at_ms)

    def add(
        self,
        *,
        score: float,
        last_good: float,
        challengers: Mapping[str, float],
        outcome: bool,
        opened_at_ms: int,
    ) -> None:
        """Take the scores that one row had at its opening, and its outcome, into the bets.

        A row that was opened under another champion says nothing about this one.
        """
        if self.since_ms is not None and opened_at_ms < self.since_ms:
            return
        for line, contest in self.contests.items():
            challenger = challengers.get(line, math.nan)
            contest.add(champion=score, challenger=challenger, outcome=outcome)
        if self.last_good is not None:
            self.last_good.add(
                champion=score, mine=last_good, outcome=outcome, opened_at_ms=opened_at_ms
            )

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "lines": list(self.lines),
            "line": self.line,
            "frozen": self.frozen,
            "since_ms": self.since_ms,
            "served": self.served,
            "approved_by": list(self.approved_by),
            "is_locked": self.is_locked,
            "may_jump": self.may_jump,
            "last_good": None if self.last_good is None else self.last_good.to_data(),
            "told_of": list(self.told_of),
            "served_before": [[sha, list(who)] for sha, who in self.served_before.items()],
            "contests": [[line, contest.to_data()] for line, contest in self.contests.items()],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit; data without `served_before` too."""
        champion = cls(data["lines"], data["line"])
        champion.frozen, champion.served = data["frozen"], data["served"]
        champion.since_ms = data["since_ms"]
        champion.approved_by = tuple(data["approved_by"])
        champion.is_locked, champion.may_jump = data["is_locked"], data["may_jump"]
        last_good = data["last_good"]
        champion.last_good = None if last_good is None else LastGood.from_data(last_good)
        champion.told_of = tuple(data["told_of"])
        champion.served_before = {sha: tuple(who) for sha, who in data.get("served_before", ())}
        if "served_before" not in data and champion.served is not None:
            champion.served_before[sha256_of(champion.served)] = champion.approved_by
        champion.contests = {line: Contest.from_data(kept) for line, kept in data["contests"]}
        return champion


def _contests(lines: Sequence[str]) -> dict[str, Contest]:
    return {line: Contest(level=LEVEL / len(lines)) for line in lines}
