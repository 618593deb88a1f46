"""Caps under every order of decisions, reports, delays and silence: never exceeded."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.interactions import Feedback
from decisions.contact import (
    RELEASE_GRACE_MS,
    SENT_KEPT,
    cap_reached,
    note_feedback,
    release,
    reserve,
)
from decisions.facts import ContactFacts, Touch
from tests.decisions.given import DAY_MS, HOUR_MS, MORNING_MS, the_contact_policy

CHANNELS = ("app", "sms", "rm_task")


def some_feedback(
    kind: str, *, decision_id: str | None, channel: str, occurred_ms: int
) -> Feedback:
    """Return a channel's report."""
    return Feedback.model_validate(
        {
            "event_type": "feedback",
            "event_id": f"f-{decision_id}-{kind}-{occurred_ms}",
            "occurred_at_ms": occurred_ms,
            "customer_id": "c-1",
            "decision_id": decision_id,
            "feedback_type": kind,
            "channel": channel,
        }
    )


class Ledger(RuleBasedStateMachine):
    """A bank that decides, channels that send when they like and report when they like.

    `truth` is what really reached the customer, which the ledger never sees. A channel sends only
    between `not_before` and `not_after`, and reports within a day after that, as it promises.
    """

    def __init__(self) -> None:
        super().__init__()
        self.policy = the_contact_policy()
        self.contact = ContactFacts()
        self.now_ms = MORNING_MS
        self.made = 0
        self.queued: list[Touch] = []
        self.unreported: list[tuple[Touch, int]] = []
        self.truth: list[tuple[str, int]] = []

    @rule(
        channel=st.sampled_from(CHANNELS),
        wait_hours=st.sampled_from([0, 0, 0, 30]),
        valid_hours=st.sampled_from([1, 120]),
    )
    def decide(self, channel: str, wait_hours: int, valid_hours: int) -> None:
        """A strategy wants to send; it may when no cap is in the way."""
        begin_ms = self.now_ms + wait_hours * HOUR_MS
        end_ms = begin_ms + valid_hours * HOUR_MS
        full = cap_reached(
            self.contact,
            self.policy,
            channel,  # type: ignore[arg-type]  # hypothesis draws plain words
            from_ms=begin_ms,
            until_ms=end_ms,
        )
        if full is not None:
            return
        self.made += 1
        touch = Touch(
            decision_id=f"d-{self.made}",
            message_id=f"msg-{self.made}",
            channel=channel,  # type: ignore[arg-type]  # as above
            product_id="consumer_loan",
            at_ms=begin_ms,
            expires_ms=end_ms + RELEASE_GRACE_MS,
        )
        reserve(self.contact, touch)
        self.queued.append(
            Touch(touch.decision_id, touch.message_id, touch.channel, "", begin_ms, end_ms)
        )

    @precondition(lambda self: self.queued)
    @rule(data=st.data(), share=st.sampled_from([0.0, 0.5, 1.0]))
    def send(self, data: st.DataObject, share: float) -> None:
        """A channel sends a message at some time within its window."""
        touch = self.queued.pop(data.draw(st.integers(0, len(self.queued) - 1)))
        first_ms = max(self.now_ms, touch.at_ms)
        if first_ms > touch.expires_ms:
            return
        sent_ms = first_ms + int((touch.expires_ms - first_ms) * share)
        self.truth.append((touch.channel, sent_ms))
        self.unreported.append((touch, sent_ms))

    @precondition(lambda self: self.queued)
    @rule(data=st.data(), kind=st.sampled_from(["failed", "expired"]))
    def fail(self, data: st.DataObject, kind: str) -> None:
        """A channel could not send, and says so."""
        touch = self.queued.pop(data.draw(st.integers(0, len(self.queued) - 1)))
        self._report(kind, touch, self.now_ms)

    @precondition(lambda self: self.unreported)
    @rule(data=st.data(), again=st.booleans(), bounced=st.booleans())
    def report(self, data: st.DataObject, again: bool, bounced: bool) -> None:  # noqa: FBT001 - drawn
        """A channel says what it did: once, twice, or with a bounce behind it."""
        touch, sent_ms = self.unreported.pop(data.draw(st.integers(0, len(self.unreported) - 1)))
        self.now_ms = max(self.now_ms, sent_ms)
        self._report("sent", touch, sent_ms)
        if again:
            self._report("delivered", touch, sent_ms)
        if bounced:
            self._report("failed", touch, sent_ms)

    @rule(hours=st.sampled_from([1, 25, 48, 24 * 7]))
    def wait(self, hours: int) -> None:
        """Time passes; overdue reports come in, and places that nobody used are given back."""
        self.now_ms += hours * HOUR_MS
        for touch, sent_ms in self.unreported:
            if sent_ms <= self.now_ms:
                self._report("sent", touch, sent_ms)
        self.unreported = [pair for pair in self.unreported if pair[1] > self.now_ms]
        due = [t for t in self.contact.touches if not t.sent and t.expires_ms <= self.now_ms]
        for touch in due:
            release(self.contact, touch.message_id, assume_sent=False)
        gone = {touch.message_id for touch in due}
        self.queued = [touch for touch in self.queued if touch.message_id not in gone]

    def _report(self, kind: str, touch: Touch, occurred_ms: int) -> None:
        event = some_feedback(
            kind,
            decision_id=touch.decision_id,
            channel=touch.channel,
            occurred_ms=occurred_ms,
        )
        note_feedback(self.contact, event, at_ms=self.now_ms)

    @invariant()
    def no_cap_is_exceeded(self) -> None:
        """Count what truly reached the customer in every window that ends at a message."""
        groups = [(self.policy.caps, self.truth)]
        for name, rules in self.policy.channels.items():
            groups.append((rules.caps, [pair for pair in self.truth if pair[0] == name]))
        for caps, sent in groups:
            for cap in caps:
                for _, end_ms in sent:
                    begin_ms = end_ms - cap.days * DAY_MS
                    assert sum(begin_ms < ms <= end_ms for _, ms in sent) <= cap.touches


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def a_touch(**changes: object) -> Touch:
    """Return a reserved place for a push."""
    usual: dict[str, object] = {
        "decision_id": "d-1",
        "message_id": "msg-1",
        "channel": "app",
        "product_id": "consumer_loan",
        "at_ms": MORNING_MS,
        "expires_ms": MORNING_MS + 2 * DAY_MS,
    }
    return Touch(**{**usual, **changes})  # type: ignore[arg-type]  # named by the test


def test_a_message_that_may_still_go_out_holds_its_place() -> None:
    """It was due two days ago and waits in the channel's queue: both could arrive within a day."""
    waiting = a_touch(expires_ms=MORNING_MS + 5 * DAY_MS + RELEASE_GRACE_MS)
    now_ms = MORNING_MS + 2 * DAY_MS

    def cap(touch: Touch) -> str | None:
        contact = ContactFacts(touches=[touch])
        return cap_reached(
            contact, the_contact_policy(), "app", from_ms=now_ms, until_ms=now_ms + HOUR_MS
        )

    assert cap(waiting) == "cap_customer_1_in_1d"
    assert cap(a_touch(sent=True)) is None


def test_a_sent_that_comes_after_the_release_counts_all_the_same() -> None:
    """The customer does not care that our channel reported late."""
    contact = ContactFacts()
    late = some_feedback("sent", decision_id="d-1", channel="app", occurred_ms=MORNING_MS)
    note_feedback(contact, late, at_ms=MORNING_MS + 3 * DAY_MS)
    note_feedback(contact, late, at_ms=MORNING_MS + 3 * DAY_MS)

    assert [(touch.at_ms, touch.sent) for touch in contact.touches] == [(MORNING_MS, True)]


def test_a_bounce_after_sent_gives_nothing_back() -> None:
    """What was sent was sent; a bounce is about delivery."""
    contact = ContactFacts(touches=[a_touch(sent=True)])
    note_feedback(
        contact,
        some_feedback("failed", decision_id="d-1", channel="app", occurred_ms=MORNING_MS),
        at_ms=MORNING_MS,
    )

    assert len(contact.touches) == 1


def test_the_report_of_another_channel_confirms_nothing() -> None:
    """Two channels of one decision are two messages."""
    contact = ContactFacts(touches=[a_touch()])
    note_feedback(
        contact,
        some_feedback("opened", decision_id="d-1", channel="sms", occurred_ms=MORNING_MS),
        at_ms=MORNING_MS,
    )

    assert not contact.touches[0].sent


def test_an_opt_out_stands_from_its_first_word() -> None:
    """It is for ever; a second one must not make it look newer."""
    contact = ContactFacts()
    for at_ms in (MORNING_MS, MORNING_MS + DAY_MS):
        note_feedback(
            contact,
            some_feedback("opt_out", decision_id=None, channel="sms", occurred_ms=at_ms),
            at_ms=at_ms,
        )

    assert contact.opted_out == {"sms": MORNING_MS}


def test_without_history_an_unconfirmed_message_counts_as_sent() -> None:
    """A backtest has nobody to confirm; treating all as unsent would let it contact without end."""
    contact = ContactFacts(touches=[a_touch()])

    assert release(contact, "msg-1", assume_sent=True)
    assert contact.touches[0].sent
    assert not release(contact, "msg-1", assume_sent=True)


def test_a_service_message_uses_no_place() -> None:
    """A notice that the customer asked for must not silence what they consented to."""
    contact = ContactFacts(touches=[a_touch(service=True, sent=True)])

    assert (
        cap_reached(contact, the_contact_policy(), "app", from_ms=MORNING_MS, until_ms=MORNING_MS)
        is None
    )


def test_the_ledger_forgets_what_no_cap_can_see() -> None:
    """A customer of ten years must not carry ten years of touches."""
    contact = ContactFacts()
    for week in range(60):
        at_ms = MORNING_MS + week * 7 * DAY_MS
        reserve(
            contact,
            a_touch(message_id=f"msg-{week}", at_ms=at_ms, expires_ms=at_ms + DAY_MS, sent=True),
        )

    assert len(contact.touches) == 13


def test_reports_of_what_nobody_asked_for_fit_into_a_bounded_ledger() -> None:
    """A channel that reports without end must not make a state that no message can carry."""
    contact = ContactFacts(touches=[a_touch(decision_id="reserved")])
    for number in range(1_000):
        report = some_feedback(
            "sent", decision_id=f"d-{number}", channel="app", occurred_ms=MORNING_MS
        )
        note_feedback(contact, report, at_ms=MORNING_MS)

    assert sum(touch.sent for touch in contact.touches) == SENT_KEPT
    assert sum(not touch.sent for touch in contact.touches) == 1
    assert contact.touches[-1].decision_id == "d-999"
