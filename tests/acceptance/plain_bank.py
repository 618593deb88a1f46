"""A run whose `decide` writes without transactions, as far as it comes."""

import sys
from itertools import islice
from pathlib import Path

from adapters.recorded import RecordedSource
from contracts.topics import DAY_MS
from shouwen.ingest import IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.bank import running_bank, wait_until_decided
from shouwen.trial.publisher import KafkaPublisher
from tests.acceptance.topics import PARTITIONS, Found, read_found

RECORDS = 2_000


def run_plain(source: RecordedSource, folder: Path) -> tuple[Found, int]:
    """Run the beginning of a recording; return what is on its Kafka, and how often roles died."""
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS,
        learn_every_ms=0,
        control=(activation(DEFAULT_STRATEGY),),
    )
    worker = (sys.executable, "-m", "tests.acceptance.plain_worker", str(folder))
    with running_bank(folder / "bank", partitions=PARTITIONS, worker=worker) as bank:
        with KafkaPublisher(bank.bootstrap) as publisher:
            done = ingest(islice(source.lines(), RECORDS), publisher, plan)
        wait_until_decided(bank, last_slice=done.slices)
        restarts = bank.supervisor.restarts
        bank.supervisor.stop()
        return read_found(bank.bootstrap), restarts
