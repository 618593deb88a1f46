"""`shouwen replay`, `why` and `backtest` as a person or a program runs them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.kept import KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.topics import Topic
from shouwen.cli import main
from strategies import bundled
from tests.replay import bank


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bank.keep(tmp_path_factory.mktemp("bank") / "kept", bank.journal()).folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def a_decision(folder: Path) -> dict[str, object]:
    kept = KeptJournal(folder)
    found = [json.loads(record.value) for record in kept.decisions(0)]
    decision: dict[str, object] = next(item for item in found if item["action"] is not None)
    return decision


def test_verify_says_exact_and_exits_with_0(folder: Path) -> None:
    """What a nightly job asks."""
    told = run("replay", "verify", "--journal", folder, "--json")

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["exact"] is True
    assert "完全一致" in run("replay", "verify", "--journal", folder).output


def test_verify_tells_prometheus_how_many_do_not_agree(folder: Path, tmp_path: Path) -> None:
    """A nightly replay is of use only if somebody is woken by it; 0 is said too.

    In the forged journal the first decision of each partition was published twice.
    """
    sound, touched = tmp_path / "sound.prom", tmp_path / "touched.prom"
    forged = tmp_path / "forged"
    kept = KeptJournal(folder)
    with KeptWriter(forged, partitions=kept.partitions) as writer:
        writer.add_entries(bank.journal())
        for partition in kept.partitions:
            for topic, records in (
                (Topic.DECISIONS, [*kept.decisions(partition), next(kept.decisions(partition))]),
                (Topic.CONVERSIONS, [*kept.conversions(partition)]),
            ):
                for record in records:
                    writer.add_record(
                        topic, partition=partition, key=record.key, value=record.value
                    )

    run("replay", "verify", "--journal", folder, "--metrics-file", sound)
    told = run("replay", "verify", "--journal", forged, "--metrics-file", touched)

    assert told.exit_code == 1
    assert "\nshouwen_replay_mismatch_total 0.0\n" in sound.read_text("utf-8")
    assert "\nshouwen_replay_mismatch_total 2.0\n" in touched.read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "option"), [("backtest current", "--html"), ("replay verify", "--metrics-file")]
)
def test_a_folder_that_is_not_there_is_told_before_the_fold(
    command: str, option: str, folder: Path, tmp_path: Path
) -> None:
    """An hour of folding must not end with a file that cannot be written."""
    told = run(*command.split(), "--journal", folder, option, tmp_path / "no" / "file")

    assert told.exit_code == 1
    assert told.output.startswith(f"Error: {option} needs a file in a folder that exists")
    assert told.output.count("\n") == 1


def test_verify_names_damage_in_one_line_and_exits_with_1(folder: Path, tmp_path: Path) -> None:
    """A flipped byte is found before anything is believed, and told by file and line."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    raw = bytearray((copy / "decisions-1.jsonl").read_bytes())
    raw[-5] ^= 1
    (copy / "decisions-1.jsonl").write_bytes(raw)

    told = run("replay", "verify", "--journal", copy)

    assert told.exit_code == 1
    assert "decisions-1.jsonl, line " in told.output
    assert "Traceback" not in told.output


def test_why_shows_the_tree_in_words_and_as_json(folder: Path) -> None:
    """A risk officer reads words; a program gets every bit."""
    decision = a_decision(folder)
    decision_id = str(decision["decision_id"])

    words = run("why", decision_id, "--journal", folder)
    data = run("why", decision_id, "--journal", folder, "--json")

    assert words.exit_code == 0, words.output
    for part in (
        "特征 Features",
        "规则 rules",
        "候选行动 Candidates",
        "触达 Contact",
        "证据 Evidence",
    ):
        assert part in words.output
    assert "0x1." not in words.output
    tree = json.loads(data.stdout)
    assert tree["decision"] == decision
    assert tree["difference"] is None
    assert {used["name"]: used["value_hex"] for used in tree["features"]} == decision["features"]


def test_why_of_an_unknown_decision_is_one_line(folder: Path) -> None:
    """No traceback for a typing error."""
    told = run("why", "d_nobody", "--journal", folder)

    assert told.exit_code == 1
    assert told.output.startswith("Error: `why` needs a decision that is in the journal")


def test_backtest_current_current_equals_life(folder: Path, tmp_path: Path) -> None:
    """The check of the check, as text, as JSON and as a page."""
    page = tmp_path / "report.html"

    told = run("backtest", "current", "current", "--journal", folder, "--json", "--html", page)

    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert [item["name"] for item in result["runs"]] == ["current", "current (2)"]
    assert all(item["equals_recorded"] for item in result["runs"])
    assert result["comparisons"][0]["flips"] == []
    decisions = result["runs"][0]["counts"]["decisions"]
    assert f"equals all {decisions:,} recorded decisions" in page.read_text(encoding="utf-8")


def test_backtest_takes_names_and_files(folder: Path) -> None:
    """The strategy that decided in life, pinned, decides the same: nobody flips."""
    named = "no_loan_to_loan_v1"

    told = run("backtest", "current", named, bundled(named), "--journal", folder, "--json")

    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert [item["equals_recorded"] for item in result["runs"]] == [True, True, True]


def test_backtest_of_an_unknown_strategy_is_one_line(folder: Path) -> None:
    """It lists those that there are."""
    told = run("backtest", "current", "nobody", "--journal", folder)

    assert told.exit_code == 1
    assert "there is no strategy 'nobody'" in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("name", ["replay", "why", "backtest"])
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    """`--help` is the manual that is always at hand."""
    told = run(name, "--help")

    assert told.exit_code == 0
    assert f"shouwen {name} " in told.output
