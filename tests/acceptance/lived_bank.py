"""A bank that lives through kills and writes down what it saw; then everything is asked again."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import redis
from click.testing import CliRunner

from adapters.kafka_journal import LiveJournal, keep
from adapters.kept import KeptJournal
from adapters.recorded import open_source
from adapters.redis_view import FEATURES, PLACE
from contracts.journal import Entry
from contracts.topics import DAY_MS
from shouwen.cli import main
from shouwen.ingest import IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.bank import Bank, running_bank, wait_until_decided
from shouwen.trial.publisher import KafkaPublisher
from simulator import simulate, write_jsonl
from tests.acceptance.killer import Kill, Killer
from tests.acceptance.recording_worker import read_rows
from tests.acceptance.topics import PARTITIONS
from tests.support.live_rows import LiveRow

START_MS = 1_751_299_200_000
KILLS = 4
_PATIENCE_SECONDS = 40.0
Hashes = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What was seen, and what there is to ask.

    `view` are the features in Redis at the end; `rebuilt` the same after somebody emptied it.
    `shown` is what `shouwen features show` said of a few customers while everything ran.
    `journals` were read from Kafka by `LiveJournal`, `kept` was copied from it.
    """

    rows: list[LiveRow]
    kills: list[Kill]
    restarts: int
    journals: dict[int, list[Entry]]
    kept: KeptJournal
    view: Hashes
    rebuilt: Hashes
    shown: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Journals:
    """Journals that were read once."""

    read: dict[int, list[Entry]]

    @property
    def partitions(self) -> tuple[int, ...]:
        return tuple(sorted(self.read))

    def entries(self, partition: int) -> Iterator[Entry]:
        return iter(self.read[partition])


def live(folder: Path, *, customers: int, days: int, seed: int) -> Lived:
    """Run a simulated bank with a `decide` that is killed again and again."""
    events = folder / "events.jsonl"
    with events.open("wb") as file:
        write_jsonl(simulate(seed=seed, customers=customers, days=days, start_ms=START_MS), file)
    source = open_source("jsonl", events)
    killer = Killer.seeded(seed, total=source.count(), times=KILLS, roles=("decide",))
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS,
        learn_every_ms=7 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    worker = (sys.executable, "-m", "tests.acceptance.recording_worker", str(folder))
    with running_bank(folder / "bank", partitions=PARTITIONS, worker=worker) as bank:
        killer.begin(bank)
        try:
            with KafkaPublisher(bank.bootstrap) as publisher:
                done = ingest(source.lines(), publisher, plan)
            wait_until_decided(bank, last_slice=done.slices)
        finally:
            killer.end()
        view = settled_view(bank)
        shown = {name: show(bank, name) for name in sorted(view) if name.endswith("7")}
        with redis.Redis.from_url(bank.redis_url) as client:
            client.flushall()
        rebuilt = settled_view(bank)
        restarts = bank.supervisor.restarts
        bank.supervisor.stop()
        journal = LiveJournal(bank.bootstrap)
        journals = {
            partition: list(chain.from_iterable(journal.entries(partition)))
            for partition in journal.partitions
        }
        kept = keep(bank.bootstrap, folder / "kept")
    rows = [row for file in sorted(folder.glob("rows-*")) for row in read_rows(file)]
    return Lived(
        rows=rows,
        kills=killer.kills,
        restarts=restarts,
        journals=journals,
        kept=kept,
        view=view,
        rebuilt=rebuilt,
        shown=shown,
    )


def show(bank: Bank, customer: str) -> dict[str, Any]:
    """Ask the command, as a person does who has the deployment's address and nothing else."""
    environ = {"SHOUWEN_KAFKA_BOOTSTRAP": bank.bootstrap}
    told = CliRunner().invoke(main, ["features", "show", customer, "--json"], env=environ)
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def settled_view(bank: Bank) -> Hashes:
    """Return the features in the view once it shows every state and nothing moves any more."""
    last: Hashes = {}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with redis.Redis.from_url(bank.redis_url, decode_responses=True) as client:
        while time.monotonic() < deadline:
            time.sleep(1.5)
            found = {
                str(key).removeprefix(FEATURES): dict(client.hgetall(key))
                for key in client.scan_iter(f"{FEATURES}*", count=1_000)
            }
            whole = len(list(client.scan_iter(f"{PLACE}*"))) == bank.partitions
            if found and whole and found == last:
                return found
            last = found
    raise AssertionError(f"the view did not settle within {_PATIENCE_SECONDS:.0f} s")
