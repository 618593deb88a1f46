"""Reports of backtests: the numbers on the page are those of the run, and the page is whole."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from replay.backtest import Backtest, Candidate, backtest
from replay.report import page, print_report
from tests.replay.test_backtest import CURRENT, journal_of
from tests.replay.toy import TOY, a_strategy

EAGER = Candidate(name="eager<1>", strategy=a_strategy(strategy_id="eager", at_least=3, cap=9))


@pytest.fixture
def result(tmp_path: Path) -> Backtest:
    return backtest(
        journal_of(tmp_path / "kept", partitions=3), [CURRENT, EAGER], engine=TOY, processes=1
    )


def printed(result: Backtest) -> str:
    console = Console(file=io.StringIO(), width=240)
    print_report(result, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class Tags(HTMLParser):
    """Counts open tags, and remembers every address and script."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.fetched += [name for name, _ in attrs if name in {"src", "href"}]
        self.fetched += [tag] if tag in {"script", "link", "img", "iframe"} else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_one_file_that_fetches_nothing(result: Backtest) -> None:
    """It is mailed to a checker and opened behind a firewall."""
    tags = Tags()
    html = page(result)
    tags.feed(html)

    assert tags.open == []
    assert tags.fetched == []
    assert "url(" not in html


def test_the_page_shows_the_numbers_of_every_run(result: Backtest) -> None:
    """A report that shows other numbers than were counted is worse than none."""
    text = re.sub(r"\s+", " ", _text(page(result)))

    assert "已行动 acted 3 12" in text
    assert "无贷转有贷 conversions 3 3" in text
    assert "9 个决策改变 decisions change" in text
    assert "H07: 10 → 3 (value 5)" in text


def test_the_page_escapes_names(result: Backtest) -> None:
    """A strategy's name is somebody's input."""
    assert "eager<1>" not in page(result)
    assert "eager<1>" in _text(page(result))


def test_the_terminal_shows_the_same_numbers(result: Backtest) -> None:
    """Two reports of one run must agree."""
    text = re.sub(r"[\s│┃]+", " ", printed(result))

    assert "已行动 acted 3 12" in text
    assert "equals all 12 recorded decisions" in text
    assert "9 个决策改变 decisions change" in text


def test_a_run_against_itself_says_that_nothing_changes(result: Backtest) -> None:
    """The first thing a checker looks at."""
    same = Backtest(
        journal=result.journal,
        recorded_decisions=result.recorded_decisions,
        assume_sent=True,
        recorded_actions=result.recorded_actions,
        confirmed_actions=result.confirmed_actions,
        runs=(result.runs[0], result.runs[0]),
        comparisons=(result.comparisons[0].__class__(before="a", after="b", flips=()),),
    )

    assert "No customer gets another answer" in page(same)
    assert "0 个决策改变" in printed(same)


def _text(html: str) -> str:
    tags = Tags()
    tags.feed(html)
    return tags.text
