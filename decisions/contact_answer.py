"""May this customer be contacted about this, on which channel, and when: the second answer.

It is about the customer's peace, not about credit. It never reads a score.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from contracts.decisions import ContactOutcome
from contracts.topics import DAY_MS
from decisions.actions import Action, Via
from decisions.contact import cap_reached
from decisions.customer import consent_stands, standing_consent
from decisions.policy import ChannelRules, ContactPolicy
from decisions.quiet_hours import closing_ms, next_allowed_ms, next_wall_time_ms, zone
from decisions.situation import Situation

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked: an action of a moment, for a customer, under a policy.

    `expires_ms` is when the moment is over. `waited` says that the action has already waited for
    its time, so that a list does not wait for another morning. `cool_off_days` is that of H13.
    """

    situation: Situation
    policy: ContactPolicy
    protective: bool
    expires_ms: int
    waited: bool
    cool_off_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAnswer:
    """Allow, defer until `not_before_ms`, or suppress because of `rule`; and the channel."""

    outcome: ContactOutcome
    rule: str | None
    via: Via
    not_before_ms: int
    not_after_ms: int


def ask(asking: Asking, action: Action) -> ContactAnswer:
    """Return the answer for an action: its first allowed channel, else the one that waits least.

    Where none may be used, the answer is the first channel's, with the rule that forbids it.
    """
    answers = [_ask_channel(asking, action, via) for via in action.via]
    for answer in answers:
        if answer.outcome == "allow":
            return answer
    waiting = [answer for answer in answers if answer.outcome == "defer"]
    return min(waiting, key=lambda answer: answer.not_before_ms, default=answers[0])


def is_protected(asking: Asking) -> bool:
    """Return whether marketing rests: a protective moment is open, or a complaint is fresh (H02).

    Time: a complaint protects for `complaint_protected_days`.
    """
    situation, policy = asking.situation, asking.policy
    horizon_ms = situation.at_ms - policy.complaint_protected_days * DAY_MS
    return (
        asking.protective
        or situation.facts.protected_until_ms > situation.at_ms
        or any(ms > horizon_ms for ms in situation.facts.contact.complaints)
    )


def days_since_decline(situation: Situation, product: str) -> float | None:
    """Return the days since the bank or our screen last declined this product (H13)."""
    facts = situation.facts
    known = [
        declined[product]
        for declined in (facts.loan.declined_at_ms, facts.declined_by_us_ms)
        if product in declined
    ]
    return (situation.at_ms - max(known)) / DAY_MS if known else None


def missing_consent(asking: Asking, via: Via) -> str | None:
    """Return why this channel is not consented to (H01), if it is not."""
    situation, policy = asking.situation, asking.policy
    facts = situation.facts
    if via.channel in facts.contact.opted_out:
        return "opt_out"
    purposes = (policy.channels[via.channel].purpose, *policy.required_purposes)
    for purpose in purposes:
        if not consent_stands(facts, purpose, situation.at_ms):
            known = standing_consent(facts, purpose, situation.at_ms)
            objected = known is not None and known.status in {"denied", "withdrawn"}
            return "marketing_objection" if objected else "consent_missing"
    return None


def _ask_channel(asking: Asking, action: Action, via: Via) -> ContactAnswer:
    at_ms = asking.situation.at_ms
    rules = asking.policy.channels[via.channel]
    rule = None if action.mandatory else missing_consent(asking, via)
    if rule is None and not action.service:
        rule = _rests(asking, action)
    begin_ms = at_ms if action.mandatory else _begin_ms(asking, rules, via)
    if begin_ms is None:
        rule = rule or "no_contact_hours"
        begin_ms = at_ms
    listed = via.next_morning_at is not None
    end_ms = begin_ms + via.valid_hours * HOUR_MS
    end_ms = end_ms if listed else min(end_ms, asking.expires_ms)
    if rules.ends_with_hours and not action.mandatory:
        end_ms = min(end_ms, closing_ms(begin_ms, _zone(asking), rules.hours))
    if rule is None and end_ms < begin_ms:
        rule = "expires_before_contact_hours"
    if rule is None and not action.service:
        rule = cap_reached(
            asking.situation.facts.contact,
            asking.policy,
            via.channel,
            from_ms=begin_ms,
            until_ms=end_ms,
        )
    if rule is not None:
        outcome: ContactOutcome = "suppress"
    elif begin_ms > at_ms:
        outcome, rule = "defer", "list_time" if listed and not asking.waited else "quiet_hours"
    else:
        outcome = "allow"
    return ContactAnswer(
        outcome=outcome, rule=rule, via=via, not_before_ms=begin_ms, not_after_ms=end_ms
    )


def _rests(asking: Asking, action: Action) -> str | None:
    """Return the cool-off that marketing of this action is in, if it is in one."""
    situation, policy = asking.situation, asking.policy
    at_ms, contact = situation.at_ms, situation.facts.contact
    if is_protected(asking):
        return "protected_customer"
    if any(ms > at_ms - policy.complaint_cool_off_days * DAY_MS for ms in contact.complaints):
        return "complaint_cool_off"
    same_ms = at_ms - policy.reject_same_product_days * DAY_MS
    if any(ms > same_ms and product == action.product for ms, product in contact.rejects):
        return "reject_cool_off"
    return _credit_rests(asking, action.product) if action.kind == "credit" else None


def _credit_rests(asking: Asking, product: str) -> str | None:
    if _many_rejects(asking):
        return "reject_cool_off_all_credit"
    days = days_since_decline(asking.situation, product)
    if days is not None and days < asking.cool_off_days:
        return "recent_decline_cooloff"
    return None


def _many_rejects(asking: Asking) -> bool:
    """Return whether so many rejects came so close together that all credit rests since the last.

    The rest begins with the reject that made it too many, and lasts `rejects_all_credit_days`.
    """
    policy, at_ms = asking.policy, asking.situation.at_ms
    times = sorted(ms for ms, _ in asking.situation.facts.contact.rejects)
    many = policy.rejects_for_all_credit
    return any(
        last - first < policy.rejects_window_days * DAY_MS
        and last > at_ms - policy.rejects_all_credit_days * DAY_MS
        for first, last in zip(times, times[many - 1 :], strict=False)
    )


def _begin_ms(asking: Asking, rules: ChannelRules, via: Via) -> int | None:
    """Return the first time that the customer's clock allows, in their own time zone."""
    tz = _zone(asking)
    from_ms = asking.situation.at_ms
    if via.next_morning_at is not None and not asking.waited:
        from_ms = next_wall_time_ms(from_ms, tz, via.next_morning_at)
    return next_allowed_ms(from_ms, tz, rules.hours, working_days_only=rules.working_days_only)


def _zone(asking: Asking) -> ZoneInfo:
    """Return the customer's time zone, or the deployment's where theirs does not exist."""
    tz = zone(asking.situation.facts.profile.timezone) or zone(asking.policy.default_timezone)
    if tz is None:
        raise ValueError(
            f"contact policy {asking.policy.name!r} needs a time zone that exists; got "
            f"{asking.policy.default_timezone!r}. Correct default_timezone and check the strategy."
        )
    return tz
