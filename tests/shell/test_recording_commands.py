"""`ingest`, `try`, `demo`, `simulate`: what is wrong is one line, before anything starts."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contracts.topics import DAY_MS
from shouwen.cli import main
from tests.conftest import Deployment

SOME_MS = 1_767_225_600_000
SOME_LINE = {"topic": "consents.v1", "key": "c-1", "known_at_ms": SOME_MS, "value": {}}


def shouwen(*arguments: str | Path, **env: str) -> Result:
    """Run a command as a person does."""
    runner = CliRunner(env={"SHOUWEN_CONFIG": None, **env})
    return runner.invoke(main, [str(argument) for argument in arguments])


def a_file(folder: Path, lines: Sequence[object] = (SOME_LINE,)) -> Path:
    """A JSONL recording."""
    path = folder / "events.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def is_one_line(done: Result, starts: str) -> bool:
    """Whether the command failed with one line for a person."""
    assert done.exit_code == 1, done.output
    assert done.output.startswith(f"Error: {starts}"), done.output
    return done.output.count("\n") == 1


@pytest.mark.parametrize("command", ["try", "ingest"])
def test_a_missing_recording_is_one_line(command: str, tmp_path: Path) -> None:
    """The commonest failure: a path mistyped."""
    done = shouwen(command, "jsonl", tmp_path / "no.jsonl", SHOUWEN_CLOCK="recorded")

    assert is_one_line(done, "a jsonl recording needs a file")


@pytest.mark.parametrize("command", ["try", "ingest"])
def test_an_unknown_form_of_recording_is_a_usage_error(command: str, tmp_path: Path) -> None:
    """Exit code 2, with the forms there are."""
    done = shouwen(command, "xml", a_file(tmp_path))

    assert done.exit_code == 2
    assert "'jsonl', 'berka'" in done.output


@pytest.mark.parametrize("command", ["try", "ingest"])
def test_a_recording_without_a_record_is_one_line(command: str, tmp_path: Path) -> None:
    """Nothing in, nothing lost: a run that proves nothing must not look like a success."""
    empty = shouwen(command, "jsonl", a_file(tmp_path, ()), SHOUWEN_CLOCK="recorded")
    noise = shouwen(command, "jsonl", a_file(tmp_path, (1, 2)), SHOUWEN_CLOCK="recorded")

    assert is_one_line(empty, "a run needs a record")
    assert "it is empty" in empty.output
    assert is_one_line(noise, "a run needs a record")
    assert "2 lines cannot be read, the first at events.jsonl:1" in noise.output


@pytest.mark.parametrize("arguments", [("try", "jsonl", "events.jsonl"), ("demo",)])
def test_what_is_kept_overwrites_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Yesterday's journal is evidence."""
    a_file(tmp_path)
    in_it = shouwen(*arguments, "--keep", tmp_path)
    is_file = shouwen(*arguments, "--keep", tmp_path / "events.jsonl")

    assert is_one_line(in_it, "--keep needs a new or empty folder")
    assert "has files in it" in in_it.output
    assert is_one_line(is_file, "--keep needs a new or empty folder")
    assert "is a file" in is_file.output


def test_a_strategy_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    """Before a Kafka is started for it."""
    done = shouwen("try", "jsonl", a_file(tmp_path), "--strategy", "no_such_strategy")

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "no_such_strategy" in done.output


def test_a_live_deployment_takes_no_recording(tmp_path: Path) -> None:
    """A year of recorded time among live events could never be taken out again."""
    done = shouwen("ingest", "jsonl", a_file(tmp_path))

    assert is_one_line(done, "ingest needs a deployment on a recorded clock")


@pytest.mark.kafka
def test_a_recording_is_followed_by_a_later_one_only(
    deployment: Deployment, tmp_path: Path
) -> None:
    """The same year twice would go back in time: all of it dead letters."""
    env = {
        "SHOUWEN_CLOCK": "recorded",
        "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        "SHOUWEN_PARTITIONS": str(deployment.partitions),
    }
    path = a_file(tmp_path, (SOME_LINE, 1, SOME_LINE))

    first = shouwen("ingest", "jsonl", path, "--json", **env)
    second = shouwen("ingest", "jsonl", path, **env)
    later = a_file(tmp_path, (SOME_LINE | {"known_at_ms": SOME_MS + 2 * DAY_MS},))
    third = shouwen("ingest", "jsonl", later, "--json", **env)

    assert first.exit_code == 0, first.output
    *told, counts = first.output.splitlines()
    assert told[0].startswith("events.jsonl:2: ")
    assert json.loads(counts) == {"in": 2, "slices": 1, "unreadable": 1}
    assert is_one_line(second, "a recording that follows another one needs to begin where")
    assert "at 2026-01-02T00:00:00.000+00:00; its first record was known at" in second.output
    assert third.exit_code == 0, third.output
    assert json.loads(third.output) == {"in": 1, "slices": 1, "unreadable": 0}


def test_a_simulation_needs_a_folder_to_write_to(tmp_path: Path) -> None:
    """A mistyped folder is not a bug of ours."""
    done = shouwen("simulate", "--out", tmp_path / "no" / "bank.jsonl")

    assert is_one_line(done, "--out needs a file in a folder that exists")


@pytest.mark.parametrize("start", ["1800-01-01", "1989-12-31", "2096-01-01", "9999-12-31"])
def test_a_bank_of_years_that_no_contract_knows_is_a_usage_error(
    start: str, tmp_path: Path
) -> None:
    """Its events would be refused by the front door, each with another sentence."""
    done = shouwen("simulate", "--out", tmp_path / "bank.jsonl", "--start", start)

    assert done.exit_code == 2
    assert "it needs a year from 1990 to 2095" in done.output


@pytest.mark.parametrize("start", ["1990-01-01", "2095-12-31"])
def test_a_bank_of_the_outermost_years_is_written(start: str, tmp_path: Path) -> None:
    """The bounds are what contracts allow, and a business may shrink for ten years.

    Nothing is drawn in a pipe either: the count is the first thing said.
    """
    out = tmp_path / "bank.jsonl"
    done = shouwen("simulate", "--out", out, "--start", start, "--customers", "9", "--days", "3650")

    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{len(out.read_bytes().splitlines())} events of 9 customers")
