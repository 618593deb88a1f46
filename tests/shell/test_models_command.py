"""`shouwen models`: what people see of the models, and what they may order."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer
from pydantic import TypeAdapter
from rich.console import Console

from contracts.examples import ExampleMessage
from contracts.model_orders import ModelOrder
from contracts.topics import Topic
from shouwen.cli import main
from shouwen.commands.models import measures_named, order_of, require_served
from shouwen.errors import ShouwenError
from shouwen.model_view.charts import chart
from shouwen.model_view.history import History
from shouwen.model_view.page import page
from shouwen.model_view.text import print_comparison, print_list, print_model
from streams.settings import StreamSettings
from tests.conftest import Deployment
from tests.shell.model_history import START_MS, a_history, values
from tests.streams.stand import Stand

PEOPLE = ("--asked-by", "li", "--reason", "the year has turned")


class Balanced(HTMLParser):
    """Counts what is open; a page that is cut or nested wrongly has something left."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def told(show: object) -> str:
    """Return what a function prints, without its colours."""
    console = Console(record=True, width=220, file=StringIO())
    assert callable(show)
    show(console)
    return console.export_text()


def test_the_list_says_who_serves_and_what_is_wrong() -> None:
    """The first look in the morning."""
    text = told(lambda console: print_list(a_history(), console))

    (propensity,) = [line for line in text.splitlines() if line.startswith("drawn_30d")]
    (risk,) = [line for line in text.splitlines() if line.startswith("dpd30_mob3")]
    assert re.search(r"main +2026-0[67]-\d\d", propensity)
    assert "PSI 0.65" in propensity
    assert "drift alarm" in propensity
    assert "nobody" in risk


def test_one_model_is_shown_with_its_story() -> None:
    """Why this one serves must be on one screen."""
    text = told(lambda console: print_model("drawn_30d", a_history(), console))

    assert "晋升 promoted: main: evidence" in text
    assert "漂移告警 drift alarm" in text
    assert "drawn_30d:00dc00dc00dc00dc" in text


def test_a_challenger_is_shown_with_what_it_lacks() -> None:
    """Two people who are asked to approve want to know what speaks against it."""
    text = told(lambda console: print_model("dpd30_mob3", a_history(), console))

    assert "须双人批准 a risk model needs an order of two people" in text


def test_lines_and_snapshots_are_compared_measure_by_measure() -> None:
    """A difference is read from the difference, not from two columns."""
    history = a_history()
    names = ("drawn_30d/served", "drawn_30d/main")
    sides = (measures_named(history, names[0]), measures_named(history, names[1]))

    text = told(lambda console: print_comparison(names, sides, console))

    (auc,) = [line for line in text.splitlines() if line.startswith("AUC")]
    assert auc.split()[-1] == f"{sides[1]['auc'] - sides[0]['auc']:+.3f}"
    assert measures_named(history, "drawn_30d:00dc00dc00dc00dc")["log_loss"] == 0.11


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drawn_30d/rivers", "There are main, served"),
        ("rain/main", "There are dpd30_mob3, drawn_30d"),
        ("drawn_30d:0000", "needs an id that is in models.v1; got 'drawn_30d:0000'"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(name: str, said: str) -> None:
    """Nobody knows the ids by heart."""
    with pytest.raises(ShouwenError, match=re.escape(said)):
        measures_named(a_history(), name)


def test_before_the_first_report_the_answer_says_what_to_start() -> None:
    """An empty table would look like a deployment without models."""
    with pytest.raises(ShouwenError, match="Start `shouwen worker` with the role learn"):
        History([]).newest()


def test_the_page_is_whole_and_fetches_nothing() -> None:
    """It is mailed, archived, and read on a machine without a network."""
    html = page(a_history(), deployment="demo")
    parser = Balanced()
    parser.feed(html)

    assert parser.open == []
    assert not re.search(r"(src|href)=[\"']?(https?:|//)|<script|@import|url\(", html)


def test_the_page_shows_each_model_with_its_charts() -> None:
    """Learning, reliability, drift and evidence: what a strategist decides by."""
    html = page(a_history(), deployment="demo")

    for title in ("学习曲线", "可靠性图", "每10天的预测与实际", "漂移：损失", "漂移：特征"):
        assert title in html
    assert "30天内提款" in html
    assert "尚无模型上线" in html
    assert html.count("<polyline") >= 8
    assert "冠军与挑战者" in html


def test_the_page_of_one_model_has_only_that_one() -> None:
    """A risk officer's page is about risk."""
    html = page(a_history(), deployment="demo", only="dpd30_mob3")

    assert "前3期逾期30天" in html
    assert "30天内提款" not in html


def test_a_chart_keeps_every_point_on_the_drawing() -> None:
    """A line that leaves the frame is a measure that nobody sees."""
    drawn = chart({"a": [(0.0, -5.0), (1.0, 7.0)], "b": [(0.5, 100.0)]}, x_text=str, y_text=str)

    assert drawn is not None
    for curve in drawn.curves:
        for x, y in curve.dots:
            assert 56.0 <= x <= 626.0
            assert 12.0 <= y <= 210.0


def test_a_curve_without_a_change_is_drawn_in_the_middle() -> None:
    """A constant has no span to divide by."""
    drawn = chart({"a": [(0.0, 0.5), (1.0, 0.5)]}, x_text=str, y_text=str)

    assert drawn is not None
    assert {y for _, y in drawn.curves[0].dots} == {111.0}


def test_one_person_cannot_give_an_order_that_needs_two() -> None:
    """Refused at the terminal, before anything is sent."""
    with pytest.raises(ShouwenError, match="a promotion needs two people"):
        order_of(
            order="promote",
            model="drawn_30d",
            line="main",
            asked_by="li",
            approved_by="li",
            reason="now",
        )


def test_an_order_about_a_model_that_does_not_exist_says_so() -> None:
    """A typing error must not wait in a topic for ever."""
    with pytest.raises(ShouwenError, match="`shouwen models list` has the names"):
        order_of(order="freeze", model="rain", asked_by="li", reason="now")


def test_the_way_back_leads_only_to_what_served() -> None:
    """One person is enough to go back; what never served is a promotion in disguise."""
    history = a_history()

    require_served(history, "drawn_30d:00dc00dc00dc00dc")
    with pytest.raises(ShouwenError, match="Let two people promote it instead"):
        require_served(history, "drawn_30d:0000")


def test_an_order_needs_a_live_clock() -> None:
    """A recorded run that obeys today's order would not repeat."""
    done = CliRunner(env={"SHOUWEN_CONFIG": None, "SHOUWEN_CLOCK": "recorded"}).invoke(
        main, ["models", "freeze", "drawn_30d", *PEOPLE]
    )

    assert done.exit_code == 1
    assert "an order needs a live clock" in done.output


def shouwen(deployment: Deployment, *arguments: str) -> Result:
    env = {
        "SHOUWEN_CONFIG": None,
        "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
        "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        "SHOUWEN_PARTITIONS": str(deployment.partitions),
    }
    return CliRunner(env=env).invoke(main, arguments)


@pytest.fixture
def stand(deployment: Deployment, tmp_path: Path) -> Iterator[Stand]:
    """A reader of committed records that is none of ours."""
    settings = StreamSettings(
        bootstrap=deployment.bootstrap,
        topic_prefix=deployment.topic_prefix,
        partitions=deployment.partitions,
    )
    stand = Stand(settings, tmp_path)
    yield stand
    stand.close()


@pytest.mark.kafka
def test_what_the_learner_reported_is_seen_and_orders_reach_it(
    deployment: Deployment, stand: Stand, tmp_path: Path
) -> None:
    """Through the topics themselves: what a person reads, and what the learner will."""
    producer = Producer({"bootstrap.servers": deployment.bootstrap})
    for value in values():
        producer.produce(f"{deployment.topic_prefix}{Topic.MODELS.value}", value=value, partition=0)
    producer.flush(30)

    listed = shouwen(deployment, "models", "list", "--json")
    assert listed.exit_code == 0, listed.output
    assert [report["model"] for report in json.loads(listed.output)] == ["dpd30_mob3", "drawn_30d"]
    out = tmp_path / "models.html"
    assert shouwen(deployment, "models", "page", str(out)).exit_code == 0
    assert "学习曲线" in out.read_text(encoding="utf-8")
    given = shouwen(
        deployment,
        *("models", "promote", "dpd30_mob3", "--line", "main", "--approved-by", "wang", *PEOPLE),
    )
    assert given.exit_code == 0, given.output
    back = shouwen(
        deployment, "models", "rollback", "drawn_30d", "--to", "drawn_30d:00dc00dc00dc00dc", *PEOPLE
    )
    assert back.exit_code == 0, back.output

    read = TypeAdapter(ExampleMessage)
    (records,) = stand.read_all(Topic.EXAMPLES)
    promote, rollback = (read.validate_json(record.value() or b"") for record in records)
    assert isinstance(promote, ModelOrder)
    assert isinstance(rollback, ModelOrder)
    assert (promote.order, promote.people) == ("promote", ("li", "wang"))
    assert rollback.snapshot is not None
    assert rollback.snapshot.model_id == "drawn_30d:00dc00dc00dc00dc"
    assert promote.at_ms > START_MS
