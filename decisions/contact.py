"""The contact ledger: a place is reserved when decided, confirmed when sent, else given back."""

from contracts.ids import stable_id
from contracts.interactions import Feedback
from contracts.topics import DAY_MS
from decisions.facts import ContactFacts, Touch
from decisions.policy import Cap, ChannelName, ContactPolicy

RELEASE_GRACE_MS = DAY_MS
"""How long after its last useful moment a message may still be reported as sent."""
KEPT_DAYS = 90
SENT_KEPT = 256
"""How long, and how many, contacts that happened are remembered; no cap may look further."""
_KEEP_MS = KEPT_DAYS * DAY_MS
_HAPPENED = frozenset(
    {"sent", "delivered", "exposed", "opened", "clicked", "replied", "accepted", "rejected"}
)
"""Words that can only come after the message went out."""
_RETURNED = frozenset({"failed", "expired"})


def reserve(contact: ContactFacts, touch: Touch) -> None:
    """Take a place under every cap from now on; a message reserves once.

    Touches beyond the longest window, and the oldest of far too many (a channel that reports what
    nobody asked for), are forgotten here, where the list grows.
    """
    horizon = touch.at_ms - _KEEP_MS
    contact.touches = [
        known
        for known in contact.touches
        if known.message_id != touch.message_id and (known.at_ms > horizon or not known.sent)
    ]
    contact.touches.append(touch)
    sent = sorted((known.at_ms, place) for place, known in enumerate(contact.touches) if known.sent)
    dropped = {place for _, place in sent[:-SENT_KEPT]}
    if dropped:
        contact.touches = [
            known for place, known in enumerate(contact.touches) if place not in dropped
        ]


def release(contact: ContactFacts, message_id: str, *, assume_sent: bool) -> bool:
    """Give an unconfirmed reservation back, or count it as sent; return whether there was one.

    A message that nobody confirmed within its time is taken as never sent. A backtest has no one
    to confirm what only the candidate strategy decided, and counts it as sent.

    >>> contact = ContactFacts(touches=[Touch("d-1", "m-1", "app", "loan", 0, DAY_MS)])
    >>> release(contact, "m-1", assume_sent=False), contact.touches
    (True, [])
    """
    for touch in contact.touches:
        if touch.message_id == message_id and not touch.sent:
            if assume_sent:
                touch.sent = True
            else:
                contact.touches.remove(touch)
            return True
    return False


def note_feedback(contact: ContactFacts, event: Feedback, *, at_ms: int) -> None:
    """Let a channel's report change the ledger (docs/domain.md, "Feedback and labels").

    A `sent` that comes after the place was given back counts all the same: the customer was
    contacted, and the next message has to wait for it.
    """
    if event.feedback_type == "opt_out":
        contact.opted_out.setdefault(event.channel, at_ms)
    touch = _touch_of(contact, event)
    if touch is not None and event.feedback_type in _HAPPENED:
        _confirm(touch, event, at_ms=at_ms)
    elif touch is not None and event.feedback_type in _RETURNED and not touch.sent:
        contact.touches.remove(touch)
    elif touch is None and event.feedback_type == "sent":
        sent_ms = min(event.occurred_at_ms, at_ms)
        message_id = stable_id("msg", event.decision_id or event.event_id, event.channel)
        reserve(
            contact,
            Touch(
                decision_id=event.decision_id or "",
                message_id=message_id,
                channel=event.channel,
                product_id="",
                at_ms=sent_ms,
                expires_ms=sent_ms,
                sent=True,
            ),
        )


def cap_reached(
    contact: ContactFacts,
    policy: ContactPolicy,
    channel: ChannelName,
    *,
    from_ms: int,
    until_ms: int,
) -> str | None:
    """Return the cap that a message sent within [from_ms, until_ms] could break, if any.

    A message that is only reserved may still go out at any time until its last useful moment, so
    it takes a place in every window that it could fall into. That is more careful than counting
    what has been sent, and it is what makes a cap hold whatever order the reports come in.
    Service messages neither wait for a cap nor use one up.

    >>> from decisions.policy import ChannelRules
    >>> rules = ChannelRules(purpose="marketing_push", caps=(), hours=())
    >>> policy = ContactPolicy(
    ...     name="p",
    ...     default_timezone="Asia/Shanghai",
    ...     required_purposes=(),
    ...     caps=(Cap(touches=1, days=1),),
    ...     reject_same_product_days=30,
    ...     rejects_for_all_credit=3,
    ...     rejects_window_days=90,
    ...     rejects_all_credit_days=90,
    ...     complaint_cool_off_days=180,
    ...     complaint_protected_days=90,
    ...     channels={"app": rules},
    ... )
    >>> contact = ContactFacts(touches=[Touch("d-1", "m-1", "sms", "loan", 0, DAY_MS, sent=True)])
    >>> cap_reached(contact, policy, "app", from_ms=DAY_MS - 1, until_ms=DAY_MS)
    'cap_customer_1_in_1d'
    >>> cap_reached(contact, policy, "app", from_ms=DAY_MS, until_ms=DAY_MS) is None
    True
    """
    marketing = [touch for touch in contact.touches if not touch.service]
    same = [touch for touch in marketing if touch.channel == channel]
    rules = policy.channels.get(channel)
    checks: list[tuple[str, list[Touch], Cap]] = [
        ("customer", marketing, cap) for cap in policy.caps
    ]
    checks += [(channel, same, cap) for cap in (rules.caps if rules else ())]
    for whose, touches, cap in checks:
        if _near(touches, cap, from_ms=from_ms, until_ms=until_ms) >= cap.touches:
            return f"cap_{whose}_{cap.touches}_in_{cap.days}d"
    return None


def last_send_ms(touch: Touch) -> int:
    """Return the latest time that the touch can have reached the customer."""
    return touch.at_ms if touch.sent else max(touch.at_ms, touch.expires_ms - RELEASE_GRACE_MS)


def _near(touches: list[Touch], cap: Cap, *, from_ms: int, until_ms: int) -> int:
    window_ms = cap.days * DAY_MS
    return sum(
        last_send_ms(touch) > from_ms - window_ms and touch.at_ms < until_ms + window_ms
        for touch in touches
    )


def _touch_of(contact: ContactFacts, event: Feedback) -> Touch | None:
    if event.decision_id is None:
        return None
    for touch in contact.touches:
        if touch.decision_id == event.decision_id and touch.channel == event.channel:
            return touch
    return None


def _confirm(touch: Touch, event: Feedback, *, at_ms: int) -> None:
    if not touch.sent:
        touch.sent = True
        touch.at_ms = max(touch.at_ms, min(event.occurred_at_ms, at_ms))
