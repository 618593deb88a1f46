"""One check per invariant: each names what is wrong, and nothing where nothing is."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from contracts.decisions import Decision
from contracts.decode import decode
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS, EVENT_SOURCES, Topic
from engine.codec import decode_subject
from features import SlowLog, log_events
from models import ROW, to_hex
from tests.invariants.folded import Folded
from tests.support.memory_bank import MemoryRun

PURPOSE = {"app": "marketing_push", "sms": "marketing_sms", "rm_task": "marketing_call"}
CHINA = timedelta(hours=8)


def lost_on_the_way(run: MemoryRun, recorded: Iterable[RecordedLine]) -> list[str]:
    """1. Every record that went in, and every signal, is in the journal or buried, once."""
    went_in = Counter(
        ((line.key or "").encode(), line.raw_value or b"", line.topic) for line in recorded
    ) + Counter(
        (output.key.encode(), output.value, output.topic)
        for outputs in run.outputs
        for output in outputs
        if output.topic is Topic.NEIGHBOUR_SIGNALS and not output.everywhere
    )
    came_out = Counter(
        (entry.key.encode(), entry.value, entry.topic)
        for entries in run.journals
        for entry in entries
        if entry.topic in EVENT_SOURCES
    ) + Counter(
        (buried.record.key or b"", buried.record.value or b"", buried.record.topic)
        for letters in run.buried
        for buried in letters
    )
    return [f"{topic.value}: {n} lost" for (_, _, topic), n in (went_in - came_out).items()] + [
        f"{topic.value}: {n} too many" for (_, _, topic), n in (came_out - went_in).items()
    ]


def lost_in_the_fold(folded: Folded) -> list[str]:
    """1. Every entry changes its subject, or is a counted duplicate or conflict."""
    events = sum(entry.topic in EVENT_SOURCES for entries in folded.journals for entry in entries)
    stepped = sum(
        decode_subject(raw).entries for known in folded.subjects for _, raw in known.items()
    )
    counted = folded.count("duplicate_events") + folded.count("id_conflicts")
    return [] if stepped + counted == events else [f"{events - stepped - counted} vanished"]


def decided_twice(values: Iterable[bytes]) -> list[str]:
    """2. One decision per cause, moment and strategy."""
    made = Counter(
        (d.subject_id, d.cause, d.moment, d.strategy.strategy_id, d.strategy.version)
        for d in map(Decision.model_validate_json, values)
    )
    return [
        f"{moment} of {subject}: {n} times" for (subject, _, moment, *_), n in made.items() if n > 1
    ]


def windows_that_are_not(folded: Folded) -> list[str]:
    """4. Each decision's features are those of the slow definition, over what was known then."""
    wrong: list[str] = []
    by_subject = _by_subject(folded.journals)
    for decision in folded.decisions():
        slow = _slow_log(
            by_subject[decision.subject_id],
            seq=decision.seq,
            with_own=not decision.cause.startswith("timer:"),
        )
        wrong += [
            f"{name} of {decision.decision_id}"
            for name, value in slow.read(decision.at_ms).items()
            if decision.features[name] != value.hex()
        ]
    return wrong


def leaks(folded: Folded) -> list[str]:
    """5. A row is what was known when it was opened, and its label came later."""
    by_subject = _by_subject(folded.journals)
    opened: dict[str, tuple[int, int]] = {}
    wrong: list[str] = []
    for example in folded.examples():
        place = (example.at_ms, example.seq)
        if example.status != "opened":
            if example.row_hex is not None:
                wrong.append(f"{example.row_id}: an outcome that carries numbers")
            if place <= opened[example.row_id]:
                wrong.append(f"{example.row_id}: {example.status} when it was opened")
            continue
        opened[example.row_id] = place
        if example.kind == "week":
            slow = _slow_log(by_subject[example.subject_id], seq=example.seq, with_own=True)
            values = slow.read(example.at_ms)
            row = ROW.row(values)
            if to_hex(row) != example.row_hex:
                wrong.append(f"{example.row_id}: not the numbers of its time")
    return wrong


def mixed_versions(folded: Folded) -> list[str]:
    """6. A decision is by the version that is active at its place, all of it."""
    active: dict[tuple[int, int], tuple[int, int]] = {}
    for entries in folded.journals:
        now = (0, 0)
        for entry in entries:
            if entry.topic is Topic.CONTROL and b'"strategy_activated"' in entry.value:
                strategy = json.loads(entry.value)
                now = (strategy["version"], strategy["strategy"]["risk"]["h03_min_age_years"])
            active[entry.partition, entry.seq] = now
    return [
        f"{d.decision_id}: by {said}, active is {active[d.partition, d.seq]}"
        for d in folded.decisions()
        for rule in d.rules
        if rule.rule == "H03.min_age"
        for said in [(d.strategy.version, int(float.fromhex(rule.threshold or "0x0p+0")))]
        if said != active[d.partition, d.seq]
    ]


def unwanted_contacts(folded: Folded) -> list[str]:
    """7. Nobody is contacted without consent, twice a day, or at night."""
    by_subject = _by_subject(folded.journals)
    last_ms: dict[str, int] = {}
    wrong: list[str] = []
    for decision in sorted(folded.decisions(), key=lambda d: d.at_ms):
        action = decision.action
        if action is None:
            continue
        if not _consents(by_subject[decision.subject_id], decision, PURPOSE[action.channel]):
            wrong.append(f"{decision.decision_id}: no consent to {action.channel}")
        if action.not_before_ms < last_ms.get(decision.subject_id, 0) + DAY_MS:
            wrong.append(f"{decision.decision_id}: twice within a day")
        last_ms[decision.subject_id] = action.not_before_ms
        hour = (datetime.fromtimestamp(action.not_before_ms / 1000, UTC) + CHINA).hour
        if not 9 <= hour < 21:
            wrong.append(f"{decision.decision_id}: at {hour} o'clock")
    return wrong


def risk_that_asks_for_consent(folded: Folded, silent: Folded) -> list[str]:
    """8. The risk answer is the same for a customer who may not be contacted."""
    answers = {_need(d): (d.risk_outcome, d.risk_band, d.soft_points) for d in folded.decisions()}
    return [
        f"{d.decision_id}: {d.risk_outcome} without consents, {answers[_need(d)][0]} with them"
        for d in silent.decisions()
        if _need(d) in answers and answers[_need(d)] != (d.risk_outcome, d.risk_band, d.soft_points)
    ] + [
        f"{d.decision_id}: {d.outcome}, though contact says {d.contact_outcome}"
        for d in (*folded.decisions(), *silent.decisions())
        if d.outcome != {"allow": d.risk_outcome}.get(d.contact_outcome, d.contact_outcome)
    ]


def unnamed_degradations(folded: Folded) -> list[str]:
    """10. What was missing when a decision was made is named in it."""
    demanded = {
        "dpd30_mob3": "risk_model_missing",
        "dpd90_after_dpd30": "pd_90_assumed",
        "drawn_30d": "propensity_model_missing",
    }
    return [
        f"{d.decision_id}: {demanded[model.name]} is not named"
        for d in folded.decisions()
        for model in d.models
        if model.role == "fallback" and demanded[model.name] not in d.degradations
    ]


def told_values(run: MemoryRun, secret: str) -> list[str]:
    """12. The story of a dead letter names fields and never shows a value."""
    letters = [buried.letter for letters in run.buried for buried in letters]
    return [letter.detail for letter in letters if re.search(secret, letter.model_dump_json())]


def _need(decision: Decision) -> tuple[str, str, str | None, int]:
    return decision.subject_id, decision.moment, decision.trigger_event_id, decision.at_ms


def _by_subject(journals: Iterable[Iterable[Entry]]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entries in journals:
        for entry in entries:
            if entry.topic in EVENT_SOURCES:
                found[entry.key].append(entry)
    return found


def _slow_log(entries: Iterable[Entry], *, seq: int, with_own: bool) -> SlowLog:
    """Return all that was known of a subject at a place of the journal.

    What a timer decides is decided before the entry that moved the clock: without its own.
    """
    slow = SlowLog()
    known: set[str] = set()
    for entry in entries:
        if entry.seq > seq or (entry.seq == seq and not with_own):
            break
        event = decode(entry.topic, entry.value)
        if event.event_id not in known:
            known.add(event.event_id)
            slow.apply(log_events(event, entry.at_ms))
    return slow


def _consents(entries: Iterable[Entry], decision: Decision, purpose: str) -> bool:
    words = [
        event
        for entry in entries
        if entry.topic is Topic.CONSENTS and entry.seq <= decision.seq
        for event in [json.loads(entry.value)]
        if event["purpose"] == purpose and event["effective_at_ms"] <= decision.at_ms
    ]
    last = max(words, key=lambda word: word["effective_at_ms"], default=None)
    return last is not None and last["event_type"] == "consent_granted"
