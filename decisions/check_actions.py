"""What is wrong with the actions of a strategy."""

import re
from collections import Counter
from collections.abc import Iterator

from decisions.actions import Action, Via
from decisions.check_policies import is_clock
from decisions.payloads import TERM_PARAMS
from decisions.policy import BANDS
from decisions.strategy import DEFAULT_ARM, Spec

_PROTECTIVE = "repayment_stress"
_TASK = "rm_task"
_DIGIT = re.compile(r"\d")
_VALID_HOURS = 90 * 24
_LIMIT_BELOW = 1 << 34
"""As `contracts.envelope.Minor`: what a message can carry."""


def action_problems(spec: Spec) -> Iterator[str]:
    """Yield what is wrong with each action, and with all of them together."""
    twice = sorted(name for name, n in Counter(a.id for a in spec.actions).items() if n > 1)
    if twice:
        yield f"actions need ids of their own; {twice} occur more than once."
    for moment in spec.moments:
        if not any(moment in a.moments and a.in_arm(DEFAULT_ARM) for a in spec.actions):
            yield f"the moment {moment} has no action for the {DEFAULT_ARM}: it would do nothing."
    for action in spec.actions:
        yield from _moments_and_arms(action, spec)
        yield from _offer(action, spec)
        yield from _numbers(action)
        for via in action.via:
            yield from _via(action, via, spec)


def _moments_and_arms(action: Action, spec: Spec) -> Iterator[str]:
    foreign = sorted(set(action.moments) - set(spec.moments))
    if foreign:
        yield f"action {action.id!r} is for {foreign}, which the strategy does not decide on."
    unknown = sorted(set(action.arms) - set(spec.experiment.arms))
    if unknown:
        yield f"action {action.id!r} is for the arms {unknown}, which the experiment does not have."
    if _PROTECTIVE in action.moments and (action.kind == "credit" or not action.service):
        yield (
            f"action {action.id!r} is for {_PROTECTIVE}, where only a service without credit may "
            f"be done; it is {action.kind} and {'a' if action.service else 'no'} service."
        )
    if action.kind == "credit" and action.product not in spec.risk.products:
        yield f"action {action.id!r} needs its product {action.product!r} in the risk table."
    if not action.via:
        yield f"action {action.id!r} has no channel: it could never be done."


def _offer(action: Action, spec: Spec) -> Iterator[str]:
    offer = action.offer
    if offer is None:
        return
    if action.kind != "credit":
        yield f"action {action.id!r} is {action.kind} and has an offer; only credit has terms."
    if offer.source == "loan_file":
        return
    cap = spec.risk.apr_cap_bps
    if offer.apr_all_in_bps > cap:
        yield (
            f"action {action.id!r} offers an all-in rate of {offer.apr_all_in_bps} bps; the cap is "
            f"{cap}. Lower the rate."
        )
    if offer.apr_all_in_bps <= 0 or offer.term_months <= 0:
        yield f"the offer of {action.id!r} needs a rate and a term; terms without them mislead."
    if not all(0 <= limit < _LIMIT_BELOW for limit in offer.limit_minor_by_band.values()):
        yield (
            f"the limits of {action.id!r} need 0 to {_LIMIT_BELOW - 1} minor units; "
            f"got {sorted(offer.limit_minor_by_band.values())}."
        )
    strange = sorted(set(offer.limit_minor_by_band) - set(BANDS))
    if strange or not offer.limit_minor_by_band:
        yield f"the offer of {action.id!r} needs limits for bands of {list(BANDS)}; got {strange}."


def _numbers(action: Action) -> Iterator[str]:
    if action.value_minor < 0 or action.cost_minor < 0:
        yield f"action {action.id!r} needs a value and a cost of 0 or more."
    chance = action.success_micro
    if chance is not None and not 0 <= chance <= 1_000_000:  # noqa: PLR2004 - millionths
        yield f"success_micro of {action.id!r} needs 0 to 1000000 millionths; got {chance}."
    for when in action.when:
        if when.at_least is None and when.below is None:
            yield f"a condition of {action.id!r} on {when.feature!r} needs at_least or below."


def _via(action: Action, via: Via, spec: Spec) -> Iterator[str]:
    place = f"action {action.id!r} on {via.channel}"
    if via.channel not in spec.contact.channels:
        yield f"{place} needs that channel in the contact policy."
    if not 1 <= via.valid_hours <= _VALID_HOURS:
        yield f"{place} needs valid_hours of 1 to {_VALID_HOURS}; got {via.valid_hours}."
    if via.sla_hours < 0:
        yield f"{place} needs sla_hours of 0 or more; got {via.sla_hours}."
    if via.next_morning_at is not None and not is_clock(via.next_morning_at):
        yield f"{place} needs next_morning_at as 'HH:MM'; got {via.next_morning_at!r}."
    if via.channel == _TASK:
        if not via.steps:
            yield f"{place} needs steps: a manager must know how to talk."
        return
    if via.content is None:
        yield f"{place} needs a content without terms, for when none may be shown."
    for content_id, with_terms in ((via.content, False), (via.content_with_terms, True)):
        if content_id is not None:
            yield from _content(place, content_id, spec, with_terms=with_terms)


def _content(place: str, content_id: str, spec: Spec, *, with_terms: bool) -> Iterator[str]:
    content = spec.contents.get(content_id)
    if content is None:
        yield f"{place} uses content {content_id!r}, which does not exist."
        return
    if content.status != "approved":
        yield f"{place} uses content {content_id!r}, which is {content.status}, not approved."
    if with_terms:
        return
    terms = sorted(TERM_PARAMS & set(content.params))
    if terms or _DIGIT.search(content.zh) or _DIGIT.search(content.en):
        yield (
            f"{place} uses {content_id!r} without an approval; it may carry no number, and has "
            f"{terms or 'one in its text'}. Use it as content_with_terms."
        )
