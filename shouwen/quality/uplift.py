"""Uplift on the simulated bank, where both outcomes of every contact are known."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypedDict

import numpy as np

from contracts.decode import decode
from contracts.examples import Example
from contracts.ids import unit_interval
from contracts.recorded import RecordedLine
from features import NAMES, Asked, KnownEvent, training_frame
from models import ROW, Encoding, Row, to_hex
from models.chances import Chances
from models.first_rows import NEEDED as FIRST_ROWS
from models.labels import POLICIES
from models.open_rows import OpenRow
from models.qini import Estimate, Qini, qini_of_effects
from models.uplift_head import LABEL, UpliftHead
from simulator import Truth, simulate, truths

START_MS = 1_767_196_800_000


class Bank(TypedDict):
    """Which simulated bank."""

    seed: int
    customers: int
    days: int


BANK: Final[Bank] = {"seed": 3, "customers": 6_000, "days": 240}
"""Which bank `shouwen quality` simulates: fewer contacts and no ranking can be told from chance."""

_CUSTOMERS = 1 << 32
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How well one score ranks contacts: as the bank can measure it, and as it truly is.

    Both are areas between curve and line, in loans per customer (see `models.qini`).
    """

    qini: Estimate
    truth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftQuality:
    """What came of a campaign with a random control, over the second half of its contacts.

    Attributes:
        rows: Contacts and controls that are reported on.
        loans: How many of them drew within 30 days.
        effect: What contacting everybody changes, as measured.
        effect_truth: The same, as it truly is.
        rankings: By the T-learner (`ours`), its `challenger`, the chance of a loan without contact
            (`response`), and the customer's true inclination (`perfect`), which no model can know.
    """

    rows: int
    loans: int
    effect: Estimate
    effect_truth: float
    rankings: dict[str, Ranking]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON data, one entry of `sets`."""
        return {"data": "simulated-uplift", **asdict(self)}


def uplift_quality(*, seed: int, customers: int, days: int) -> UpliftQuality:
    """Return how well uplift is learnt in one simulated bank, progressively.

    Each contact is scored before its outcome is known, and teaches 30 days later, as in life: the
    very head of the live learner, on rows as the bank knew them then. The first half of the
    contacts is only learnt from.

    Args:
        seed: Of the bank.
        customers: Of the bank; 1,500 over 240 days give about 5,800 contacts and controls.
        days: Of the bank.
    """
    bank: Bank = {"seed": seed, "customers": customers, "days": days}
    drawings = sorted(
        truths(**bank, start_ms=START_MS), key=lambda one: (one.at_ms, one.customer_id)
    )
    rows = rows_of(drawings, **bank)
    scores = scored(drawings, rows)
    later = slice(len(drawings) // 2, None)
    return report(drawings[later], scores[later])


def rows_of(drawings: Sequence[Truth], *, seed: int, customers: int, days: int) -> list[Row]:
    """Return the row of each drawing, of what the bank knew at that moment and nothing later."""
    who = {one.customer_id for one in drawings}

    def known() -> Iterator[KnownEvent]:
        for event in simulate(
            seed=seed, customers=customers, days=days, start_ms=START_MS, campaigns=True
        ):
            if event.key in who:
                line, at_ms = RecordedLine.of(event), event.known_at_ms
                told = decode(line.topic, line.raw_value or b"")
                yield KnownEvent(seq=at_ms, subject_id=event.key, at_ms=at_ms, event=told)

    asked = [
        Asked(subject_id=one.customer_id, seq=one.at_ms, at_ms=one.at_ms, labels=number)
        for number, one in enumerate(drawings)
    ]
    places = ROW.indices(NAMES)
    frame = {
        row.asked.labels: ROW.row(row.values[places]) for row in training_frame(known(), asked)
    }
    return [frame[number] for number in range(len(drawings))]


def scored(drawings: Sequence[Truth], rows: Sequence[Row]) -> list[tuple[Chances, int]]:
    """Return what the head says of each drawing when it comes: both chances, and its challenger."""
    encoding = Encoding.fit(ROW.names, np.stack(rows[:FIRST_ROWS]))
    head, horizon_ms = UpliftHead(encoding), POLICIES[LABEL].horizon_ms
    waiting: deque[tuple[OpenRow, bool]] = deque()
    scores = []
    for number, (one, values) in enumerate(zip(drawings, rows, strict=True)):
        while waiting and waiting[0][0].opened_at_ms + horizon_ms <= one.at_ms:
            row, drawn = waiting.popleft()
            head.settled(row, LABEL, outcome=drawn)
        row = OpenRow(
            row=values,
            opened_at_ms=one.at_ms,
            kind="contact",
            customer=_customer(one),
            treated=one.treated,
            selection_prob_micro=one.selection_prob_micro,
            codes=encoding.encode(values),
        )
        head.opened(row, _example(one, number, values))
        contacted, left_alone, challenger = row.numbers[head.name]
        scores.append((Chances(contacted, left_alone), int(challenger)))
        waiting.append((row, one.drawn))
    return scores


def report(drawings: Sequence[Truth], scores: Sequence[tuple[Chances, int]]) -> UpliftQuality:
    """Return how well each score ranks, measured from one arm each and by both outcomes."""
    ways: dict[str, Callable[[Truth, Chances, int], int]] = {
        "ours": lambda _one, chances, _other: chances.uplift_micro,
        "challenger": lambda _one, _chances, other: other,
        "response": lambda _one, chances, _other: int(chances.left_alone * _MICRO),
        "perfect": lambda one, _chances, _other: int(one.pull_ratio * _MICRO / 5),
    }
    effects = [float(one.effect) for one in drawings]
    rankings, effect_of_all = {}, Qini()
    for name, score in ways.items():
        qini, by_score = Qini(), []
        for one, (chances, other) in zip(drawings, scores, strict=True):
            by_score.append(score(one, chances, other))
            qini.add(
                by_score[-1],
                treated=one.treated,
                prob_micro=one.selection_prob_micro,
                outcome=one.drawn,
                customer=_customer(one),
            )
        truth = qini_of_effects(by_score, effects)
        rankings[name] = Ranking(qini=_known(qini.qini(), drawings), truth=truth)
        effect_of_all = qini
    return UpliftQuality(
        rows=len(drawings),
        loans=sum(one.drawn for one in drawings),
        effect=_known(effect_of_all.effect(), drawings),
        effect_truth=sum(effects) / len(effects),
        rankings=rankings,
    )


def _known(estimate: Estimate | None, drawings: Sequence[Truth]) -> Estimate:
    if estimate is None:
        raise ValueError(
            f"uplift_quality needs contacts and controls; got {len(drawings)} of one kind. "
            "Simulate more customers or days."
        )
    return estimate


def _customer(one: Truth) -> int:
    return int(unit_interval("customer", one.customer_id) * _CUSTOMERS)


def _example(one: Truth, number: int, values: Row) -> Example:
    return Example(
        row_id=f"r-{number}",
        status="opened",
        subject_id=one.customer_id,
        at_ms=one.at_ms,
        partition=0,
        seq=number,
        ordinal=0,
        schema_hash=ROW.schema_hash,
        row_hex=to_hex(values),
        kind="contact",
        label_names=(LABEL,),
        treated=one.treated,
        selection_prob_micro=one.selection_prob_micro,
    )
