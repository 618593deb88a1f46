"""What a partition knows besides its subjects: its clock, its place, and who decides now."""

from collections.abc import Mapping

import msgspec

from contracts.control import StrategyActivated
from contracts.snapshots import ModelSnapshot
from contracts.topics import Topic
from decisions.strategy import Strategy
from features.quality import ROWS_ONE_IN, Row, sampled_of
from models import (
    AnomalyScorer,
    LinearScorer,
    Panel,
    UpliftScorer,
    load_anomaly,
    load_scorer,
    load_uplift,
)
from models import Row as ModelRow


class PartitionFacts(msgspec.Struct, kw_only=True):
    """The small part, written with every state interval.

    `chain` is the hash of the last decision: each decision carries the one before it.
    `counts` are totals since the beginning of the journal, for reconciliation. `slice_no` is the
    last slice of recorded time that a tick has closed; 0 before the first, and with a live clock.
    `history` is where the clock stood at the beginning and at the end of the last loading of
    history; none where there never was one, and no end while it goes on.
    """

    partition: int
    clock_ms: int = 0
    seq: int = -1
    chain: str = ""
    offsets: dict[str, int] = {}
    counts: dict[str, int] = {}
    slice_no: int = 0
    decisions_off: bool = False
    history: tuple[int, int | None] | None = None

    @property
    def loads_history(self) -> bool:
        """Whether what comes now is the past, told late."""
        return self.history is not None and self.history[1] is None

    def is_history(self, known_at_ms: int) -> bool:
        """Whether what was known at a time (epoch ms) was told while history was loaded.

        >>> facts = PartitionFacts(partition=0, history=(5, 9))
        >>> [facts.is_history(at_ms) for at_ms in (4, 5, 9, 10)]
        [False, True, True, False]
        """
        if self.history is None or known_at_ms < self.history[0]:
            return False
        return self.history[1] is None or known_at_ms <= self.history[1]


class PartitionState:
    """The state of one partition.

    `build` names the code and the machine that decide. `known_messages` is none in life; a
    backtest hands in the messages that really went out, and an action outside it, having no
    history, counts as sent. `pinned` makes a backtest ignore the strategies in the journal.
    `samples` is a list where somebody watches the quality of features: rows that were decided on.
    `scorers`, `uplift`, `anomaly` and `parsed` are derived: the models of labels by id, that of a
    contact's effect, the limits of what is usual, and strategies by hash, ready to use.

    >>> state = PartitionState(partition=2, build="b-1")
    >>> PartitionState.decode(state.encode(), build="b-1").facts == state.facts
    True
    """

    def __init__(self, *, partition: int, build: str) -> None:
        self.facts = PartitionFacts(partition=partition)
        self.build = build
        self.strategies: dict[str, StrategyActivated] = {}
        self.snapshots: dict[str, ModelSnapshot] = {}
        self.scorers: dict[str, LinearScorer] = {}
        self._panel: Panel | None = None
        self.uplift: UpliftScorer | None = None
        self.anomaly: AnomalyScorer | None = None
        self.parsed: dict[str, Strategy] = {}
        self.known_messages: frozenset[str] | None = None
        self.pinned = False
        self.samples: list[Row] | None = None
        self._block = self._drawn = -1
        self._ordinal = (-1, 0)

    def next_ordinal(self, seq: int) -> int:
        """Return 0, 1, 2… for the examples of one entry, in the order in which they arise."""
        last_seq, ordinal = self._ordinal
        ordinal = ordinal + 1 if last_seq == seq else 0
        self._ordinal = (seq, ordinal)
        return ordinal

    def count(self, what: str, by: int = 1) -> None:
        """Add to a total that goes with the state."""
        self.facts.counts[what] = self.facts.counts.get(what, 0) + by

    def switch(self, *, on: bool, loads_history: bool, at_ms: int) -> None:
        """Decide from now on, or no longer; note where the loading of history begins and ends."""
        facts = self.facts
        facts.decisions_off = not on
        if loads_history and not facts.loads_history:
            facts.history = (at_ms, None)
        elif not loads_history and facts.loads_history and facts.history is not None:
            facts.history = (facts.history[0], at_ms)

    def sample(self, seq: int, row: Row) -> None:
        """Keep the row of an entry for whoever watches, if the entry is in the sample."""
        if self.samples is None:
            return
        if seq // ROWS_ONE_IN != self._block:  # once a block, since a hash costs more than an event
            self._block = seq // ROWS_ONE_IN
            self._drawn = sampled_of(self._block, one_in=ROWS_ONE_IN)
        if seq == self._drawn:
            self.samples.append(row)

    def note_source(self, topic: Topic, offset: int) -> None:
        """Remember the highest source offset that was applied, per topic."""
        self.facts.offsets[topic.value] = offset

    def score_with(self, snapshot: ModelSnapshot) -> None:
        """Let a snapshot score from now on, in place of the last one of its name.

        Raises:
            ValueError, KeyError, TypeError: this version cannot score with it; the last one stays.
        """
        if snapshot.name == "uplift_30d":
            self.uplift = load_uplift(snapshot)
        elif snapshot.name == "anomaly":
            self.anomaly = load_anomaly(snapshot)
        else:
            scorer = load_scorer(snapshot)
            before = self.snapshots.get(snapshot.name)
            if before is not None:
                self.scorers.pop(before.model_id, None)
            self.scorers[snapshot.model_id] = scorer
            self._panel = None
        self.snapshots[snapshot.name] = snapshot

    def score_labels(self, row: ModelRow) -> dict[str, float]:
        """Return what each active model of a label says of a row, which is encoded once for all."""
        if self._panel is None:
            self._panel = Panel(list(self.scorers.values()))
        names = (scorer.name for scorer in self.scorers.values())
        return dict(zip(names, self._panel.score(row), strict=True))

    def keep_snapshot(self, raw: bytes) -> None:
        """Take a stored snapshot in, if this version can score with it."""
        try:
            self.score_with(ModelSnapshot.model_validate_json(raw))
        except (ValueError, KeyError, TypeError):
            self.count("snapshots_unreadable")

    def encode(self) -> dict[str, bytes]:
        """Return named parts; a part whose bytes did not change need not be written again."""
        parts = {"partition": msgspec.json.encode(self.facts)}
        for name, strategy in sorted(self.strategies.items()):
            parts[f"strategy/{name}"] = strategy.model_dump_json().encode()
        for name, snapshot in sorted(self.snapshots.items()):
            parts[f"snapshot/{name}"] = snapshot.model_dump_json().encode()
        return parts

    @classmethod
    def decode(cls, parts: Mapping[str, bytes], *, build: str) -> "PartitionState":
        """Return the state whose parts these are.

        A snapshot that this version cannot score with (it knows other features) is left out and
        counted: until the next one, decisions say that they have no model.
        """
        facts = msgspec.json.decode(parts["partition"], type=PartitionFacts)
        state = cls(partition=facts.partition, build=build)
        state.facts = facts
        for name, raw in parts.items():
            kind, _, rest = name.partition("/")
            if kind == "strategy":
                state.strategies[rest] = StrategyActivated.model_validate_json(raw)
            elif kind == "snapshot":
                state.keep_snapshot(raw)
        return state
