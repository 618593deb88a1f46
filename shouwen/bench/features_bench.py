"""`shouwen bench features`: what the windows of one event cost, beside other ways to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from features import EMPTY, LOG_CAP, NAMES, PLAN, record_count, update_and_read
from features.relation_rows import add_relations
from features.relations import Relations
from features.state import WIDTH
from shouwen.bench.bank import Bank
from shouwen.bench.comparison import Contest, compare
from shouwen.bench.histories import Arrival, Traffic, arrivals, in_order, relations_of
from shouwen.bench.peers import PEERS, SUBSET, Peer
from shouwen.bench.report import Findings, Sheet, Tell, middle
from shouwen.bench.starts import measure_starts
from shouwen.bench.timing import cpu_us_per_event

HOT_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured; the default is what is published.

    Attributes:
        customers: Ordinary customers.
        timed: How many of their newest events are timed.
        single: How many of these are timed one per call.
        hot: Events of the one busy subject in thirty days.
        hot_timed: How many of its newest events are timed.
        batch: Events that come at once.
        contest: What is done beside the peers.
    """

    customers: int = 1_000
    timed: int = 20_000
    single: int = 4_000
    hot: int = 30_000
    hot_timed: int = 2_000
    batch: int = 500
    contest: Contest = field(default_factory=Contest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesBenchmark:
    """All features of ordinary customers, of one busy subject, event by event; starts; peers."""

    runs: int = 5
    size: Size = field(default_factory=Size)
    name: str = "features"

    @property
    def parts(self) -> int:
        """Log, ordinary, single, hot, starts, ours beside the peers, and each peer."""
        return 6 + len(PEERS)

    def measure(self, tell: Tell) -> Findings:
        """Measure one after the other."""
        size = self.size
        stream = in_order([arrivals(c, Traffic()) for c in range(size.customers)])
        before, timed = stream[: -size.timed], stream[-size.timed :]
        bank = Bank({})
        bank.take_all(before, batch=20_000)
        log_alone = self._by_batch(bank, timed)
        tell(1)
        found = {c: relations_of(c) for c in range(size.customers)}
        bank.relations = {c: relations for c, relations in found.items() if relations}
        ordinary = self._by_batch(bank, timed)
        tell(1)
        single = self._one_by_one(bank, timed[: size.single])
        tell(1)
        hot_records, hot = self._hot(log_cap=LOG_CAP)
        _, hot_whole = self._hot(log_cap=1 << 20)
        tell(1)
        starts = measure_starts(warm_runs=self.runs)
        tell(1)
        peers = compare(size.contest, tell)
        numbers = {
            "features": len(NAMES),
            "log_features": len(PLAN.names),
            "batch": size.batch,
            "runs": self.runs,
            "ordinary_us_per_event": middle(ordinary),
            "log_us_per_event": middle(log_alone),
            "single_us_per_event": middle(single),
            "hot_us_per_event": middle(hot),
            "hot_records": hot_records,
            "hot_uncapped_us_per_event": middle(hot_whole),
            "cold_start_seconds": starts.cold_seconds,
            "warm_start_seconds": starts.warm_seconds,
            "peers": [peer.as_json() for peer in peers],
        }
        return Findings(numbers=numbers, sheets=sheets(numbers), notes=_notes(size))

    def _by_batch(self, bank: Bank, timed: Sequence[Arrival]) -> list[float]:
        def once() -> None:
            bank.copy().take_all(timed, batch=self.size.batch)

        return cpu_us_per_event(once, events=len(timed), runs=self.runs)

    def _one_by_one(self, bank: Bank, timed: Sequence[Arrival]) -> list[float]:
        relations, nobody = bank.relations or {}, Relations()

        def once() -> None:
            logs = dict(bank.logs)
            for customer, at_ms, events in timed:
                log, row = update_and_read(logs.get(customer, EMPTY), events, at_ms, width=WIDTH)
                logs[customer] = log
                add_relations(row, relations.get(customer, nobody), at_ms)

        return cpu_us_per_event(once, events=len(timed), runs=self.runs)

    def _hot(self, *, log_cap: int) -> tuple[int, list[float]]:
        """Return how many records a busy subject's log holds, and what its events cost."""
        stream = arrivals(0, Traffic(per_day=self.size.hot / HOT_DAYS, days=HOT_DAYS))
        bank = Bank({}, log_cap=log_cap)
        bank.take_all(stream[: -self.size.hot_timed], batch=2_000)
        costs = self._by_batch(bank, stream[-self.size.hot_timed :])
        return record_count(bank.logs[0]), costs


def sheets(numbers: Mapping[str, Any]) -> tuple[Sheet, ...]:
    """Return the tables for people, from the numbers as they are kept."""
    return _costs(numbers), _comparison([Peer(**peer) for peer in numbers["peers"]])


def _costs(numbers: Mapping[str, Any]) -> Sheet:
    rows = (
        ("an ordinary customer's event, by batch, µs", "ordinary_us_per_event"),
        ("  of that the features of the log, µs", "log_us_per_event"),
        ("an ordinary customer's event, one per call, µs", "single_us_per_event"),
        ("a busy subject's event, by batch, log alone, µs", "hot_us_per_event"),
        ("the same with its log uncapped, µs", "hot_uncapped_us_per_event"),
        ("first features of a process, nothing compiled, s", "cold_start_seconds"),
        ("first features of a process, compiled before, s", "warm_start_seconds"),
    )
    return Sheet(
        title=f"{numbers['features']} features: take an event in and read them all",
        columns=("what", "median"),
        rows=[(what, str(numbers[key])) for what, key in rows],
    )


def _comparison(peers: Sequence[Peer]) -> Sheet:
    rows = []
    for peer in peers:
        if peer.us_per_event is None or peer.equal_ratio is None:
            rows.append((peer.name, "-", "-", peer.absent or ""))
            continue
        right = "all" if peer.exact else f"{100 * peer.equal_ratio:.2f} %"
        rows.append((peer.name, str(peer.features), f"{peer.us_per_event:.2f}", right))
    return Sheet(
        title="Beside others: tidy events of ordinary customers",
        columns=("what", "windows", "µs per event", "right values"),
        rows=rows,
    )


def _notes(size: Size) -> tuple[str, ...]:
    contest = size.contest
    text = f"""
        Microseconds are CPU of the whole process, all threads, Python included: from log events to
        rows and new logs. Making log events of source events is not in them.
        ---
        Ordinary: {size.customers} customers, 3 source events a day for 180 days, the newest
        {size.timed} timed in batches of {size.batch}; 2 in 100 late, 5 in 1,000 reversals; each
        fifth customer has three relations.
        ---
        Busy: one subject, {size.hot} source events in {HOT_DAYS} days, the newest
        {size.hot_timed} timed, all of each batch its own.
        ---
        Starts are wall-clock seconds of a process on a compiler's cache of its own.
        ---
        Beside others: {contest.customers} customers, none late and none reversed, because others
        cannot; the {len(SUBSET)} counts and sums of the catalogue; the newest {contest.timed}
        events in {contest.runs} slices, the median slice counts.
        ---
        Right values: ours against the slow definition on a few rows, theirs against ours on all of
        them, equal in every bit.
    """
    return tuple(" ".join(note.split()) for note in text.split("---"))
