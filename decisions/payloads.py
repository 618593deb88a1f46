"""What a channel is asked to say: reviewed texts, true terms, and never more than may be told."""

from dataclasses import dataclass, replace

from contracts.channels import (
    AppMessage,
    CostDisclosure,
    RmTask,
    SmsMessage,
    TaskStep,
    WhyNow,
)
from contracts.conversions import RiskBand
from contracts.decisions import RiskOutcome
from contracts.ids import stable_id
from contracts.topics import Topic
from decisions.actions import TOPIC, Action
from decisions.contact_answer import HOUR_MS, ContactAnswer
from decisions.moments import why_now
from decisions.policy import Content
from decisions.situation import MomentHit, Situation
from decisions.strategy import Spec

UNASSIGNED = "unassigned"
TERM_PARAMS = frozenset({"limit_yuan", "apr_percent", "term_months"})
"""Parameters that carry terms of a loan: only a text for after `approve` may use them."""
PARAMS = TERM_PARAMS | {"step_no"}

_LIMIT = "approved_limit_minor"
_LISTEN_ZH = "客户近期的资金情况值得关心，请先倾听"
_LISTEN_EN = "The customer's finances deserve attention: listen first"

Message = tuple[Topic, str, AppMessage | SmsMessage | RmTask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One action that won, for one customer, on the channel that contact policy allows."""

    decision_id: str
    situation: Situation
    hit: MomentHit
    spec: Spec
    apr_cap_bps: int
    action: Action
    answer: ContactAnswer
    risk_outcome: RiskOutcome
    risk_band: RiskBand

    @property
    def message_id(self) -> str:
        """Return the id of the one message of this decision on this channel."""
        return stable_id("msg", self.decision_id, self.answer.via.channel)


def message_of(order: Order) -> Message:
    """Return the message with its topic and key: the customer, or the manager for a task.

    Source: docs/domain.md, "Payloads".
    """
    offer = terms_of(order)
    channel = order.answer.via.channel
    match channel:
        case "app":
            return TOPIC[channel], order.situation.subject_id, _app(order, offer)
        case "sms":
            return TOPIC[channel], order.situation.subject_id, _sms(order, offer)
        case "rm_task":
            rm_id = order.situation.facts.profile.rm_id or UNASSIGNED
            return TOPIC[channel], rm_id, _task(order, offer, rm_id)


def terms_of(order: Order) -> CostDisclosure | None:
    """Return the terms that may be shown: none before `approve`, none without a named source.

    Terms above the cap on the all-in rate are never shown.
    """
    offer = order.action.offer
    if order.risk_outcome != "approve" or offer is None:
        return None
    if offer.source == "loan_file":
        file = order.situation.facts.loan
        limit_minor, apr_bps, months = (
            file.approved_limit_minor,
            file.apr_all_in_bps,
            file.term_months,
        )
        source = f"loan_file:{file.application_id}"
    else:
        limit_minor = offer.limit_minor_by_band.get(order.risk_band, 0)
        apr_bps, months = offer.apr_all_in_bps, offer.term_months
        source = f"strategy:{order.spec.strategy_id}:{order.spec.version}"
    if limit_minor <= 0 or apr_bps is None or not months or apr_bps > order.apr_cap_bps:
        return None
    return CostDisclosure(
        apr_all_in_bps=apr_bps,
        term_months=months,
        limit_minor=limit_minor,
        offer_terms_source=source[:64],
    )


def _app(order: Order, offer: CostDisclosure | None) -> AppMessage:
    content_id, content = _content(order, offer)
    return AppMessage(
        message_id=order.message_id,
        decision_id=order.decision_id,
        subject_id=order.situation.subject_id,
        action_id=order.action.id,
        not_before_ms=order.answer.not_before_ms,
        not_after_ms=order.answer.not_after_ms,
        form=order.answer.via.form,
        content_id=content_id,
        content_sha256=content.sha256,
        params=_params(order, offer, content),
        deep_link=order.answer.via.deep_link,
        opt_out_token=_opt_out_token(order),
        cost_disclosure=offer,
    )


def _sms(order: Order, offer: CostDisclosure | None) -> SmsMessage:
    content_id, content = _content(order, offer)
    return SmsMessage(
        message_id=order.message_id,
        decision_id=order.decision_id,
        subject_id=order.situation.subject_id,
        action_id=order.action.id,
        not_before_ms=order.answer.not_before_ms,
        not_after_ms=order.answer.not_after_ms,
        content_id=content_id,
        content_sha256=content.sha256,
        params=_params(order, offer, content),
        deep_link=order.answer.via.deep_link,
        opt_out_token=_opt_out_token(order),
        cost_disclosure=offer,
    )


def _task(order: Order, offer: CostDisclosure | None, rm_id: str) -> RmTask:
    via, answer = order.answer.via, order.answer
    hidden = {*order.spec.forbidden_facts, *(() if offer else (_LIMIT,))}
    told = sorted(set(order.hit.numbers) - hidden)
    return RmTask(
        message_id=order.message_id,
        decision_id=order.decision_id,
        subject_id=order.situation.subject_id,
        action_id=order.action.id,
        not_before_ms=answer.not_before_ms,
        not_after_ms=answer.not_after_ms,
        rm_id=rm_id,
        list_class=via.list_class,
        why_now=_why_now(order, offer) if via.why_now else (),
        steps=tuple(
            TaskStep(id=step.id, talk_track_id=step.talk_track, material_id=step.material)
            for step in via.steps
        ),
        allowed_facts=(order.hit.moment, *told) if via.why_now else (),
        forbidden_facts=order.spec.forbidden_facts,
        may_quote_limit=offer is not None,
        offer=offer,
        objection_help=dict(via.objection_help),
        next_step=via.next_step,
        sla_due_ms=min(answer.not_before_ms + via.sla_hours * HOUR_MS, answer.not_after_ms),
    )


def _why_now(order: Order, offer: CostDisclosure | None) -> tuple[WhyNow, ...]:
    """Return why this customer, why today; in general words where a number may not be told.

    Without terms that may be shown, a limit is not mentioned either.
    """
    hit = order.hit
    if hit.protective or set(hit.numbers) & set(order.spec.forbidden_facts):
        return (WhyNow(code=hit.moment, text_zh=_LISTEN_ZH, text_en=_LISTEN_EN),)
    if offer is None and _LIMIT in hit.numbers:
        hit = replace(hit, numbers={**hit.numbers, _LIMIT: 0})
    return (why_now(hit),)


def _content(order: Order, offer: CostDisclosure | None) -> tuple[str, Content]:
    """Return the reviewed text: the one with terms only where there are terms to show."""
    via = order.answer.via
    content_id = via.content_with_terms if offer and via.content_with_terms else via.content
    if content_id is None or content_id not in order.spec.contents:
        raise ValueError(
            f"action {order.action.id!r} needs a reviewed content for {via.channel}; got "
            f"{content_id!r}. Name one of the strategy's contents, and check the strategy."
        )
    return content_id, order.spec.contents[content_id]


def _params(order: Order, offer: CostDisclosure | None, content: Content) -> dict[str, str]:
    values = {"step_no": str(order.situation.facts.loan.apply_step_no)}
    if offer is not None:
        values["limit_yuan"] = f"{offer.limit_minor // 100:,}"
        values["apr_percent"] = f"{offer.apr_all_in_bps // 100}.{offer.apr_all_in_bps % 100:02d}"
        values["term_months"] = str(offer.term_months)
    return {name: values[name] for name in content.params}


def _opt_out_token(order: Order) -> str:
    return stable_id("oo", order.situation.subject_id, order.answer.via.channel)
