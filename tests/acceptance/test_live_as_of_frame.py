"""What `decide` had in hand is what is read as of any moment, in a frame, and in the view."""

import math
import random
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest

from features import NAMES, Asked, permitted_use
from replay.as_of import Coordinate, as_of, known_events, rows_at
from replay.folding import this_engine
from shouwen.feature_frame import write
from tests.acceptance.lived_bank import KILLS, Hashes, Journals, Lived, live
from tests.support.live_rows import LiveRow

pytestmark = pytest.mark.kafka

SEED = 11
PAIRS = 10_000


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One run, looked at from all sides."""
    return live(tmp_path_factory.mktemp("lived"), customers=75, days=50, seed=SEED)


@pytest.fixture(scope="module")
def pairs(lived: Lived) -> list[LiveRow]:
    """Ten thousand different pairs of a customer and a coordinate, at random."""
    different = {
        (row.asked.subject_id, row.partition, row.seq, row.before): row for row in lived.rows
    }
    found = list(different.values())
    return random.Random(SEED).sample(found, PAIRS)


def as_of_each(lived: Lived, asked: dict[int, list[Asked[None]]]) -> dict[int, list[bytes]]:
    """Read as of each coordinate, one customer after the other."""
    answers: dict[int, list[bytes]] = {}
    for partition, questions in asked.items():
        answers[partition] = [b""] * len(questions)
        own = defaultdict(list)
        for entry in lived.journals[partition]:
            own[entry.key].append(entry)
        places = defaultdict(list)
        for number, question in enumerate(questions):
            places[question.subject_id].append(number)
        for subject_id, numbers in places.items():
            events = known_events(own[subject_id])
            rows = rows_at(events, [questions[number] for number in numbers])
            for number, row in zip(numbers, rows, strict=True):
                answers[partition][number] = row.tobytes()
    return answers


def frame_of(lived: Lived, asked: dict[int, list[Asked[None]]]) -> dict[int, list[bytes]]:
    """Read the same as one frame of each partition's kept journal."""
    return {
        partition: [
            row.tobytes() for row in rows_at(known_events(lived.kept.entries(partition)), questions)
        ]
        for partition, questions in asked.items()
    }


def by_partition(rows: list[LiveRow]) -> dict[int, list[LiveRow]]:
    found: dict[int, list[LiveRow]] = defaultdict(list)
    for row in rows:
        found[row.partition].append(row)
    return found


def questions_of(rows: dict[int, list[LiveRow]]) -> dict[int, list[Asked[None]]]:
    return {partition: [row.asked for row in own] for partition, own in rows.items()}


def bits_of(rows: dict[int, list[LiveRow]]) -> dict[int, list[bytes]]:
    return {partition: [row.bits for row in own] for partition, own in rows.items()}


def test_decide_was_killed_at_work_and_made_the_same_rows_again(lived: Lived) -> None:
    """What a killed process saw and never committed, its successor sees again, bit for bit."""
    assert len(lived.kills) == KILLS
    assert lived.restarts == KILLS + 1, "and project once, when its view was emptied"
    seen: dict[Any, bytes] = {}
    again = 0
    for row in lived.rows:
        key = (row.partition, row.seq, row.subject_id, row.at_ms, row.before)
        again += key in seen
        assert seen.setdefault(key, row.bits) == row.bits
    assert again > 0
    assert sum(row.before for row in lived.rows) > 100, "timers are among them"


def test_ten_thousand_pairs_are_equal_live_as_of_and_in_a_frame(
    lived: Lived, pairs: list[LiveRow]
) -> None:
    """There is one truth: what was scored, what an auditor reads, what a model is taught with."""
    rows = by_partition(pairs)

    assert sum(len(own) for own in rows.values()) == PAIRS
    assert as_of_each(lived, questions_of(rows)) == bits_of(rows)
    assert frame_of(lived, questions_of(rows)) == bits_of(rows)


def test_off_by_one_coordinate_the_same_comparison_is_red(
    lived: Lived, pairs: list[LiveRow]
) -> None:
    """The control: without the pair's own event thousands of rows are others."""
    rows = by_partition([row for row in pairs if not row.before])
    late = {
        partition: [replace(question, before=True) for question in questions]
        for partition, questions in questions_of(rows).items()
    }

    for answers in (as_of_each(lived, late), frame_of(lived, late)):
        differ = sum(
            answer != bits
            for partition, wanted in bits_of(rows).items()
            for answer, bits in zip(answers[partition], wanted, strict=True)
        )
        assert differ > PAIRS / 3


def test_the_command_reads_the_same_as_of_a_pair(lived: Lived, pairs: list[LiveRow]) -> None:
    """From Kafka and from a kept journal, by a customer and a coordinate as a person types them."""
    for row in [row for row in pairs if not row.before][:25]:
        place = Coordinate(partition=row.partition, seq=row.seq)
        for journals in (Journals(lived.journals), lived.kept):
            found = as_of(journals, row.subject_id, place, traced=False)
            told = [float.fromhex(used.value_hex) for used in found.features]
            assert np.array(told).tobytes() == row.bits
            assert found.at_ms == row.at_ms


def test_the_newest_state_is_shown_with_its_events_while_everything_runs(lived: Lived) -> None:
    """Off the changelog of a running deployment, and confirmed by the events of its journal."""
    assert sum(told["events"] > 50 for told in lived.shown.values()) > 3
    for customer, told in lived.shown.items():
        place = Coordinate(partition=told["partition"], seq=told["seq"])
        found = as_of(lived.kept, customer, place, traced=False)
        hexed = {name: feature["hex"] for name, feature in told["features"].items()}

        assert hexed == {used.name: used.value_hex for used in found.features}
        assert told["as_of_ms"] == found.at_ms
        assert all(feature["confirmed"] for feature in told["features"].values())


def test_a_frame_on_disk_holds_the_bits_that_were_scored(lived: Lived, tmp_path: Path) -> None:
    """Through Parquet and back: every row that decide opened for a model, where it was recorded."""
    file = tmp_path / "frame.parquet"

    written = write(lived.kept, file, "examples", engine=this_engine())

    assert written.unequal == ()
    bits = {(row.partition, row.seq, row.subject_id, row.at_ms): row.bits for row in lived.rows}
    names = [name for name in NAMES if permitted_use(name)]
    places = [NAMES.index(name) for name in names]
    table = pq.read_table(file).to_pylist()
    assert len(table) == written.rows > 300
    for line in table:
        key = (line["partition"], line["seq"], line["customer"], line["at_ms"])
        live_row = np.frombuffer(bits[key])
        found = np.array([line[name] for name in names])
        assert found.tobytes() == live_row[places].tobytes()


@pytest.mark.parametrize("which", ["view", "rebuilt"])
def test_the_view_shows_every_customer_as_of_its_own_coordinate(lived: Lived, which: str) -> None:
    """Also after it was emptied under a running worker: it comes back whole, by itself."""
    hashes: Hashes = getattr(lived, which)
    assert hashes.keys() == lived.view.keys()
    assert len(hashes) >= 70
    asked: dict[int, list[Asked[None]]] = defaultdict(list)
    for customer, fields in hashes.items():
        question = Asked(
            subject_id=customer,
            seq=int(fields["seq"]),
            at_ms=int(fields["as_of_ms"]),
            labels=None,
        )
        asked[int(fields["partition"])].append(question)

    answers = as_of_each(lived, asked)

    for partition, questions in asked.items():
        for question, answer in zip(questions, answers[partition], strict=True):
            fields = hashes[question.subject_id]
            for name, number in zip(NAMES, np.frombuffer(answer), strict=True):
                if permitted_use(name):
                    shown = float(fields[name])
                    assert shown.hex() == float(number).hex() or math.isnan(shown), name
                    assert math.isnan(shown) == math.isnan(number)
