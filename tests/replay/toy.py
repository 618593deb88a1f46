"""A bank small enough to see through: one rule, one cap, one action, and real contracts.

An entry's value is `{"amount": 5}` (something happened) or `{"sent": "<message id>"}`. The active
strategy `{"at_least": 3, "cap": 1, "band": "B", "arm": "champion"}` sends a message for an amount
that is large enough, unless the customer has as many touches as the cap allows. A touch counts
once it was sent, or, in a backtest, when nothing can be known about it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.kept import KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.control import StrategyActivated
from contracts.conversions import LoanStateChanged
from contracts.decisions import ActionTaken, Decision, ModelUsed, RuleResult, StrategyUsed
from contracts.ids import chain, sha256_hex, stable_id
from contracts.journal import Entry
from contracts.topics import Topic
from decisions.facts import Touch
from engine.outputs import Output, output
from engine.partition import PartitionState
from engine.subject import SubjectState
from engine.subjects import Subjects
from replay.folding import Engine

DRAWN = 100
BUILD = "toy-1"


def a_strategy(**changes: Any) -> StrategyActivated:
    """Return the toy's strategy; a test names only what it changes."""
    data: dict[str, Any] = {"at_least": 3, "cap": 1, "band": "B", "arm": "champion", **changes}
    name = data.pop("strategy_id", "toy")
    digest = sha256_hex([json.dumps(data, sort_keys=True).encode()])
    return StrategyActivated(strategy_id=name, version=1, sha256=digest, strategy=data)


def an_entry(seq: int, value: dict[str, Any] | StrategyActivated, **changes: Any) -> Entry:
    """Return an entry of one customer's journal; a test names only what it is about."""
    control = isinstance(value, StrategyActivated)
    raw = value.model_dump_json() if isinstance(value, StrategyActivated) else json.dumps(value)
    fields: dict[str, Any] = {
        "partition": 0,
        "seq": seq,
        "at_ms": 1_000 * seq,
        "topic": Topic.CONTROL if control else Topic.TRANSACTIONS,
        "source_partition": 0,
        "source_offset": seq,
        "key": "0" if control else "c-1",
        "value": raw.encode(),
    }
    return Entry(**{**fields, **changes})


def toy_fold(
    partition: PartitionState, subjects: Subjects, entries: Sequence[Entry]
) -> list[Output]:
    """Fold as the engine does, with the toy's one rule."""
    outputs: list[Output] = []
    for entry in entries:
        partition.facts.seq = entry.seq
        partition.facts.clock_ms = entry.at_ms
        if entry.topic is Topic.CONTROL:
            if not partition.pinned:
                activated = StrategyActivated.model_validate_json(entry.value)
                partition.strategies = {activated.strategy_id: activated}
            continue
        said = json.loads(entry.value)
        subject = subjects.get(entry.key)
        if "sent" in said:
            _confirm(subject, said["sent"])
        else:
            outputs += _decide(partition, subject, entry, said["amount"])
    return outputs


def toy_digest(decision: Decision) -> str:
    """Return the digest as the engine computes it: of all but the build and the signature."""
    raw = decision.model_dump_json(exclude={"digest", "prev_hash", "hash", "build"})
    return sha256_hex([raw.encode()])


TOY = Engine(fold=toy_fold, digest_of=toy_digest, build=BUILD)


def keep(
    folder: Path, entries: Sequence[Entry], *, outputs: Sequence[Output] | None = None
) -> Path:
    """Write what the toy decides on these entries, or other outputs, as a kept journal."""
    made = decide_live(entries) if outputs is None else outputs
    partitions = sorted({entry.partition for entry in entries})
    with KeptWriter(folder, partitions=partitions) as kept:
        kept.add_entries(entries)
        for item in made:
            partition = json.loads(item.value)["partition"]
            kept.add_record(item.topic, partition=partition, key=item.key, value=item.value)
    KeptJournal(folder).check()
    return folder


def decide_live(entries: Sequence[Entry]) -> list[Output]:
    """Return what the toy publishes in life, partition after partition."""
    outputs: list[Output] = []
    for partition in sorted({entry.partition for entry in entries}):
        mine = [entry for entry in entries if entry.partition == partition]
        outputs += TOY.outputs(mine, state=TOY.state(partition))
    return outputs


def _confirm(subject: SubjectState, message_id: str) -> None:
    for touch in subject.facts.contact.touches:
        if touch.message_id == message_id:
            touch.sent = True


def _decide(
    partition: PartitionState, subject: SubjectState, entry: Entry, amount: int
) -> list[Output]:
    outputs: list[Output] = []
    for strategy in partition.strategies.values():
        decision = _sign(partition, _draft(partition, strategy, subject, entry, amount))
        partition.facts.chain = decision.hash
        if decision.action is not None:
            subject.facts.contact.touches.append(_touch(decision, decision.action, partition))
        outputs.append(output(Topic.DECISIONS, key=entry.key, message=decision, seq=entry.seq))
    if amount == DRAWN:
        outputs.append(_drawn(entry, flagged=outputs))
    return outputs


def _touch(decision: Decision, action: ActionTaken, partition: PartitionState) -> Touch:
    known = partition.known_messages
    return Touch(
        decision_id=decision.decision_id,
        message_id=action.message_id,
        channel="app",
        product_id="p",
        at_ms=decision.at_ms,
        expires_ms=decision.at_ms,
        sent=known is not None and action.message_id not in known,
    )


def _draft(
    partition: PartitionState,
    strategy: StrategyActivated,
    subject: SubjectState,
    entry: Entry,
    amount: int,
) -> Decision:
    wanted = strategy.strategy
    hit = amount < wanted["at_least"]
    full = sum(touch.sent for touch in subject.facts.contact.touches) >= wanted["cap"]
    decision_id = stable_id("d", entry.key, entry.source, strategy.strategy_id)
    action = ActionTaken(
        action_id="say_hello",
        kind="credit",
        channel="app",
        message_id=f"msg-{decision_id}",
        not_before_ms=entry.at_ms,
        not_after_ms=entry.at_ms + 1,
    )
    return Decision(
        decision_id=decision_id,
        partition=entry.partition,
        seq=entry.seq,
        at_ms=entry.at_ms,
        subject_id=entry.key,
        cause=entry.source,
        trigger_event_id=f"e-{entry.seq}",
        moment="loan_intent_browse",
        moment_id=stable_id("m", entry.key, entry.source),
        decision_context="marketing_unsolicited",
        loan_state="account_no_loan",
        strategy=StrategyUsed(strategy_id=strategy.strategy_id, version=1, sha256=strategy.sha256),
        models=(ModelUsed(name="dpd30", model_id="fallback", role="fallback"),),
        experiment_id="exp",
        unit_id=entry.key,
        arm=wanted["arm"],
        selection_prob_micro=1_000_000,
        feature_schema="toy",
        features={"amount": float(amount).hex()},
        scores={"dpd30": (0.02).hex()},
        propensity_micro=10_000,
        risk_outcome="decline" if hit else "approve",
        risk_band=wanted["band"],
        soft_points=0,
        anomaly="normal",
        contact_outcome="suppress" if full else "allow",
        contact_rule="cap_app" if full else None,
        not_before_ms=None,
        outcome="suppress" if full else "decline" if hit else "approve",
        disposition="suppressed" if full else "no_action" if hit else "acted",
        rules=(
            RuleResult(
                rule="H07",
                hit=hit,
                value=float(amount).hex(),
                threshold=float(wanted["at_least"]).hex(),
            ),
        ),
        reasons=(),
        candidates=(),
        action=None if hit or full else action,
        adverse_action_required=False,
        degradations=(),
        payload_sha256=None,
        build=partition.build,
        digest="0" * 64,
        prev_hash=partition.facts.chain,
        hash="0" * 64,
    )


def _sign(partition: PartitionState, draft: Decision) -> Decision:
    digest = toy_digest(draft)
    link = chain(partition.facts.chain, digest.encode())
    return draft.model_copy(update={"digest": digest, "hash": link})


def _drawn(entry: Entry, *, flagged: Sequence[Output]) -> Output:
    first = json.loads(flagged[0].value) if flagged else None
    change = LoanStateChanged(
        conversion_id=stable_id("v", entry.key, entry.partition, entry.seq),
        subject_id=entry.key,
        partition=entry.partition,
        seq=entry.seq,
        at_ms=entry.at_ms,
        occurred_at_ms=entry.at_ms,
        from_state="account_no_loan",
        to_state="drawn_active",
        conversion="first",
        days_in_previous_state=1,
        loan_id="l-1",
        drawn_minor=100,
        attributed_decision_ids=(),
        flagged_decision_id=first["decision_id"] if first else None,
        flagged_at_ms=first["at_ms"] if first else None,
        risk_band_at_decision=first["risk_band"] if first else None,
    )
    return output(Topic.CONVERSIONS, key=entry.key, message=change, seq=entry.seq)
