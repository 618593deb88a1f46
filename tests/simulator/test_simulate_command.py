"""`shouwen simulate`: a file that the readers read, or none."""

from pathlib import Path

from click.testing import CliRunner

from adapters.recorded import open_source
from shouwen.commands.simulate import command


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """The file is the input of `shouwen try jsonl`; every line of it must count."""
    out = tmp_path / "bank.jsonl"

    ran = CliRunner().invoke(command, ["--customers", "3", "--days", "9", "--out", str(out)])

    source = open_source("jsonl", out)
    assert ran.exit_code == 0, ran.output
    assert f"{source.count()} events of 3 customers over 9 days" in ran.output
    assert source.unreadable() == ()
    assert [path.name for path in tmp_path.iterdir()] == ["bank.jsonl"]


def test_no_customers_is_a_usage_error(tmp_path: Path) -> None:
    """An empty file would look like success."""
    arguments = ["--customers", "0", "--out", str(tmp_path / "bank.jsonl")]

    assert CliRunner().invoke(command, arguments).exit_code == 2
