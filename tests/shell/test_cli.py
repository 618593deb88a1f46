"""The command line: quick to help, clear when it fails."""

import errno
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adapters.local_kafka import LocalKafka
from shouwen.cli import COMMANDS, main


@pytest.fixture
def run() -> CliRunner:
    """A terminal whose environment has nothing of ours set."""
    return CliRunner(env={"SHOUWEN_CONFIG": None})


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _walk(child, (*path, name))


def _every_command() -> list[tuple[str, ...]]:
    context = click.Context(main)
    group = main
    assert isinstance(group, click.Group)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        found.extend(_walk(command, (name,)))
    return found


def test_help_lists_every_command_with_what_it_does(run: CliRunner) -> None:
    """The first thing anyone types."""
    result = run.invoke(main, ["--help"])

    assert result.exit_code == 0
    for name, (_, does) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(does[:20])}", result.output, re.MULTILINE)


def test_help_imports_none_of_the_rooms() -> None:
    """Importing numba and Faust takes seconds; asking for help must not."""
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom shouwen.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "heavy = {'numba', 'faust', 'numpy', 'confluent_kafka', 'kafka', 'redis', 'pydantic',\n"
        "         'river', 'adapters', 'streams', 'replay', 'engine', 'simulator'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", _every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(run: CliRunner, path: tuple[str, ...]) -> None:
    """Nobody reads a manual first; the help shows how it is typed."""
    result = run.invoke(main, [*path, "--help"])

    assert result.exit_code == 0
    assert re.search(rf"Examples?:\s.*shouwen {path[0]}", result.output, re.DOTALL), result.output


def test_a_wrong_setting_is_one_line_and_exit_code_1(run: CliRunner) -> None:
    """A traceback tells an operator nothing."""
    result = run.invoke(main, ["settings"], env={"SHOUWEN_PARTITONS": "12"})

    assert result.exit_code == 1
    assert result.output.startswith("Error: Shouwen needs settings it knows")
    assert result.output.count("\n") == 1


def test_an_unknown_command_is_exit_code_2(run: CliRunner) -> None:
    """A script can tell a typing error from a failure."""
    assert run.invoke(main, ["no-such"]).exit_code == 2
    assert run.invoke(main, ["kafka", "--port", "70000"]).exit_code == 2


def test_a_bug_keeps_its_traceback(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug shown as a neat line is a bug nobody can find."""
    monkeypatch.setattr("shouwen.settings.Settings.shown", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run.invoke(main, ["settings"], catch_exceptions=False)


def test_settings_say_where_each_value_comes_from(run: CliRunner) -> None:
    """One command answers: why is it 12 here?"""
    result = run.invoke(main, ["settings", "--json"], env={"SHOUWEN_PARTITIONS": "12"})

    assert json.loads(result.output)["partitions"] == {"value": 12, "from": "environment"}


@pytest.mark.kafka
def test_topics_plan_apply_check_agree_from_the_command_line(
    run: CliRunner, kafka: LocalKafka, topic_prefix: str
) -> None:
    """Exit codes are what a deployment script goes by."""
    env = {"SHOUWEN_KAFKA_BOOTSTRAP": kafka.bootstrap, "SHOUWEN_TOPIC_PREFIX": topic_prefix}

    before = run.invoke(main, ["topics", "check", "--json"], env=env)
    planned = run.invoke(main, ["topics", "plan"], env=env)
    applied = run.invoke(main, ["topics", "apply"], env=env)
    after = run.invoke(main, ["topics", "check"], env=env)
    other = run.invoke(main, ["topics", "check"], env={**env, "SHOUWEN_PARTITIONS": "8"})

    assert [r.exit_code for r in (before, planned, applied, after, other)] == [1, 0, 0, 0, 1]
    assert f"{topic_prefix}journal.v1" in json.loads(before.output)["missing"]
    *would, before_it = planned.output.splitlines()
    *did, after_it = applied.output.splitlines()
    assert [line.replace("would create", "created") for line in would] == did
    assert before_it == f"0 of {len(would)} topics are as they must be"
    assert after_it == f"{len(would)} of {len(would)} topics are as they must be"
    assert "partitions is 4, must be 8" in other.output


def test_a_folder_that_may_not_be_written_is_one_line(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator without the right needs the name of the folder, not a traceback."""

    def refused(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)
    result = run.invoke(main, ["simulate", "--out", str(tmp_path / "bank.jsonl")])

    assert result.exit_code == 1
    assert result.output.startswith("Error: the command needs '")
    assert "bank.jsonl.part'; got Permission denied" in result.output
    assert result.output.count("\n") == 1


def test_an_absent_broker_is_one_line(run: CliRunner) -> None:
    """The commonest failure of all."""
    result = run.invoke(main, ["topics", "plan"], env={"SHOUWEN_KAFKA_BOOTSTRAP": "127.0.0.1:1"})

    assert result.exit_code == 1
    assert result.output.startswith("Error: Shouwen needs a Kafka at '127.0.0.1:1'")


@pytest.mark.kafka
def test_kafka_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    """Ctrl-C, or a supervisor's SIGTERM, ends it cleanly and leaves the port free."""
    command = [sys.executable, "-c", "from shouwen.cli import main; main()"]
    with subprocess.Popen(
        [*command, "kafka", "--dir", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as shell:
        assert shell.stdout is not None
        line = shell.stdout.readline()
        assert re.match(r"Kafka answers at 127\.0\.0\.1:\d+ \(process \d+\)", line)
        shell.send_signal(signal.SIGTERM)
        said = shell.stdout.read()

    assert (shell.returncode, said) == (0, "Kafka has ended\n")
    with LocalKafka(tmp_path) as again:
        assert again.is_running
