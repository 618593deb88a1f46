"""The funnel as tables: which rows a report has, in which words, for as many runs as there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from replay.backtest import Backtest, Run
from replay.counts import Counts
from replay.flips import ELEMENTS, Flip

Number = int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: what it counts, the number of each run, and each as a person reads it.

    `shares` are parts of the largest number in the row, for a bar; none where a bar says nothing.
    """

    label: str
    numbers: tuple[Number, ...]
    texts: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table of the report, with its title in both languages."""

    title_zh: str
    title_en: str
    rows: tuple[Row, ...]


_WORDS: Mapping[str, str] = {
    "acted": "已行动 acted",
    "deferred": "延后 deferred",
    "suppressed": "不打扰 suppressed",
    "held_out": "对照组 held out",
    "no_action": "无行动 no action",
    "approve": "通过 approve",
    "refer": "转人工 refer",
    "decline": "拒绝 decline",
    "allow": "可触达 allow",
    "defer": "延后 defer",
    "suppress": "不触达 suppress",
    "loan_intent_browse": "浏览贷款 loan_intent_browse",
    "apply_abandoned": "申请中断 apply_abandoned",
    "approved_not_drawn": "已批未提 approved_not_drawn",
    "funding_gap": "资金缺口 funding_gap",
    "repayment_stress": "还款压力 repayment_stress",
    "app": "手机银行 app",
    "sms": "短信 sms",
    "rm_task": "客户经理任务 rm_task",
}


def in_both(word: str) -> str:
    """Return a word of the record with its Chinese; one that has none stays as it is.

    >>> in_both("refer"), in_both("cap_sms")
    ('转人工 refer', 'cap_sms')
    """
    return _WORDS.get(word, word)


def yuan(minor: int) -> str:
    """Return an amount of minor units as people read it.

    >>> yuan(1_234_567), yuan(-50)
    ('12,345.67 元', '-0.50 元')
    """
    return f"{minor / 100:,.2f} 元"


def sections(result: Backtest) -> tuple[Section, ...]:
    """Return the funnel of a backtest, from what was decided to what it reached."""
    runs = result.runs
    return (
        Section(
            title_zh="总览",
            title_en="Overview",
            rows=(
                _row("日志条目 journal entries", runs, lambda c: c.entries),
                _row("决策 decisions", runs, lambda c: c.decisions),
                _row("涉及客户 customers decided on", runs, lambda c: c.customers_decided),
                _row("触达客户 customers acted on", runs, lambda c: c.customers_acted),
                _row("期望价值 expected value", runs, lambda c: c.expected_minor, yuan),
                _row("单客7天最多触达 most touches in 7 days", runs, lambda c: c.most_touches_7d),
            ),
        ),
        _by("关键时刻", "Moments", runs, lambda c: c.moments),
        _by("风险结论", "Risk outcomes", runs, lambda c: c.risk),
        _by("风险等级", "Risk bands", runs, lambda c: c.bands),
        _by("命中规则", "Rules that hit", runs, lambda c: c.rule_hits),
        _by("触达结论", "Contact outcomes", runs, lambda c: c.contact),
        _by("触达规则", "Contact rules that held", runs, lambda c: c.contact_rules),
        _by("处置", "Dispositions", runs, lambda c: c.dispositions),
        _by("实验分组", "Arms", runs, lambda c: c.arms),
        _by("渠道", "Actions by channel", runs, lambda c: c.channels),
        _by("行动", "Actions", runs, lambda c: c.actions),
        Section(
            title_zh="已发生的提款",
            title_en="Drawdowns that happened",
            rows=(
                _row("无贷转有贷 conversions", runs, lambda c: c.conversions),
                _row("提款前已识别 flagged before", runs, lambda c: c.flagged),
                _row("提款前已触达 acted on before", runs, lambda c: c.attributed),
                _row("已识别提款金额 flagged amount", runs, lambda c: c.flagged_drawn_minor, yuan),
                _row(
                    "提前天数中位数 median days ahead",
                    runs,
                    lambda c: c.median_days_ahead,
                    lambda days: f"{days:g}",
                ),
            ),
        ),
    )


def flips_by_element(flips: Sequence[Flip]) -> list[tuple[str, int]]:
    """Return why customers flip, most frequent first: the element in both languages, how often."""
    found: dict[str, int] = {}
    for flip in flips:
        zh, en = ELEMENTS[flip.element]
        found[f"{zh} {en}"] = found.get(f"{zh} {en}", 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _row(
    label: str,
    runs: Sequence[Run],
    number: Callable[[Counts], Number],
    text: Callable[[int], str] | Callable[[float], str] = lambda value: f"{value:,}",
) -> Row:
    numbers = tuple(number(run.counts) for run in runs)
    texts = tuple("-" if value is None else _say(text, value) for value in numbers)
    most = max((value for value in numbers if value is not None), default=0)
    shares = tuple(value / most if value and most > 0 else 0.0 for value in numbers)
    return Row(label=label, numbers=numbers, texts=texts, shares=shares)


def _say(text: Callable[..., str], value: float) -> str:
    return text(value)


def _by(
    title_zh: str, title_en: str, runs: Sequence[Run], group: Callable[[Counts], Mapping[str, int]]
) -> Section:
    names = sorted({name for run in runs for name in group(run.counts)})
    rows = tuple(_row(in_both(name), runs, _of(group, name)) for name in names)
    return Section(title_zh=title_zh, title_en=title_en, rows=rows)


def _of(group: Callable[[Counts], Mapping[str, int]], name: str) -> Callable[[Counts], Number]:
    return lambda counts: group(counts).get(name, 0)
