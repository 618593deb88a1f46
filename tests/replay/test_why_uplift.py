"""`why` tells what a contact changes for this customer, and which features say so."""

import math
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from contracts.control import SnapshotActivated
from contracts.decisions import Decision
from contracts.ids import partition_of
from contracts.topics import Topic
from replay.folding import this_engine
from replay.why import why
from replay.why_text import print_why
from tests.engine.given import NOON_MS, a_calculation, a_known_customer
from tests.engine.test_uplift_scores import a_file_that_asks_for_uplift, a_snapshot
from tests.replay.bank import PARTITIONS, keep


def test_an_uplift_is_told_with_its_reasons(tmp_path: Path) -> None:
    """An officer asks why this customer was called: the parts must be those of that decision."""
    journal = a_known_customer()
    journal.strategy(NOON_MS, a_file_that_asks_for_uplift())
    control = SnapshotActivated(snapshot=a_snapshot(helps=True), learned_until_ms=0)
    journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=NOON_MS, key="0")
    calculation = a_calculation("e-1", occurred_at_ms=NOON_MS)
    journal.event(Topic.APP_EVENTS, calculation, at_ms=NOON_MS)
    partition = partition_of("c-1", PARTITIONS)
    kept = keep(tmp_path, [replace(entry, partition=partition) for entry in journal.entries])
    (record,) = kept.decisions(partition)
    decision = Decision.model_validate_json(record.value)

    told = why(kept, decision.decision_id, engine=this_engine())
    (score,) = (score for score in told.scores if score.name == "uplift_30d")

    assert score.value_hex == decision.scores["uplift_30d"]
    assert any(not math.isclose(part, 0.0) for _, part in score.contributions)
    console = Console(record=True, width=200, file=StringIO())
    print_why(told, console)
    text = console.export_text()
    assert "change of that by a contact" in text
    assert "points" in text
