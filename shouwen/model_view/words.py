"""Names and numbers of models in the words of a strategist."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

MODELS: Mapping[str, tuple[str, str]] = {
    "drawn_30d": ("30天内提款", "draws a loan within 30 days"),
    "applied_14d": ("14天内申请", "applies within 14 days"),
    "engaged_3d": ("3天内响应", "answers a contact within 3 days"),
    "retained_flow_30d": ("资金留存", "flows stay for 30 days"),
    "complaint_30d": ("30天内投诉", "complains within 30 days"),
    "dpd30_mob3": ("前3期逾期30天", "30 days late within the first 3 months"),
    "dpd90_after_dpd30": ("逾期30天后至90天", "90 days late once 30 days late"),
    "uplift_30d": ("触达增益", "effect of a contact on drawing"),
    "anomaly": ("行为异常度", "how unusual the customer's behaviour is"),
}

LINES: Mapping[str, tuple[str, str]] = {
    "served": ("实际使用", "what decisions saw"),
    "main": ("主线", "main"),
    "fast": ("快线", "fast: follows changes sooner"),
    "river": ("River 回归", "River's regression, never serves"),
    "tree": ("River 树", "River's tree, never serves"),
}

MEASURES: Mapping[str, tuple[str, str]] = {
    "rows": ("成熟样本", "matured rows"),
    "positives": ("发生数", "came true"),
    "log_loss": ("对数损失", "log loss, lower is better"),
    "auc": ("AUC", "ranking, 0.5 is chance"),
    "average_precision": ("平均精度", "average precision"),
    "calibration_error": ("校准误差", "mean gap of predicted and observed"),
    "calibration_ratio": ("预测/实际", "predicted over observed, 1 is right"),
}

CONDITIONS: Mapping[str, tuple[str, str]] = {
    "evidence": ("证据不足", "not proven yet"),
    "calibration": ("未校准", "predicted over observed not in 0.8 to 1.25"),
    "positives": ("发生数不足200", "fewer than 200 came true"),
    "same_bits": ("不可上线", "its bits differ between machines"),
    "automatic": ("已冻结", "people froze the model"),
    "people": ("须双人批准", "a risk model needs an order of two people"),
}

EVENTS: Mapping[str, tuple[str, str]] = {
    "promoted": ("晋升", "promoted"),
    "rolled_back": ("回滚", "rolled back"),
    "frozen": ("冻结", "frozen"),
    "order_refused": ("指令未执行", "order refused"),
    "drift": ("漂移告警", "drift alarm"),
    "snapshot_refused": ("快照被拒", "snapshot refused"),
    "leak_suspected": ("疑似泄漏", "leak suspected"),
    "shadow_better": ("影子模型更好", "a shadow is better"),
}

_BUSINESS_TIME = timezone(timedelta(hours=8), "UTC+8")


def both(words: Mapping[str, tuple[str, str]], name: str) -> str:
    """Return a name in both languages; one that is not known stays as it is.

    >>> both(EVENTS, "drift"), both(EVENTS, "eclipse")
    ('漂移告警 drift alarm', 'eclipse')
    """
    return " ".join(words[name]) if name in words else name


def day(at_ms: int) -> str:
    """Return the day of a time as the bank's people read it, in UTC+8.

    >>> day(1_790_000_000_000)
    '2026-09-21'
    """
    return _local(at_ms).strftime("%Y-%m-%d")


def minute(at_ms: int) -> str:
    """Return a time to the minute, in UTC+8.

    >>> minute(1_790_000_000_000)
    '2026-09-21 22:13'
    """
    return _local(at_ms).strftime("%Y-%m-%d %H:%M")


def number(name: str, value: float | None) -> str:
    """Return a measure as people read it.

    >>> number("auc", 0.81249), number("positives", 1234.0), number("auc", None)
    ('0.812', '1,234', '–')
    """
    if value is None:
        return "–"
    if name in {"rows", "positives"}:
        return f"{value:,.0f}"
    return f"{value:.2f}" if name == "calibration_ratio" else f"{value:.3f}"


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(_BUSINESS_TIME)
