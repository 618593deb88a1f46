"""Progressive validation with late labels: score a row when it comes, learn when it is known."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, LogOddsLine
from models.encoding import Encoding
from models.first_rows import NEEDED as FIRST_ROWS
from models.labels import Teaches
from models.linear import LinearLearner
from models.online import OnlineModel
from shouwen.quality.stream import Stream

_ROWS_PER_SNAPSHOT = 500
_OF_EACH = 10
_TUNED_FIRST_ROWS = 2_000
_TUNED_ALPHA = 0.01


class Batch(Protocol):
    """A batch model: fitted on rows, it returns what scores rows."""

    def __call__(
        self, rows: NDArray[np.float32], outcomes: NDArray[np.bool_]
    ) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
        """Fit, and return the scoring of a matrix."""
        ...


class Served:
    """Calibrates scores as snapshots do: by a line, fitted anew after so many final rows.

    >>> Served().score(0.25)
    0.25
    """

    def __init__(self) -> None:
        self._calibration = Calibration()
        self._line = LogOddsLine()
        self._rows = 0

    def score(self, raw: float) -> float:
        """Return the score that is served, of the model's own."""
        return self._line.calibrated(raw)

    def final(self, raw: float, *, outcome: bool) -> None:
        """Take a row whose outcome is final, with the model's own score of its opening."""
        self._calibration.add(raw, outcome=outcome)
        self._rows += 1
        if self._rows % _ROWS_PER_SNAPSHOT == 0:
            self._line = self._calibration.line() or self._line


def online_scores(
    stream: Stream, model: OnlineModel, *, served: Served | None = None
) -> NDArray[np.float64]:
    """Return the score of each row at its decision, by a model that learns as labels come.

    The rules are those of the live learner's heads (`models.labels`): under `fake_negative` a row
    teaches "no" at once, which is undone if it comes true; under `as_arrives` a positive teaches
    when it is told and a negative when it is final; under `wait` both teach when they are final.

    Args:
        stream: The rows and their outcomes.
        model: Learns here; hand in a new one.
        served: What makes the served score of the model's own; none serves it as it is.
    """
    scores, raw, taught = (np.empty(len(stream)) for _ in range(3))
    fakes = stream.policy == "fake_negative"
    for step, i in stream.steps():
        row, outcome = stream.rows[i], bool(stream.outcomes[i])
        match step:
            case "opened":
                raw[i] = model.score_row(row)
                scores[i] = raw[i] if served is None else served.score(float(raw[i]))
                if fakes:
                    taught[i] = model.learn_row(row, False)
            case "told":
                if fakes:
                    model.undo_row(row, False, float(taught[i]))
                if stream.policy != "wait":
                    model.learn_row(row, True)
            case "final":
                if _teaches_at_the_end(stream.policy, outcome=outcome):
                    model.learn_row(row, outcome)
                if served is not None and stream.opened_ms[i] >= stream.closed_ms[0]:
                    served.final(float(raw[i]), outcome=outcome)
    return scores


def our_scores(stream: Stream) -> NDArray[np.float64]:
    """Return the scores of the live learner's main line, with its defaults.

    As there, the first rows fix the bins and are given the prior, and a line in the log-odds,
    fitted at each snapshot on rows opened after the first horizon (before it, labels that were
    still missing bent the scores), calibrates what is served. Nothing is tuned to the
    data set; only of a set with less than 800 rows a quarter must do for the bins.
    """
    first = min(FIRST_ROWS, len(stream) // 4)
    encoding = Encoding.fit(stream.features, stream.rows[:first])
    model = LinearLearner(stream.features, prior=stream.prior, encoding=encoding)
    scores = online_scores(stream, model, served=Served())
    scores[:first] = stream.prior
    return scores


def waiting_scores(stream: Stream) -> NDArray[np.float64]:
    """Return the scores of the same learner as it was tuned on the first half of simulated rows.

    A label teaches when it is final, 2,000 rows fix the bins, and the step is smaller: of the
    policies, steps and counts tried there, these had the least log loss.
    """
    waits = replace(stream, policy="wait")
    first = min(_TUNED_FIRST_ROWS, len(stream) // 4)
    encoding = Encoding.fit(stream.features, stream.rows[:first])
    model = LinearLearner(
        stream.features, alpha=_TUNED_ALPHA, prior=stream.prior, encoding=encoding
    )
    scores = online_scores(waits, model, served=Served())
    scores[:first] = stream.prior
    return scores


def refitted_scores(stream: Stream, fit: Batch) -> NDArray[np.float64]:
    """Return the score of each row by a batch model that is fitted again and again.

    At each refit it gets all rows whose outcome is final by then, and scores those that come until
    the next one. Before there are ten rows of each outcome the score is the prior.
    """
    scores = np.full(len(stream), stream.prior)
    begin, end = int(stream.opened_ms[0]), int(stream.opened_ms[-1])
    for at_ms in range(begin, end + 1, stream.refit_ms):
        known = stream.known_at(at_ms)
        now = (stream.opened_ms >= at_ms) & (stream.opened_ms < at_ms + stream.refit_ms)
        positives = int(stream.outcomes[known].sum())
        if not now.any() or min(positives, int(known.sum()) - positives) < _OF_EACH:
            continue
        scores[now] = fit(stream.rows[known], stream.outcomes[known])(stream.rows[now])
    return scores


def _teaches_at_the_end(policy: Teaches, *, outcome: bool) -> bool:
    return policy == "wait" or (policy == "as_arrives" and not outcome)
