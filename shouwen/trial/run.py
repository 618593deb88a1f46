"""One run on recorded events: start a bank, feed it, wait, audit, replay, measure, clean up."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from adapters.kafka_journal import keep
from adapters.kept import KeptJournal
from adapters.recorded import RecordedSource
from contracts.control import StrategyActivated
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import DAY_MS, Topic
from replay.folding import this_engine
from replay.verify import verify
from shouwen.ingest import IngestPlan, ingest
from shouwen.supervisor import WORKER
from shouwen.trial.audit import audit
from shouwen.trial.bank import Bank, running_bank, wait_until_decided
from shouwen.trial.flags import measure
from shouwen.trial.publisher import KafkaPublisher
from shouwen.trial.report import TrialReport
from shouwen.trial.watch import DecisionWatch

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """What a run looks like.

    Args:
        partitions: Of every keyed topic.
        slice_ms: Recorded time in one slice: what happens in it becomes visible together.
        learn_every_ms: Recorded time between two snapshots.
        seconds_per_day: Pace: real seconds for a recorded day; 0 as fast as it goes.
        paced_from_ms: Recorded time before which there is no pace: history.
        history_slice_ms: Recorded time in one slice of history.
        strategies: What is active from the beginning.
    """

    partitions: int = 4
    slice_ms: int = DAY_MS
    learn_every_ms: int = 7 * DAY_MS
    seconds_per_day: float = 0.0
    paced_from_ms: int = 0
    history_slice_ms: int = DAY_MS
    strategies: tuple[StrategyActivated, ...] = ()


class Show(Protocol):
    """Tells a person how far a run is. Every method may be called often."""

    def stage(self, text: str, *, total: int | None = None) -> None:
        """Begin a stage of the run, of `total` steps where that is known."""

    def advance(self, steps: int) -> None:
        """Some steps of the stage are done."""

    def day(self, at_ms: int) -> None:
        """The recorded clock stands here."""

    def decision(self, decision: Decision, latency_ms: float) -> None:
        """A decision can be read."""


def run_trial(
    source: RecordedSource,
    plan: TrialPlan,
    *,
    folder: Path,
    kept_in: Path,
    show: Show,
    during: Callable[[Bank], None] = lambda _bank: None,
    afterwards: Callable[[Bank], None] = lambda _bank: None,
    worker: Sequence[str] = WORKER,
) -> TrialReport:
    """Run everything on a recording and return what was found.

    Args:
        source: The recording.
        plan: Pace, slices, strategies.
        folder: A scratch folder for the processes of this run.
        kept_in: A new folder for the journal and the decisions.
        show: Where progress goes.
        during: Called once, when the workers run and before the first record is published; a
            test may start its faults here.
        afterwards: Called once, when the workers have stopped and Kafka still runs: everything is
            there to be read.
        worker: Program and arguments in front of a role; a test may start a sick one.

    Raises:
        StuckError: the workers make no progress.
    """
    started = time.monotonic()
    total = source.count()
    show.stage("starting Kafka, Valkey and the four roles")
    with running_bank(folder, partitions=plan.partitions, worker=worker) as bank:
        watch = DecisionWatch(
            bank.bootstrap,
            topic=Topic.DECISIONS.value,
            partitions=plan.partitions,
            measured_from_ms=plan.paced_from_ms,
            on_decision=show.decision,
        )
        watch.start()
        try:
            during(bank)
            last_slice = _feed(source, plan, bank, show=show, total=total)
            show.stage("deciding", total=None)
            wait_until_decided(bank, last_slice=last_slice)
        finally:
            watch.stop()
        restarts = bank.supervisor.restarts
        bank.supervisor.stop()
        afterwards(bank)
        show.stage("auditing: was anything lost?")
        found = audit(bank.bootstrap)
        show.stage("keeping the journal")
        kept = keep(bank.bootstrap, kept_in)
    show.stage("replaying every decision")
    verification = verify(kept, engine=this_engine())
    decisions = list(_read(kept, "decisions", Decision))
    changes = list(_read(kept, "conversions", LoanStateChanged))
    return TrialReport(
        records_in=total,
        unreadable=len(source.unreadable()),
        audit=found,
        decisions=decisions,
        changes=changes,
        flagged=measure(decisions, changes),
        verification=verification,
        latencies_ms=watch.latencies_ms,
        seconds=time.monotonic() - started,
        restarts=restarts,
    )


def _feed(source: RecordedSource, plan: TrialPlan, bank: Bank, *, show: Show, total: int) -> int:
    """Publish the recording at its pace; return the number of its last slice."""
    show.stage("publishing", total=total)
    slices = IngestPlan(
        partitions=plan.partitions,
        slice_ms=plan.slice_ms,
        learn_every_ms=plan.learn_every_ms,
        control=plan.strategies,
        history_slice_ms=plan.history_slice_ms,
        history_until_ms=plan.paced_from_ms,
    )
    with KafkaPublisher(bank.bootstrap) as publisher:
        pace = _Pace(plan, publisher, bank, show)

        def after_slice(slice_no: int, end_ms: int, records: int) -> None:
            show.advance(records)
            show.day(end_ms)
            pace.wait(slice_no, end_ms)

        done = ingest(source.lines(), publisher, slices, after_slice=after_slice)
    return done.last_slice


class _Pace:
    """Holds recorded time to a pace, from a day on; before it, history goes as fast as it can."""

    def __init__(self, plan: TrialPlan, publisher: KafkaPublisher, bank: Bank, show: Show) -> None:
        self._plan = plan
        self._show = show
        self._publisher = publisher
        self._bank = bank
        self._origin: tuple[int, float] | None = None

    def wait(self, slice_no: int, end_ms: int) -> None:
        if not self._plan.seconds_per_day or end_ms < self._plan.paced_from_ms:
            return
        self._publisher.flush()
        if self._origin is None:
            wait_until_decided(self._bank, last_slice=slice_no)
            self._show.stage(f"live: a day passes in {self._plan.seconds_per_day:g} s")
            self._origin = (end_ms, time.monotonic())
            return
        from_ms, started = self._origin
        due = started + (end_ms - from_ms) / DAY_MS * self._plan.seconds_per_day
        time.sleep(max(0.0, due - time.monotonic()))


def _read(kept: KeptJournal, kind: str, contract: Any) -> Iterator[Any]:
    for partition in kept.partitions:
        for record in getattr(kept, kind)(partition):
            yield contract.model_validate_json(record.value)
