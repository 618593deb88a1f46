"""`shouwen bench`: what programs rely on is its shape; how large a number is, nobody asserts."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from shouwen.bench.comparison import OURS_ALL, OURS_SUBSET, Contest
from shouwen.bench.features_bench import FeaturesBenchmark, Size
from shouwen.bench.histories import Traffic, arrivals, in_order
from shouwen.bench.machine import commit_here, this_machine
from shouwen.bench.peers import PEERS, SUBSET, run_peer, write_work
from shouwen.bench.report import Findings, Measured, Sheet, run, show
from shouwen.bench.starts import Starts
from shouwen.cli import main

SMALL = Size(
    customers=3,
    timed=40,
    single=5,
    hot=300,
    hot_timed=40,
    batch=10,
    contest=Contest(customers=3, timed=40, batch=10, runs=2),
)


@pytest.fixture(scope="module")
def measured() -> Measured:
    """One small measurement that the tests of its shape share; no process compiles anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "shouwen.bench.features_bench.measure_starts",
            lambda *, warm_runs: Starts(cold_seconds=9.0, warm_seconds=float(warm_runs)),
        )
        return run(FeaturesBenchmark(runs=2, size=SMALL))


def test_features_are_one_json_object_with_its_machine_and_commit(measured: Measured) -> None:
    """A program that keeps results reads these keys; a number without its machine is gossip."""
    said = json.loads(measured.as_json())

    assert said["benchmark"] == "features"
    assert said["machine"]["cores"] >= 1
    assert set(said) >= {
        *("features", "ordinary_us_per_event", "hot_us_per_event", "single_us_per_event"),
        *("cold_start_seconds", "warm_start_seconds", "peers", "commit"),
    }
    assert said["ordinary_us_per_event"] > 0
    for peer in said["peers"]:
        assert set(peer) >= {"name", "us_per_event", "features", "exact"}


def test_the_peers_stand_beside_us_in_one_run(measured: Measured) -> None:
    """Numbers of two runs compare two evenings, not two programs."""
    said = json.loads(measured.as_json())
    names = [peer["name"] for peer in said["peers"]]

    assert names == [OURS_ALL, OURS_SUBSET, *PEERS]
    assert {peer["features"] for peer in said["peers"][1:]} == {len(SUBSET)}


def test_who_is_exact_is_measured(measured: Measured) -> None:
    """River's windows stand still while nothing of their filter comes: that is not equal."""
    said = json.loads(measured.as_json())
    exact = {peer["name"]: peer["exact"] for peer in said["peers"]}

    assert exact == {
        OURS_ALL: True,
        OURS_SUBSET: True,
        "pure Python": True,
        "River TimeRolling": False,
        "Polars": True,
    }


def test_a_peer_that_counts_otherwise_is_not_exact(tmp_path: Path) -> None:
    """The comparison itself can fail: one wrong value in one row is seen."""
    stream = in_order([arrivals(customer, Traffic(tidy=True, days=40)) for customer in (1, 2)])
    work = tmp_path / "work.npz"
    write_work(work, stream, warm=len(stream) - 20, runs=2, batch=5)
    rows = np.zeros((20, len(SUBSET)))

    peer = run_peer("pure Python", work, rows)

    assert peer.exact is False
    assert peer.equal_ratio is not None
    assert 0 < peer.equal_ratio < 1


def test_an_absent_peer_is_named_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who installs without the developers' libraries must see that somebody is missing, and why."""
    monkeypatch.setitem(PEERS, "Polars", ("polars_windows", "no_such_library"))

    peer = run_peer("Polars", tmp_path / "none.npz", np.zeros((1, 1)))

    assert peer.absent is not None
    assert "no_such_library" in peer.absent
    assert (peer.us_per_event, peer.exact) == (None, None)


def test_a_person_reads_tables_notes_machine_and_commit() -> None:
    """The table alone would be copied without what it is worth."""
    sheet = Sheet(title="one table", columns=("what", "µs"), rows=[("a thing", "1.5")])
    findings = Findings(numbers={"x": 1.5}, sheets=[sheet], notes=["Measured like this."])
    machine = replace(this_machine(), cpu="A processor", load=1.9)
    out = StringIO()

    show(
        Measured(name="x", machine=machine, commit="abc", findings=findings),
        Console(file=out, width=200),
    )

    for words in ("one table", "a thing", "Measured like this.", "A processor", "load 1.9", "abc"):
        assert words in out.getvalue()


def test_this_checkout_has_a_commit() -> None:
    """A result whose code is unknown cannot be measured again."""
    commit = commit_here()

    assert commit is None or len(commit.removesuffix("+")) == 12


def test_a_run_less_than_once_is_refused() -> None:
    """No median of nothing."""
    assert CliRunner().invoke(main, ["bench", "features", "--runs", "0"]).exit_code == 2
