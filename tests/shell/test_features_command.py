"""`shouwen features` as a person, a data scientist or a nightly check runs it."""

import json
import math
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest
from click.testing import CliRunner, Result

from adapters.kept import KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.topics import Topic
from features import BY_NAME, NAMES, permitted_use
from shouwen.cli import main
from shouwen.feature_readers import Reader, problems
from strategies import bundled
from tests.replay import bank


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bank.keep(tmp_path_factory.mktemp("bank") / "kept", bank.journal()).folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["features", *(str(argument) for argument in arguments)])


def a_decision(folder: Path) -> dict[str, object]:
    kept = KeptJournal(folder)
    found = [json.loads(record.value) for record in kept.decisions(0)]
    decision: dict[str, object] = next(
        item for item in found if not str(item["cause"]).startswith("timer:")
    )
    return decision


def test_list_has_every_feature_once_and_nothing_is_cut_off_on_80_columns() -> None:
    """Who looks for a feature must find its whole name, to type it."""
    told = run("list")

    assert told.exit_code == 0
    first_words = [line.split(" ")[0] for line in told.output.splitlines()]
    assert [name for name in NAMES if first_words.count(name) != 1] == []
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == list(NAMES)
    assert all(row["why"] and row["unit"] and row["family"] for row in rows)


def test_describe_says_what_it_is_why_and_who_reads_it() -> None:
    """A risk officer asks one question and gets one page."""
    told = run("describe", "cash_buffer_days").output

    assert BY_NAME["cash_buffer_days"].why[:40] in told
    assert "Permitted use: credit, fraud, marketing" in told
    assert "remembered for" in told
    for reader in ("moment funding_gap, for marketing", "risk rules, for credit", "model dpd30"):
        assert reader in told


def test_a_name_that_is_no_feature_is_one_line_with_those_that_look_like_it() -> None:
    """Names are long; a letter is soon wrong."""
    told = run("describe", "cash_bufer_days")

    assert told.exit_code == 1
    assert "Do you mean cash_buffer_days" in told.output
    assert told.output.count("\n") == 1


def test_check_passes_what_comes_with_this_version() -> None:
    """Models, rules, moments and the bundled strategies read what they may."""
    told = run("check")

    assert told.exit_code == 0, told.output
    assert "all permitted" in told.output


def test_check_names_a_strategy_that_reads_what_it_may_not(tmp_path: Path) -> None:
    """A sign of fraud must move no offer; one line says who reads what, and the exit code is 1."""
    source = bundled("no_loan_to_loan_v1").read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text(source.replace("feature: debt_service_ratio", "feature: face_fail_cnt_24h"))

    told = run("check", mine)

    assert told.exit_code == 1
    assert told.output == (
        f"strategy {mine} reads 'face_fail_cnt_24h' for marketing; it may be used for fraud.\n"
    )


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (Reader(name="m", use="credit", features=("medical_sum_minor_90d",)), "for nothing"),
        (Reader(name="m", use="credit", features=("no_such_feature",)), "no feature of the"),
        (Reader(name="m", use="credit", features=("touch_cnt_7d",)), "used for marketing"),
    ],
)
def test_every_kind_of_wrong_reading_is_a_sentence(reader: Reader, told: str) -> None:
    """The nightly check's one line must say what to change."""
    (found,) = problems([reader])

    assert told in found


def test_show_gives_what_a_decision_had(folder: Path) -> None:
    """By a decision's customer and coordinate: every number as hex, the same."""
    decision = a_decision(folder)
    customer, place = str(decision["subject_id"]), f"{decision['partition']}:{decision['seq']}"

    told = run("show", customer, "--at", place, "--journal", folder, "--json")

    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    hexed = {name: feature["hex"] for name, feature in found["features"].items()}
    assert hexed == decision["features"]
    assert found["as_of_ms"] == decision["at_ms"]
    assert all(feature["confirmed"] for feature in found["features"].values())
    assert any(feature["events"] for feature in found["features"].values())


def test_show_in_words_has_values_their_events_and_where_to_see_more(folder: Path) -> None:
    """Money in yuan and exactly; each event with its place in the journal."""
    decision = a_decision(folder)
    customer, at_ms = str(decision["subject_id"]), str(decision["at_ms"])

    every = run("show", customer, "--at", at_ms, "--journal", folder)
    one = run(
        *("show", customer, "--at", at_ms, "--journal", folder),
        *("--feature", "inflow_sum_minor_90d"),
    )

    assert every.exit_code == one.exit_code == 0, every.output + one.output
    assert "资金流 Money in and out" in every.output
    assert "余额 Balances" in every.output
    assert "元" in one.output
    assert ".0 minor" in one.output
    assert "journal" in one.output
    assert BY_NAME["inflow_sum_minor_90d"].why[:20] in " ".join(one.output.split())
    assert "outflow_sum" not in one.output


def test_show_without_events_reads_the_same_values(folder: Path) -> None:
    """Tracing reads the whole history; a script that wants numbers need not wait for it."""
    customer = str(a_decision(folder)["subject_id"])

    traced = json.loads(run("show", customer, "--journal", folder, "--json").stdout)
    plain = json.loads(run("show", customer, "--journal", folder, "--json", "--no-events").stdout)

    for name in NAMES:
        assert plain["features"][name]["hex"] == traced["features"][name]["hex"]
        assert plain["features"][name]["confirmed"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("c-nobody",), "Error: "),
        (("c-000001", "--at", "1999-01-01"), "begins at"),
        (("c-000001", "--at", "2109-01-01"), "cannot know all yet"),
        (("c-000001", "--at", "yesterday"), "a moment needs ISO 8601"),
        (("c-000001", "--at", "17"), "PARTITION:NUMBER"),
        (("c-000001", "--at", "9:1"), "lives in partition"),
        (("c-000001", "--feature", "no_such"), "there is no feature"),
    ],
)
def test_a_question_without_an_answer_is_a_sentence(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Zeros for a wrong id or a wrong time would be believed."""
    result = run("show", *arguments, "--journal", folder)

    assert result.exit_code in {1, 2}
    assert told in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_frame_writes_every_scored_row_with_what_became_of_it(folder: Path, tmp_path: Path) -> None:
    """What a data scientist opens first."""
    out = tmp_path / "frame.parquet"

    told = run("frame", "--journal", folder, "--out", out)

    assert told.exit_code == 0, told.output
    assert "equals what was scored" in told.output
    table = pq.read_table(out)
    rows = table.to_pylist()
    assert {"customer", "partition", "seq", "at_ms", "drawn_30d", "dpd30_mob3"} <= rows[0].keys()
    assert {row["drawn_30d"] for row in rows if row["drawn_30d_mature"]} == {0, 1}
    assert any(row["drawn_30d"] is None for row in rows if not row["drawn_30d_mature"])
    weekly = [row for row in rows if row["row_kind"] == "week"]
    assert weekly
    for row in weekly:
        models = (row["model_ids"] or "").split()
        has_model = any(model.startswith("drawn_30d:") for model in models)
        assert (row["drawn_30d_score"] is not None) == has_model  # none before the first snapshot
    field = table.schema.field("touch_cnt_7d")
    assert field.metadata[b"permitted_use"] == b"marketing"
    assert any(math.isnan(row["cash_buffer_days"]) for row in rows)
    forbidden = {name for name in NAMES if not permitted_use(name)}
    assert not forbidden & set(table.column_names)


def test_frame_of_decisions_has_a_line_for_each_and_only_permitted_features(
    folder: Path, tmp_path: Path
) -> None:
    """A credit model must not even be offered what it may not read."""
    out = tmp_path / "frame.parquet"

    told = run(
        *("frame", "--journal", folder, "--out", out),
        *("--labels", "decisions", "--use", "credit", "--json"),
    )

    assert told.exit_code == 0, told.output
    written = json.loads(told.stdout)
    table = pq.read_table(out)
    kept = KeptJournal(folder)
    assert written["rows"] == table.num_rows == kept.rows(Topic.DECISIONS)
    assert written["unequal"] == []
    offered = {name for name in NAMES if name in table.column_names}
    assert offered == {name for name in NAMES if "credit" in permitted_use(name)}


def test_a_row_that_is_not_what_was_scored_is_named_and_the_exit_code_is_1(
    folder: Path, tmp_path: Path
) -> None:
    """A frame that differs from life in one bit teaches something that never was."""
    kept, forged = KeptJournal(folder), tmp_path / "forged"
    with KeptWriter(forged, partitions=kept.partitions) as writer:
        writer.add_entries(bank.journal())
        for partition in kept.partitions:
            for number, record in enumerate(kept.decisions(partition)):
                value = record.value
                if (partition, number) == (0, 3):
                    decision = json.loads(value)
                    decision["features"]["touch_cnt_7d"] = (99.0).hex()
                    value = json.dumps(decision).encode()
                writer.add_record(Topic.DECISIONS, partition=partition, key=record.key, value=value)

    told = run(
        *("frame", "--journal", forged, "--labels", "decisions"),
        *("--out", tmp_path / "frame.parquet"),
    )

    assert told.exit_code == 1
    assert "1 rows are NOT what was scored: 0:" in told.output


def test_a_frame_into_no_folder_is_told_before_the_fold(folder: Path, tmp_path: Path) -> None:
    """An hour of reading must not end with a file that cannot be written."""
    told = run("frame", "--journal", folder, "--out", tmp_path / "no" / "frame.parquet")

    assert told.exit_code == 1
    assert told.output.startswith("Error: --out needs a file in a folder that exists")
