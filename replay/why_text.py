"""The tree behind a decision as a risk officer reads it."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from contracts.decisions import Decision, RuleResult
from decisions.risk.rules import RULE_FEATURES
from decisions.texts import REASONS
from features import describe
from features.catalogue import BY_NAME
from replay.report import when
from replay.traces import EventUsed, FeatureUsed
from replay.why import Why
from replay.words import RULES, feature_text, in_both, rule_number, yuan

EVENTS_SHOWN = 6
CONTRIBUTIONS_SHOWN = 6
_MOMENT_FEATURES = {
    "loan_intent_browse": (
        "loan_page_view_cnt_24h",
        "loan_page_day_cnt_7d",
        "calculator_cnt_24h",
        "limit_query_cnt_24h",
    ),
    "funding_gap": (
        "cash_buffer_days",
        "outflow_sum_minor_7d",
        "outflow_week_mean_minor_90d",
        "debt_service_ratio",
    ),
    "repayment_stress": (
        "debt_service_ratio",
        "ext_lender_cnt_90d",
        "ext_loan_inflow_sum_minor_30d",
        "cash_buffer_days",
    ),
    "apply_abandoned": ("apply_start_cnt_30d", "minutes_since_apply_activity"),
    "approved_not_drawn": (),
}
"""Features that speak to a moment, shown with their events before all others."""


def print_why(tree: Why, console: Console, *, all_features: bool = False) -> None:
    """Print the whole tree; features that no rule and not the moment reads need `all_features`."""
    decision = tree.decision
    root = Tree(
        f"[bold]决策 decision {escape(decision.decision_id)}[/bold]  "
        f"→ [bold]{in_both(decision.outcome)}[/bold] / {in_both(decision.disposition)}"
    )
    _case(root, tree)
    _features(root, tree, all_features=all_features)
    _scores(root, tree)
    _risk(root, tree)
    _candidates(root, decision)
    _contact(root, tree)
    _action(root, tree)
    _reasons(root, decision)
    _evidence(root, tree)
    console.print(root)


def _case(root: Tree, tree: Why) -> None:
    decision = tree.decision
    case = root.add("客户与触发 Case")
    case.add(Text(f"客户 customer {decision.subject_id}"))
    case.add(Text(f"贷款状态 loan state {decision.loan_state}, {decision.decision_context}"))
    case.add(Text(f"时机 moment {in_both(decision.moment)}, at {when(decision.at_ms)}"))
    if tree.trigger is None:
        case.add(Text(f"触发 trigger {decision.cause}"))
    else:
        case.add(Text(f"触发 trigger {event_text(tree.trigger)}"))
    strategy = decision.strategy
    case.add(
        Text(
            f"策略 strategy {strategy.strategy_id} v{strategy.version}, arm {decision.arm} of "
            f"{decision.experiment_id}, chosen with {decision.selection_prob_micro / 10_000:g} %"
        )
    )


def _features(root: Tree, tree: Why, *, all_features: bool) -> None:
    read = {reason.feature for reason in tree.decision.reasons}
    read |= {*RULE_FEATURES, *_MOMENT_FEATURES.get(tree.decision.moment, ())}
    shown = [used for used in tree.features if all_features or used.name in read]
    branch = root.add(f"特征 Features ({len(shown)} of {len(tree.features)})")
    for used in shown:
        _feature(branch, used)
    unconfirmed = [used.name for used in tree.features if not used.confirmed]
    if unconfirmed:
        branch.add(Text(f"未能由事件重算 not confirmed by the events: {', '.join(unconfirmed)}"))
    if len(shown) < len(tree.features):
        branch.add(Text("其余 the others: --all", style="dim"))


def _feature(branch: Tree, used: FeatureUsed) -> None:
    line = f"{used.name} = {feature_text(used.value, used.unit)}"
    node = branch.add(Text(f"{line}  ({len(used.events)} 个事件 events)"))
    if used.name in BY_NAME:
        meaning = describe(used.name).splitlines()[0].partition(": ")[2]
        node.add(Text(meaning, style="dim"))
    for event in used.events[-EVENTS_SHOWN:]:
        node.add(Text(event_text(event)))
    hidden = len(used.events) - EVENTS_SHOWN
    if hidden > 0:
        node.add(Text(f"更早 {hidden} earlier ones: --json", style="dim"))


def event_text(event: EventUsed) -> str:
    """Return an event in one line: when, what, how much, and its coordinates."""
    amount = "" if event.amount_minor is None else f" {yuan(event.amount_minor)}"
    late = event.known_at_ms - event.occurred_at_ms
    known = f", known {when(event.known_at_ms)}" if late > 300_000 else ""  # noqa: PLR2004 - 5 min
    said = f" {event.said}" if event.said else ""
    return (
        f"{when(event.occurred_at_ms)} {event.event_type}{said}{amount}{known} "
        f"[journal {event.seq}, {event.source}, {event.event_id}]"
    )


def _scores(root: Tree, tree: Why) -> None:
    branch = root.add("评分 Scores")
    titles = {
        "anomaly": "与自身以往的差异 unlike the own past, mean of the three largest",
        "pd_12m": "12个月违约概率 probability of default in 12 months",
        "dpd30_mob3": "早期逾期概率 probability of 30 days late",
        "dpd90_after_dpd30": "逾期后违约概率 probability of 90 days late after that",
        "drawn_30d": "30天提款概率 drawdown in 30 d",
        "uplift_30d": "触达带来的提款概率变化 change of that by a contact",
    }
    for score in tree.scores:
        title = titles.get(score.name, score.name)
        if score.name == "anomaly":
            value = (
                "无 none" if score.value_hex is None else f"{float.fromhex(score.value_hex):.2f}"
            )
            _anomaly(branch.add(Text(f"{title}: {value}  (model {score.model_id})")), tree.decision)
            continue
        value = "无 none" if score.value_hex is None else f"{float.fromhex(score.value_hex):.2%}"
        node = branch.add(Text(f"{title}: {value}  (model {score.model_id}, {score.role})"))
        for name, moved in score.contributions[:CONTRIBUTIONS_SHOWN]:
            is_uplift = score.name == "uplift_30d"
            by = f"{100 * moved:+.3f} points" if is_uplift else f"{moved:+.3f} log-odds"
            node.add(Text(f"{by}  {name}"))
        for code, log_odds in score.families:
            text = REASONS[code]
            node.add(Text(f"{log_odds:+.3f} log-odds  = {code}: {text.zh} / {text.en}"))


def _anomaly(node: Tree, decision: Decision) -> None:
    """Say what is unlike the customer's own past, in standard deviations."""
    node.add(Text(f"分级 grade {decision.anomaly}"))
    for name, z in decision.anomaly_z.items():
        node.add(Text(f"{float.fromhex(z):+.1f} sd  {name}"))


def _risk(root: Tree, tree: Why) -> None:
    decision = tree.decision
    branch = root.add(f"风险 Risk → {in_both(decision.risk_outcome)}")
    rules = branch.add(f"规则 rules ({sum(rule.hit for rule in decision.rules)} 条命中 hit)")
    for rule in decision.rules:
        rules.add(Text(_rule(rule), style="" if rule.hit else "dim"))
    policy = tree.policy
    if policy is None:
        branch.add(Text(f"等级 band {decision.risk_band}, 分数 points {decision.soft_points}"))
        return
    edges = f"{policy.band_from:.1%} ≤ pd < {policy.band_below:.1%}"
    if "risk_model_missing" in decision.degradations:
        edges = "无模型，按规定 no model yet, so by rule"
    branch.add(Text(f"等级 band {decision.risk_band}: {edges}  ({policy.risk_table})"))
    cells = [f"[{cell}]" if n == policy.column else cell for n, cell in enumerate(policy.row)]
    branch.add(
        Text(f"矩阵 matrix {decision.risk_band}, {decision.soft_points} points: {' '.join(cells)}")
    )


def _rule(rule: RuleResult) -> str:
    words = RULES.get(rule.rule, (rule.rule, ""))[0]
    mark = "命中 HIT " if rule.hit else "通过 pass"
    text = f"{mark} {rule.rule} {words}"
    if rule.threshold is not None:
        value, limit = rule_number(rule.rule, rule.value), rule_number(rule.rule, rule.threshold)
        text += f": {value} (阈值 threshold {limit})"
    if not rule.points:
        return text
    return f"{text}, +{rule.points} points" if rule.hit else f"{text}, {rule.points} points if hit"


def _candidates(root: Tree, decision: Decision) -> None:
    branch = root.add("候选行动 Candidates")
    for item in decision.candidates:
        score = "" if item.score_minor is None else f" {yuan(item.score_minor)}"
        mark = "胜出 won" if item.stage == "won" else f"止于 out at {item.stage}: {item.why}"
        branch.add(Text(f"{item.action_id}{score}  {mark}"))
    if not decision.candidates:
        branch.add(Text("无 none"))


def _contact(root: Tree, tree: Why) -> None:
    decision = tree.decision
    rule = f": {decision.contact_rule}" if decision.contact_rule else ""
    branch = root.add(f"触达 Contact → {in_both(decision.contact_outcome)}{escape(rule)}")
    if decision.not_before_ms is not None:
        branch.add(Text(f"不早于 not before {when(decision.not_before_ms)}"))
    for touch in tree.touches:
        state = "已发送 sent" if touch.sent else "已预留 reserved"
        kind = ", service" if touch.service else ""
        branch.add(Text(f"{when(touch.at_ms)} {touch.channel} {state}{kind} [{touch.decision_id}]"))


def _action(root: Tree, tree: Why) -> None:
    action = tree.decision.action
    if action is None:
        root.add(Text("行动 Action: 无 none"))
        return
    branch = root.add(Text(f"行动 Action {action.action_id} ({action.kind}) → {action.channel}"))
    branch.add(Text(f"{when(action.not_before_ms)} – {when(action.not_after_ms)}"))
    for message in tree.messages:
        payload = branch.add(Text(f"{message['topic']} key {message['key']}"))
        for name, value in message.items():
            if name not in {"topic", "key", "event_type", "decision_id", "subject_id"}:
                payload.add(Text(f"{name}: {_short(value)}"))
    for alert in tree.alerts:
        branch.add(Text(f"预警 alert {alert['kind']}: {alert['text_zh']} {alert['text_en']}"))


_FAITHFUL = {
    None: "",
    True: ", 翻转即改善 flipped, it helps",
    False: ", 翻转无改善 flipped, IT CHANGES NOTHING",
}


def _reasons(root: Tree, decision: Decision) -> None:
    branch = root.add("理由 Reasons")
    for reason in decision.reasons:
        inner = "" if reason.disclosable else " (仅内部 internal only)"
        branch.add(
            Text(
                f"{reason.code}: {reason.text_zh} / {reason.text_en}{inner}, "
                f"权重 weight {reason.contribution}{_FAITHFUL[reason.faithful]}"
            )
        )
    if not decision.reasons:
        branch.add(Text("无 none"))
    for name in decision.degradations:
        branch.add(Text(f"降级 degraded: {name}"))


def _evidence(root: Tree, tree: Why) -> None:
    decision = tree.decision
    branch = root.add("证据 Evidence")
    branch.add(Text(f"坐标 journal {decision.partition}/{decision.seq}, cause {decision.cause}"))
    branch.add(Text(f"摘要 digest {decision.digest}"))
    branch.add(Text(f"链 chain {decision.prev_hash or '(first)'} → {decision.hash}"))
    branch.add(Text(f"构建 build {decision.build}"))
    found = tree.difference
    if found is None:
        branch.add(Text("重放一致 replayed: every bit is the same"))
    else:
        branch.add(
            Text(
                f"重放不一致 replayed: {found.field} is {found.replayed}, published {found.live}",
                style="bold",
            )
        )


def _short(value: object) -> str:
    if isinstance(value, str | int | float) or value is None:
        return str(value)
    items: object = list(value) if isinstance(value, Sequence) else value
    return json.dumps(items, ensure_ascii=False)
