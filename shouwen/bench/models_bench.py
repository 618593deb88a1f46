"""`shouwen bench models`: what a score and a lesson cost, beside River's own pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import (
    FEATURES_OF,
    ROW,
    Encoding,
    LinearLearner,
    LinearScorer,
    OnlineModel,
    Panel,
    RiverChallenger,
    RiverTree,
    Row,
    RowSchema,
    auc_of,
)
from models.canonical import canonical_json
from shouwen.bench.report import Findings, Sheet, Tell, middle
from shouwen.bench.timing import cpu_us_per_event

HEADS: Final = ("drawn_30d", "applied_14d", "dpd30_mob3")
"""The heads that score every event: two of need, one of risk."""

_PRIOR: Final = 0.05
_MISSING: Final = 0.05
_ENCODING_ROWS: Final = 200
_OURS: Final = "shouwen, linear on bins and z-scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured; the default is what is published.

    Attributes:
        rows: Of the stream; the first half is learnt before anything is timed.
        timed: How many of the newest rows are timed.
        river: How many of these River is given.
        batch: Rows that come at once.
    """

    rows: int = 40_000
    timed: int = 20_000
    river: int = 4_000
    batch: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsBenchmark:
    """Encode once and score three heads; learn; by batch and one by one; River beside."""

    runs: int = 5
    size: Size = field(default_factory=Size)
    name: str = "models"

    @property
    def parts(self) -> int:
        """Scores, lessons, one by one, snapshot, and each of the two peers."""
        return 6

    def measure(self, tell: Tell) -> Findings:
        """Measure one after the other."""
        rows, labels = a_stream(self.size.rows)
        half = len(rows) // 2
        encoding = Encoding.fit(ROW.names, rows[:_ENCODING_ROWS])
        heads = [
            LinearLearner(FEATURES_OF[name], prior=_PRIOR, encoding=encoding) for name in HEADS
        ]
        before = encoding.encode_many(rows[:half])
        for head in heads:
            head.learn_many_encoded(*before, labels[:half])
        bodies = [head.scoring_data() for head in heads]
        scorers = [
            LinearScorer("drawn_30d", f"drawn_30d:{place}", body)
            for place, body in enumerate(bodies)
        ]
        timed, wanted = rows[-self.size.timed :], labels[-self.size.timed :]
        numbers: dict[str, Any] = {
            "features": len(ROW.names),
            "heads": len(HEADS),
            "features_of_heads": [len(FEATURES_OF[name]) for name in HEADS],
            "batch": self.size.batch,
            "runs": self.runs,
            **self._scores(Panel(scorers), timed),
        }
        tell(1)
        numbers |= self._lessons(encoding, timed, wanted)
        tell(1)
        numbers |= self._one_by_one(Panel(scorers), encoding, timed, wanted)
        tell(1)
        numbers["snapshot_bytes"] = max(len(canonical_json(body)) for body in bodies)
        numbers["load_ms"] = middle(
            _us(lambda: LinearScorer("drawn_30d", "drawn_30d:1", bodies[0]), 1, self.runs, 1_000.0)
        )
        tell(1)
        names = FEATURES_OF[HEADS[0]]
        own = np.ascontiguousarray(rows[:, RowSchema(names).indices(ROW.names)])
        numbers["peers"] = [self._ours(encoding, rows, labels)]
        for model in (RiverChallenger(names, prior=_PRIOR), RiverTree(names, prior=_PRIOR)):
            numbers["peers"].append(self._peer(model, own, labels))
            tell(1)
        return Findings(numbers=numbers, sheets=sheets(numbers), notes=_notes(self.size))

    def _scores(self, panel: Panel, timed: Row) -> dict[str, float]:
        batches = _batches(len(timed), self.size.batch)
        alone = Panel([*panel.heads[:1]])

        def encode_and_score(of: Panel) -> Callable[[], None]:
            def once() -> None:
                for batch in batches:
                    of.score_many(timed[batch])

            return once

        events, runs = len(timed), self.runs
        return {
            "score_us_per_row": middle(_us(encode_and_score(panel), events, runs)),
            "score_one_head_us_per_row": middle(_us(encode_and_score(alone), events, runs)),
        }

    def _lessons(
        self, encoding: Encoding, timed: Row, wanted: NDArray[np.bool_]
    ) -> dict[str, float]:
        batches = _batches(len(timed), self.size.batch)
        codes = [encoding.encode_many(timed[batch]) for batch in batches]

        def encode() -> None:
            for batch in batches:
                encoding.encode_many(timed[batch])

        def learn() -> None:
            model = LinearLearner(FEATURES_OF[HEADS[0]], prior=_PRIOR, encoding=encoding)
            for batch, code in zip(batches, codes, strict=True):
                model.learn_many_encoded(*code, wanted[batch])

        return {
            "encode_us_per_row": middle(_us(encode, len(timed), self.runs)),
            "learn_us_per_row": middle(_us(learn, len(timed), self.runs)),
        }

    def _one_by_one(
        self, panel: Panel, encoding: Encoding, timed: Row, wanted: NDArray[np.bool_]
    ) -> dict[str, float]:
        some = timed[: self.size.river]
        codes = list(zip(*encoding.encode_many(some), strict=True))

        def score() -> None:
            for row in some:
                panel.score(row)

        def learn() -> None:
            model = LinearLearner(FEATURES_OF[HEADS[0]], prior=_PRIOR, encoding=encoding)
            for (bins, z), y in zip(codes, wanted.tolist(), strict=False):
                model.learn_encoded(bins, z, y)

        return {
            "score_single_us_per_row": middle(_us(score, len(some), self.runs)),
            "learn_single_us_per_row": middle(_us(learn, len(some), self.runs)),
        }

    def _ours(
        self, encoding: Encoding, rows: Row, labels: NDArray[np.bool_]
    ) -> dict[str, str | float]:
        """Return our linear learner's costs as River's are measured: one row a call, encoded."""
        model = LinearLearner(FEATURES_OF[HEADS[0]], prior=_PRIOR, encoding=encoding)
        return self._peer(model, rows, labels, name=_OURS)

    def _peer(
        self, model: OnlineModel, rows: Row, labels: NDArray[np.bool_], *, name: str = ""
    ) -> dict[str, str | float]:
        """Return what a model of one head costs, and how well it ranks rows before it learns."""
        stream = [*zip(rows, labels.tolist(), strict=True)][-3 * self.size.river :]
        scores = np.array([model.learn_row(row, y) for row, y in stream])
        newest = stream[-self.size.river :]
        known = np.array([y for _, y in stream])

        def score() -> None:
            for row, _ in newest:
                model.score_row(row)

        def learn() -> None:
            for row, y in newest:
                model.learn_row(row, y)

        return {
            "name": name or f"River {_WORDS[type(model)]}",
            "score_us_per_row": middle(_us(score, len(newest), self.runs)),
            "learn_us_per_row": middle(_us(learn, len(newest), self.runs)),
            "auc": round(auc_of(scores[self.size.river :], known[self.size.river :]), 4),
        }


_WORDS: Final[Mapping[type, str]] = {
    RiverChallenger: "StandardScaler | LogisticRegression",
    RiverTree: "HoeffdingTree, 16 leaves",
}


def a_stream(count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return rows (skewed, 5 % missing) and outcomes that they cause, about one in ten true.

    >>> rows, labels = a_stream(1_000)
    >>> rows.shape, bool(0.02 < labels.mean() < 0.3)
    ((1000, 48), True)
    """
    rng = np.random.default_rng(1)
    features = len(ROW.names)
    rows = rng.lognormal(3.0, 2.0, (count, features)).astype(np.float32)
    cause = rng.normal(0.0, 0.3, features)
    log_odds = ((np.log1p(rows) - 3.0) / 2.0) @ cause - 3.0
    labels = rng.random(count) < 1.0 / (1.0 + np.exp(-log_odds))
    rows[rng.random((count, features)) < _MISSING] = np.nan
    return rows, labels


def sheets(numbers: Mapping[str, Any]) -> tuple[Sheet, ...]:
    """Return the tables for people, from the numbers as they are kept."""
    rows = (
        (f"encode once and score {numbers['heads']} heads, by batch, µs", "score_us_per_row"),
        ("encode once and score one head, by batch, µs", "score_one_head_us_per_row"),
        ("  of that encoding, µs", "encode_us_per_row"),
        (f"encode once and score {numbers['heads']} heads, one row a call, µs",
         "score_single_us_per_row"),
        ("score and learn an encoded row, by batch, µs", "learn_us_per_row"),
        ("score and learn an encoded row, one a call, µs", "learn_single_us_per_row"),
        ("largest snapshot of a head, bytes", "snapshot_bytes"),
        ("load a snapshot, ms", "load_ms"),
    )  # fmt: skip
    costs = Sheet(
        title=f"{numbers['features']} features, {numbers['heads']} heads",
        columns=("what", "median"),
        rows=[(what, str(numbers[key])) for what, key in rows],
    )
    peers = Sheet(
        title="One head, one row a call, beside River",
        columns=("what", "score, µs", "score and learn, µs", "AUC"),
        rows=[
            (
                peer["name"],
                f"{peer['score_us_per_row']:.2f}",
                f"{peer['learn_us_per_row']:.2f}",
                f"{peer['auc']:.4f}",
            )
            for peer in numbers["peers"]
        ],
    )
    return costs, peers


def _notes(size: Size) -> tuple[str, ...]:
    text = f"""
        Microseconds are CPU of the whole process, all threads, Python included; rows are float32
        and picked from the features before. {size.timed} rows in batches of {size.batch}.
        ---
        One by one, and beside River: {size.river} rows, each a call of its own; beside River ours
        encodes the row again for each verb, as River makes its dictionary.
        ---
        AUC is of scores given before each label, on {2 * size.river} rows of a synthetic stream: it
        says that what is timed has learnt something.
    """
    return tuple(" ".join(note.split()) for note in text.split("---"))


def _batches(count: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, count, size)]


def _us(run: Callable[[], object], events: int, runs: int, scale: float = 1.0) -> Sequence[float]:
    return [us / scale for us in cpu_us_per_event(run, events=events, runs=runs)]
