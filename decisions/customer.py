"""What a customer allows, and what they answered: consents, rejects, complaints, opt-outs."""

from contracts.consents import Consent, ConsentGranted, Purpose
from contracts.interactions import (
    CallHappened,
    Channel,
    Feedback,
    Interaction,
    RmStep,
    WecomHappened,
)
from contracts.topics import DAY_MS
from decisions.contact import note_feedback
from decisions.facts import ConsentFact, Facts

AHEAD_KEPT = 8
"""How many words not yet effective are kept for one purpose; see `_refusal` for more."""
ANSWERS_KEPT = 64
ANSWERS_MS = 365 * DAY_MS
"""Rejects and complaints are kept for a year, longer than any cool-off reads them."""
_BY_VOICE: tuple[Channel, ...] = ("call_centre", "rm_task")
"""Who says "do not call me" to one caller means every caller."""


def note_consent(facts: Facts, event: Consent, *, at_ms: int) -> None:
    """Take a word on one purpose: the last by effective time stands, of equals the last to come.

    A word that is not effective yet waits, and what stood before it goes on standing.
    """
    fact = ConsentFact(
        status=event.event_type.removeprefix("consent_"),
        effective_at_ms=event.effective_at_ms,
        expires_at_ms=event.expires_at_ms if isinstance(event, ConsentGranted) else None,
        evidence_id=event.evidence_id,
    )
    _note_word(facts, event.purpose, fact, at_ms=at_ms)


def standing_consent(facts: Facts, purpose: Purpose, at_ms: int) -> ConsentFact | None:
    """Return the word that stands at `at_ms`, whatever it says; none where nothing was said."""
    standing = facts.consents.get(purpose)
    for fact in facts.consents_ahead.get(purpose, ()):
        if fact.effective_at_ms <= at_ms:
            standing = fact
    if standing is None or standing.effective_at_ms > at_ms:
        return None
    return standing


def consent_stands(facts: Facts, purpose: Purpose, at_ms: int) -> bool:
    """Say whether the customer allows a purpose at `at_ms` (epoch milliseconds).

    Silence is no consent; a consent ends at its expiry.

    >>> from contracts.consents import ConsentGranted
    >>> facts = Facts()
    >>> yes = ConsentGranted(
    ...     event_type="consent_granted", event_id="e-1", customer_id="c-1", occurred_at_ms=0,
    ...     purpose="marketing_sms", evidence_id="v-1", effective_at_ms=10, expires_at_ms=20,
    ... )  # fmt: skip
    >>> note_consent(facts, yes, at_ms=0)
    >>> [consent_stands(facts, "marketing_sms", at_ms) for at_ms in (9, 10, 19, 20)]
    [False, True, True, False]
    """
    fact = standing_consent(facts, purpose, at_ms)
    if fact is None or fact.status != "granted":
        return False
    return fact.expires_at_ms is None or at_ms < fact.expires_at_ms


def note_interaction(facts: Facts, event: Interaction, *, at_ms: int) -> None:
    """Take what the customer answered; the ledger of touches hears of every feedback first.

    A reject is of the product that was offered; where no touch says which, of the product that
    the loan file is about. Callers and managers answer in the words of feedback: an
    `outcome_code` of `rejected`, `complaint` or `opt_out`. A customer who removes the manager in
    WeCom withdraws the consent to be written to there.
    """
    match event:
        case Feedback():
            product_id = _product_offered(facts, event)
            note_feedback(facts.contact, event, at_ms=at_ms)
            _note_answer(facts, event.feedback_type, event.occurred_at_ms, product_id, at_ms)
        case CallHappened() | RmStep() if event.outcome_code is not None:
            product_id = facts.loan.product_id
            _note_answer(facts, event.outcome_code, event.occurred_at_ms, product_id, at_ms)
            if event.outcome_code == "opt_out":
                for channel in _BY_VOICE:
                    facts.contact.opted_out.setdefault(channel, at_ms)
        case WecomHappened() if event.wecom_event == "friend_removed":
            effective_ms = min(event.occurred_at_ms, at_ms)
            fact = ConsentFact("withdrawn", effective_ms, None, event.event_id)
            _note_word(facts, "marketing_wecom", fact, at_ms=at_ms)
        case _:
            pass


def _note_word(facts: Facts, purpose: Purpose, fact: ConsentFact, *, at_ms: int) -> None:
    waiting = [*facts.consents_ahead.get(purpose, ()), fact]
    waiting.sort(key=lambda word: word.effective_at_ms)
    for word in waiting:
        if word.effective_at_ms > at_ms:
            break
        standing = facts.consents.get(purpose)
        if standing is None or word.effective_at_ms >= standing.effective_at_ms:
            facts.consents[purpose] = word
    ahead = [word for word in waiting if word.effective_at_ms > at_ms]
    if ahead:
        facts.consents_ahead[purpose] = ahead if len(ahead) <= AHEAD_KEPT else _refusal(ahead)
    else:
        facts.consents_ahead.pop(purpose, None)


def _refusal(ahead: list[ConsentFact]) -> list[ConsentFact]:
    """Return what is kept of too many words not yet effective: the first that says no, if any.

    Forgetting a yes to come is safe; forgetting a no is not.
    """
    return [word for word in ahead if word.status != "granted"][:1]


def _product_offered(facts: Facts, event: Feedback) -> str:
    for touch in facts.contact.touches:
        same_channel = touch.channel == event.channel
        if same_channel and touch.product_id and touch.decision_id == event.decision_id:
            return touch.product_id
    return facts.loan.product_id


def _note_answer(
    facts: Facts, answer: str, occurred_at_ms: int, product_id: str, at_ms: int
) -> None:
    answered_ms = min(occurred_at_ms, at_ms)
    contact = facts.contact
    if answer == "rejected":
        kept = [known for known in contact.rejects if known[0] > at_ms - ANSWERS_MS]
        contact.rejects = sorted([*kept, (answered_ms, product_id)])[-ANSWERS_KEPT:]
    if answer == "complaint":
        times = [known_ms for known_ms in contact.complaints if known_ms > at_ms - ANSWERS_MS]
        contact.complaints = sorted([*times, answered_ms])[-ANSWERS_KEPT:]
