"""`shouwen bench models`: programs rely on its shape; how large a number is, nobody asserts."""

import json

import pytest
from click.testing import CliRunner

from shouwen.bench.models_bench import HEADS, ModelsBenchmark, Size, sheets
from shouwen.bench.report import Measured, run
from shouwen.cli import main

SMALL = Size(rows=1_500, timed=200, river=100, batch=50)


@pytest.fixture(scope="module")
def measured() -> Measured:
    """One small measurement that the tests of its shape share."""
    return run(ModelsBenchmark(runs=2, size=SMALL))


def test_costs_are_one_json_object_with_its_machine(measured: Measured) -> None:
    """A program that keeps results reads these keys; a number without its machine is gossip."""
    said = json.loads(measured.as_json())

    assert said["benchmark"] == "models"
    assert said["machine"]["cores"] >= 1
    assert said["heads"] == len(HEADS)
    for key in ("score_us_per_row", "learn_us_per_row", "encode_us_per_row", "load_ms"):
        assert said[key] > 0
    assert said["snapshot_bytes"] <= 256 * 1024


def test_river_stands_beside_us_in_one_run(measured: Measured) -> None:
    """Numbers of two runs compare two evenings, not two programs."""
    peers = json.loads(measured.as_json())["peers"]

    assert len(peers) == 3
    assert [peer["name"].split()[0] for peer in peers] == ["shouwen,", "River", "River"]
    assert all(set(peer) >= {"score_us_per_row", "learn_us_per_row", "auc"} for peer in peers)


def test_the_tables_say_what_the_numbers_say(measured: Measured) -> None:
    """People and programs read the same measurement."""
    numbers = json.loads(measured.as_json())
    costs, peers = sheets(numbers)

    assert str(numbers["score_us_per_row"]) in {row[1] for row in costs.rows}
    assert [row[0] for row in peers.rows] == [peer["name"] for peer in numbers["peers"]]


def test_the_command_says_what_it_measures() -> None:
    """`--help` with an example, as every command."""
    said = CliRunner().invoke(main, ["bench", "models", "--help"])

    assert said.exit_code == 0
    assert "shouwen bench models --json" in said.output
