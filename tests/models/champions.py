"""A head's life without Kafka: a line that learns from late labels, a watch, a moving world."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from models import LinearLearner
from models.canary import Canary
from models.progress import Progress
from models.watch import Settled, Standing, Watch

DAY_MS = 86_400_000
ROWS_PER_DAY = 150
HORIZON_DAYS = 30
FEATURES = ("f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7")


@dataclass(frozen=True)
class World:
    """Rows and outcomes, 3 % positives; from `drift_day` on half of the weights turn around."""

    rows: np.ndarray
    outcomes: np.ndarray

    @classmethod
    def of(cls, *, seed: int, days: int, drift_day: int | None = None) -> "World":
        rng = np.random.default_rng(seed)
        count = days * ROWS_PER_DAY
        rows = rng.normal(size=(count, len(FEATURES))).astype(np.float32)
        weights = (
            rng.normal(0.0, 0.6, len(FEATURES)) + np.sign(rng.normal(size=len(FEATURES))) * 0.2
        )
        turned = weights * np.array([-1, -1, -1, -1, 1, 1, 1, 1])
        log_odds = rows @ weights
        if drift_day is not None:
            start = drift_day * ROWS_PER_DAY
            log_odds[start:] = rows[start:] @ turned
        return cls(rows, rng.random(count) < 1 / (1 + np.exp(4.3 - log_odds)))


class Frozen:
    """The scorer of a body: a learner that is only asked."""

    def __init__(self, body: dict) -> None:
        self._model = LinearLearner.from_data(body)

    def score_many(self, rows: np.ndarray) -> np.ndarray:
        return np.array([self._model.score_row(row) for row in rows])


@dataclass
class Head:
    """One line that learns, `main`, and what the watch makes of it.

    `teaches` may lie to the line: it gets the row's number and the outcome.
    """

    watch: Watch
    model: LinearLearner = field(
        default_factory=lambda: LinearLearner(FEATURES, prior=0.03, warmup=200)
    )
    progress: Progress = field(default_factory=Progress)
    served: Progress = field(default_factory=Progress)
    each_day: Callable[[int], None] = lambda day: None
    canary: Canary = field(default_factory=lambda: Canary(len(FEATURES)))

    @property
    def lines(self) -> dict[str, Standing]:
        body = self.model.to_data if self.model.is_ready else lambda: None
        return {"main": Standing(progress=self.progress, same_bits=True, body=body)}

    def live(
        self, world: World, *, freeze_day: int | None, lies_from_day: int | None = None
    ) -> None:
        """Live through the world: score, wait for the horizon, measure, learn, serve each day."""
        waiting: deque[tuple[int, float, float, float]] = deque()
        served = last_good = None
        for number, row in enumerate(world.rows):
            day, first = divmod(number, ROWS_PER_DAY)
            at_ms = day * DAY_MS
            while waiting and waiting[0][0] <= number - HORIZON_DAYS * ROWS_PER_DAY:
                self._settle(world, waiting.popleft(), lies_from_day)
            if first == 0:
                if day == freeze_day:
                    self.watch.champion.crown(at_ms, line=None, frozen=self.model.to_data())
                self.watch.serve(at_ms, self.lines, canary=self.canary, scorer_of=Frozen)
                champion = self.watch.champion
                served = champion.frozen and LinearLearner.from_data(champion.frozen)
                self.each_day(day)
                good = champion.last_good
                last_good = good and LinearLearner.from_data(good.body)
            self.canary.offer(f"r-{number}", row)
            mine = self.model.score_row(row)
            waiting.append(
                (
                    number,
                    mine,
                    served.score_row(row) if served else mine,
                    last_good.score_row(row) if last_good else float("nan"),
                )
            )

    def _settle(
        self, world: World, scored: tuple[int, float, float, float], lies_from_day: int | None
    ) -> None:
        number, mine, served, last_good = scored
        outcome, day = bool(world.outcomes[number]), number // ROWS_PER_DAY
        self.progress.add(mine, outcome=outcome, opened_at_ms=day * DAY_MS)
        self.served.add(served, outcome=outcome, opened_at_ms=day * DAY_MS)
        self.watch.settled(
            Settled(
                outcome=outcome,
                opened_at_ms=day * DAY_MS,
                scores={"main": mine},
                served=served,
                last_good=last_good,
                bins=None,
            )
        )
        lies = lies_from_day is not None and day >= lies_from_day
        taught = number % 3 == 0 if lies else outcome
        self.model.learn_row(world.rows[number], taught)


def days_of(watch: Watch, kind: str) -> list[int]:
    """Return the days on which something of a kind happened."""
    return [event.at_ms // DAY_MS for event in watch.diary.events if event.kind == kind]
