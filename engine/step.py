"""`step`: one source event of one subject, from its bytes to what the world hears of it."""

from contracts.app_events import ApplyProgressed
from contracts.consents import ConsentDenied, ConsentGranted, ConsentWithdrawn
from contracts.customers import CustomerClosed, CustomerProfile
from contracts.dead_letters import HEADER as DEAD_LETTER_HEADER
from contracts.dead_letters import DeadLetter
from contracts.decode import SourceEvent, decode, unknown_fields
from contracts.interactions import (
    BenefitHappened,
    BranchVisit,
    CallHappened,
    CampaignAssigned,
    Feedback,
    RmStep,
    WecomHappened,
)
from contracts.journal import Entry
from contracts.loan_events import (
    ApplicationStage,
    CollectionStage,
    CreditLineStage,
    DisbursementStage,
    MonitoringStage,
    PaymentStage,
)
from contracts.topics import Topic
from decisions.customer import note_consent, note_interaction
from decisions.loan_state import Transition, apply_loan_event, apply_profile, apply_progress
from decisions.situation import Trigger
from engine.case import Case
from engine.decide import decide_moments
from engine.event_ids import note_arrival
from engine.label_events import label_event
from engine.labels import open_campaign_row, open_weekly_row
from engine.loan_changes import publish_transitions
from engine.neighbours import cause_of, is_for_a_place, tell_neighbours
from engine.outputs import Output
from engine.partition import PartitionState
from engine.scoring import row_of
from engine.subject import SubjectState
from engine.timers import renew_loan_timers
from engine.usual import learn_profile, wants_profile
from features import lost_reversals, take
from features.log import Row


def step(partition: PartitionState, subject: SubjectState, entry: Entry) -> list[Output]:
    """Apply one source event to its subject; return what to publish.

    An event whose id is known is a counted duplicate, and with another body a dead letter.
    """
    event: SourceEvent = decode(entry.topic, entry.value)
    conflict = _known(partition, subject, event, entry)
    if conflict is not None:
        return conflict
    subject.entries += 1
    subject.last_seq = entry.seq
    partition.count("unknown_fields", unknown_fields(event))
    had_drawn = subject.facts.loan.ever_drawn
    transitions = _note(subject, event, at_ms=entry.at_ms)
    values = _take(partition, subject, event, at_ms=entry.at_ms)
    case = Case(
        partition=partition,
        subject=subject,
        subject_id=entry.key,
        at_ms=entry.at_ms,
        seq=entry.seq,
        values=values,
    )
    trigger = Trigger(
        kind="event",
        cause=cause_of(entry, event),
        topic=entry.topic,
        event_type=event.event_type,
        event_id=event.event_id,
        direction=getattr(event, "direction", None),
    )
    drew_first = subject.facts.loan.ever_drawn and not had_drawn
    outputs = tell_neighbours(partition, subject, entry, event, drew_first=drew_first)
    if is_for_a_place(event):
        return outputs
    partition.sample(entry.seq, values)
    outputs += publish_transitions(case, transitions)
    outputs += label_event(case, event)
    if isinstance(event, CampaignAssigned):
        outputs += open_campaign_row(case, event)
    renew_loan_timers(subject)
    outputs += decide_moments(case, trigger)
    outputs += open_weekly_row(case)
    if wants_profile(case):
        learn_profile(case, row_of(case))
    return outputs


def _known(
    partition: PartitionState, subject: SubjectState, event: SourceEvent, entry: Entry
) -> list[Output] | None:
    """Return none for a new event, nothing for a duplicate, a dead letter for a conflict."""
    arrival = note_arrival(subject.event_ids, event.event_id, entry.value, at_ms=entry.at_ms)
    if arrival == "new":
        return None
    if arrival == "duplicate":
        partition.count("duplicate_events")
        return []
    partition.count("id_conflicts")
    letter = DeadLetter(
        reason="id_conflict",
        detail="the same event_id came within 7 days with another body; the first one stands",
        source_topic=entry.topic.value,
        source_partition=entry.source_partition,
        source_offset=entry.source_offset,
        at_ms=entry.at_ms,
    )
    return [
        Output(
            topic=Topic.DEAD_LETTERS,
            key=entry.key,
            value=entry.value,
            seq=entry.seq,
            headers=((DEAD_LETTER_HEADER, letter.model_dump_json().encode()),),
        )
    ]


def _take(
    partition: PartitionState, subject: SubjectState, event: SourceEvent, *, at_ms: int
) -> Row:
    """Return the features with the event in; count what it could not take back any more."""
    if event.corrects_event_id is None:
        return take(subject, event, at_ms)
    before = lost_reversals(subject.log)
    values = take(subject, event, at_ms)
    if lost := lost_reversals(subject.log) - before:
        partition.count("lost_reversals", lost)
    return values


def _note(subject: SubjectState, event: SourceEvent, *, at_ms: int) -> tuple[Transition, ...]:
    """Let the event change what is known of the customer; return the changes of loan state."""
    facts = subject.facts
    match event:
        case CustomerProfile() | CustomerClosed():
            return apply_profile(facts, event, at_ms=at_ms)
        case (
            ApplicationStage()
            | CreditLineStage()
            | DisbursementStage()
            | PaymentStage()
            | MonitoringStage()
            | CollectionStage()
        ):
            return apply_loan_event(facts, event, at_ms=at_ms)
        case ApplyProgressed():
            return apply_progress(facts, event, at_ms=at_ms)
        case ConsentGranted() | ConsentDenied() | ConsentWithdrawn():
            note_consent(facts, event, at_ms=at_ms)
            return ()
        case (
            BranchVisit()
            | WecomHappened()
            | CallHappened()
            | RmStep()
            | BenefitHappened()
            | Feedback()
        ):
            note_interaction(facts, event, at_ms=at_ms)
            return ()
        case _:
            return ()
