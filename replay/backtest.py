"""Folds a kept journal under candidate strategies and compares what they decide.

Everything evolves under the candidate: caps, cool-offs, refractory times, arms. What customers did
is history and stays as it was. An action that really went out finds its own history (sent, failed,
opened); one that never went out has none, and counts as sent, unless the caller says otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapters.kept import KeptJournal
from contracts.control import StrategyActivated
from contracts.decode import decode
from contracts.interactions import Feedback
from contracts.journal import Entry
from contracts.topics import Topic
from replay.counts import Counts, count
from replay.flips import Flip, find_flips
from replay.folding import Engine
from replay.made import Change, Made, by_place, decode_change, decode_made
from replay.processes import how_many, run_all

CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A strategy to try: its name in the report, and the strategy, pinned from the beginning.

    Without a strategy it is `current`: those of the journal, each from its own position on.
    """

    name: str
    strategy: StrategyActivated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one candidate decided.

    `as_recorded` counts the decisions that the bank published with the very same digest.
    """

    name: str
    strategy: str
    decisions: tuple[Made, ...]
    counts: Counts
    as_recorded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One candidate against the first one."""

    before: str
    after: str
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """All runs over one journal, and how each differs from the first.

    `recorded_actions` went out in life, and of `confirmed_actions` the journal has the channel's
    word that they were sent. The others gave their place under the caps back, in life; under
    `assume_sent` a candidate's own actions count as sent, so that where few are confirmed, caps
    hold harder against a candidate than they did against the live strategy.
    """

    journal: str
    recorded_decisions: int
    assume_sent: bool
    recorded_actions: int
    confirmed_actions: int
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]

    def equals_recorded(self, run: Run) -> bool:
        """Return whether a run made exactly the decisions that the bank published."""
        return run.as_recorded == self.recorded_decisions == len(run.decisions)

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain data, without the decisions themselves."""
        return {
            "journal": self.journal,
            "recorded_decisions": self.recorded_decisions,
            "assume_sent": self.assume_sent,
            "recorded_actions": self.recorded_actions,
            "confirmed_actions": self.confirmed_actions,
            "runs": [
                {
                    "name": run.name,
                    "strategy": run.strategy,
                    "as_recorded": run.as_recorded,
                    "equals_recorded": self.equals_recorded(run),
                    "counts": run.counts.as_json(),
                }
                for run in self.runs
            ],
            "comparisons": [asdict(comparison) for comparison in self.comparisons],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One candidate over one partition: what a process is sent."""

    folder: Path
    partition: int
    candidate: Candidate
    engine: Engine
    assume_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What comes of a task."""

    entries: int
    decisions: list[Made]
    changes: list[Change]
    as_recorded: int
    recorded_actions: int
    confirmed_actions: int


def backtest(
    kept: KeptJournal,
    candidates: Sequence[Candidate],
    *,
    engine: Engine,
    assume_sent: bool = True,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Backtest:
    """Run every candidate over a kept journal and compare each with the first.

    Args:
        kept: The journal, from its beginning.
        candidates: At least one; the first is what the others are compared with.
        engine: Its functions must be those of a module, so that processes can find them.
        assume_sent: A message that never went out in life counts as sent. Else it gives its
            place under the caps back like one that nobody confirmed: right where the journal
            has no word of any channel.
        processes: How many at once; as many as there are cores where it pays, else none.
        progress: Is told how many journal entries were folded since it was told last.

    Raises:
        KeptDamageError: a row of the kept journal is not what was written.
        JournalError: the journal cannot be folded.
    """
    tasks = [
        _Task(
            folder=kept.folder,
            partition=partition,
            candidate=candidate,
            engine=engine,
            assume_sent=assume_sent,
        )
        for candidate in candidates
        for partition in kept.partitions
    ]
    work = kept.rows(Topic.JOURNAL) * len(candidates)
    tell = progress or (lambda _: None)
    parts = run_all(
        _run,
        tasks,
        processes=how_many(processes, tasks=len(tasks), entries=work),
        done=lambda part: tell(part.entries),
    )
    each = len(kept.partitions)
    runs = tuple(
        _joined(candidate, parts[number * each : (number + 1) * each])
        for number, candidate in enumerate(candidates)
    )
    first = by_place(runs[0].decisions)
    return Backtest(
        journal=kept.folder.name,
        recorded_decisions=kept.rows(Topic.DECISIONS),
        assume_sent=assume_sent,
        recorded_actions=sum(part.recorded_actions for part in parts[:each]),
        confirmed_actions=sum(part.confirmed_actions for part in parts[:each]),
        runs=runs,
        comparisons=tuple(
            Comparison(
                before=runs[0].name,
                after=run.name,
                flips=tuple(find_flips(first, by_place(run.decisions))),
            )
            for run in runs[1:]
        ),
    )


def _run(task: _Task) -> _Part:
    """Fold one partition under one candidate."""
    kept = KeptJournal(task.folder)
    recorded = [decode_made(record.value) for record in kept.decisions(task.partition)]
    state = task.engine.state(task.partition)
    if task.assume_sent:
        state.known_messages = frozenset(
            made.action.message_id for made in recorded if made.action is not None
        )
    strategy = task.candidate.strategy
    if strategy is not None:
        state.strategies = {strategy.strategy_id: strategy}
        state.pinned = True
    decisions: list[Made] = []
    changes: list[Change] = []
    heard = _Heard()
    entries = heard.listen(kept.entries(task.partition))
    for output in task.engine.outputs(entries, state=state):
        if output.topic is Topic.DECISIONS:
            decisions.append(decode_made(output.value))
        elif output.topic is Topic.CONVERSIONS:
            changes.append(decode_change(output.value))
    published = {made.decision_id: made.digest for made in recorded}
    same = sum(published.get(made.decision_id) == made.digest for made in decisions)
    acted = [made for made in recorded if made.action is not None]
    return _Part(
        entries=state.facts.seq + 1,
        decisions=decisions,
        changes=changes,
        as_recorded=same,
        recorded_actions=len(acted),
        confirmed_actions=sum(made.decision_id in heard.sent for made in acted),
    )


class _Heard:
    """Which decisions the channels said they had carried out, noted as a journal passes by."""

    def __init__(self) -> None:
        self.sent: set[str] = set()

    def listen(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if entry.topic is Topic.INTERACTIONS and b'"sent"' in entry.value:
                event = decode(Topic.INTERACTIONS, entry.value)
                if isinstance(event, Feedback) and event.feedback_type == "sent":
                    self.sent.add(event.decision_id or "")
            yield entry


def _joined(candidate: Candidate, parts: Sequence[_Part]) -> Run:
    decisions = tuple(made for part in parts for made in part.decisions)
    changes = [change for part in parts for change in part.changes]
    strategy = candidate.strategy
    return Run(
        name=candidate.name,
        strategy="as in the journal"
        if strategy is None
        else f"{strategy.strategy_id} v{strategy.version} {strategy.sha256[:12]}",
        decisions=decisions,
        counts=count(decisions, changes, entries=sum(part.entries for part in parts)),
        as_recorded=sum(part.as_recorded for part in parts),
    )
