"""Timers: what a subject promised itself to do at a time, and does when the clock passes it."""

from decisions.contact import release
from decisions.loan_state import expire
from decisions.situation import Trigger
from decisions.timers import EXPIRE, loan_timers, note_fired
from decisions.verdict import RECHECK_TIMER, RELEASE_TIMER
from engine.case import Case
from engine.decide import decide_deferred, decide_moments
from engine.labels import close_on_time
from engine.loan_changes import publish_transitions
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subject import SubjectState
from features import look

LOAN = "loan."
LABEL = "label.close:"


def renew_loan_timers(subject: SubjectState) -> None:
    """Let the loan file say anew what it waits for; every other timer stays."""
    wanted = loan_timers(subject.facts)
    for name in [name for name in subject.timers if name.startswith(LOAN)]:
        if name not in wanted:
            del subject.timers[name]
    subject.timers.update(wanted)


def fire(
    partition: PartitionState, subject: SubjectState, subject_id: str, due_ms: int, *, seq: int
) -> list[Output]:
    """Do what the subject's first timer of `due_ms` stands for; return what to publish."""
    name = min(name for name, due in subject.timers.items() if due == due_ms)
    del subject.timers[name]
    if name.startswith(LOAN):
        note_fired(subject.facts, name, due_ms=due_ms)
    partition.count("timers_fired")
    # `fold` has moved the clock up to `due_ms`, or further: then the time had passed already when
    # the timer was set, and it happens now. No clock ever goes back.
    at_ms = max(due_ms, partition.facts.clock_ms)
    case = Case(
        partition=partition,
        subject=subject,
        subject_id=subject_id,
        at_ms=at_ms,
        seq=seq,
        values=look(subject, at_ms),
    )
    trigger = Trigger(kind="timer", cause=f"timer:{name}:{due_ms}", timer=name)
    reference = name.partition(":")[2]
    outputs: list[Output] = []
    if name.startswith(EXPIRE):
        outputs = publish_transitions(case, expire(subject.facts, at_ms=at_ms))
    elif name.startswith(LOAN):
        outputs = decide_moments(case, trigger)
    elif name.startswith(LABEL):
        outputs = close_on_time(case, reference)
    elif name.startswith(RECHECK_TIMER):
        outputs = decide_deferred(case, trigger, reference)
    elif name.startswith(RELEASE_TIMER):
        known = partition.known_messages
        assume_sent = known is not None and reference not in known
        release(subject.facts.contact, reference, assume_sent=assume_sent)
    else:
        raise ValueError(f"nobody knows what the timer {name!r} of {subject_id!r} stands for")
    renew_loan_timers(subject)
    return outputs
