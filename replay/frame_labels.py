"""What became of a scored row: its labels, and from when on nothing about them changes any more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.examples import Example
from features import Asked
from models import DRAWN_30D, POLICIES, LabelPolicy

Cell = str | int | float | bool | None
Labels = Mapping[str, Cell]
Kind = Literal["text", "whole", "number", "truth"]
Of = Literal["examples", "decisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumn:
    """A column beside the features: what is in it, and what an empty cell means."""

    name: str
    kind: Kind
    why: str


def _label_columns(policy: LabelPolicy) -> tuple[LabelColumn, ...]:
    label, days = policy.label_name, policy.horizon_ms // 86_400_000
    return (
        LabelColumn(
            name=label,
            kind="whole",
            why=f"1: it came true within {days} days; 0: it did not, or was taken back. "
            "Empty: not known yet, fallen away, or no label of this row.",
        ),
        LabelColumn(
            name=f"{label}_matures_at_ms",
            kind="whole",
            why=f"From then on the label is final: {days} days after the row.",
        ),
        LabelColumn(
            name=f"{label}_mature",
            kind="truth",
            why="The journal reaches that far. Learn from mature rows only: positives come early.",
        ),
    )


COLUMNS: Final[Mapping[Of, tuple[LabelColumn, ...]]] = {
    "examples": (
        LabelColumn(name="row_id", kind="text", why="As in examples.v1."),
        LabelColumn(name="row_kind", kind="text", why="What it is about: week, contact or loan."),
        LabelColumn(name="treated", kind="truth", why="Of a contact: contacted, or held out."),
        LabelColumn(
            name="selection_prob_micro", kind="whole", why="Millionths: how likely that was."
        ),
        *(column for policy in POLICIES.values() for column in _label_columns(policy)),
        *(
            LabelColumn(name=f"{label}_score", kind="number", why="What its model said then.")
            for label in POLICIES
        ),
        LabelColumn(name="model_ids", kind="text", why="The snapshots that said it."),
    ),
    "decisions": (
        LabelColumn(name="decision_id", kind="text", why="As in decisions.v1."),
        LabelColumn(name="moment", kind="text", why="Why now."),
        LabelColumn(name="strategy_id", kind="text", why="Who decided."),
        LabelColumn(name="strategy_version", kind="whole", why="Who decided."),
        LabelColumn(name="arm", kind="text", why="The arm of the experiment."),
        LabelColumn(
            name="selection_prob_micro", kind="whole", why="Millionths: how likely that arm was."
        ),
        LabelColumn(name="outcome", kind="text", why="The published answer."),
        LabelColumn(name="disposition", kind="text", why="What was done."),
        LabelColumn(name="action_id", kind="text", why="Empty: no action."),
        *_label_columns(DRAWN_30D),
    ),
}
"""The columns of a frame behind its features, by what the rows are."""


def of_examples(
    examples: Iterable[Example], *, end_ms: int, by_timer: Collection[str] = ()
) -> list[Asked[Labels]]:
    """Return every row that was opened, with what became of it by `end_ms` (epoch ms UTC).

    A row is opened by an event, so its coordinate is behind that event; but one that a decision in
    `by_timer` opened (ids of decisions whose cause is a timer) is before it.
    """
    opened: dict[str, Example] = {}
    became: dict[tuple[str, str], int | None] = {}
    for example in examples:
        match example.status:
            case "opened":
                opened[example.row_id] = example
            case "positive":
                became[example.row_id, example.label] = 1
            case "closed" | "revised":
                became[example.row_id, example.label] = 0
            case "void":
                became[example.row_id, example.label] = None
    return [
        Asked(
            subject_id=example.subject_id,
            seq=example.seq,
            at_ms=example.at_ms,
            before=example.decision_id in by_timer,
            labels=_example_cells(example, became, end_ms=end_ms),
        )
        for example in opened.values()
    ]


def of_decisions(
    decisions: Iterable[Decision], changes: Iterable[LoanStateChanged], *, end_ms: int
) -> list[Asked[Labels]]:
    """Return every decision, with whether its customer drew a loan in the 30 days behind it.

    A drawdown that was undone never was, and one in the decision's own millisecond is not behind.
    """
    drawn: dict[str, dict[str | None, int]] = defaultdict(dict)
    for change in changes:
        if change.conversion is not None:
            drawn[change.subject_id][change.loan_id] = change.at_ms
        elif change.revokes is not None:
            drawn[change.subject_id].pop(change.loan_id, None)
    asked = []
    for decision in decisions:
        until_ms = decision.at_ms + DRAWN_30D.horizon_ms
        times = drawn.get(decision.subject_id, {}).values()
        came_true = any(decision.at_ms < at_ms <= until_ms for at_ms in times)
        value = 1 if came_true else (0 if until_ms <= end_ms else None)
        action = decision.action
        cells: Labels = {
            "decision_id": decision.decision_id,
            "moment": decision.moment,
            "strategy_id": decision.strategy.strategy_id,
            "strategy_version": decision.strategy.version,
            "arm": decision.arm,
            "selection_prob_micro": decision.selection_prob_micro,
            "outcome": decision.outcome,
            "disposition": decision.disposition,
            "action_id": None if action is None else action.action_id,
            **_label_cells(DRAWN_30D, value, at_ms=decision.at_ms, end_ms=end_ms),
        }
        asked.append(
            Asked(
                subject_id=decision.subject_id,
                seq=decision.seq,
                at_ms=decision.at_ms,
                before=decision.cause.startswith("timer:"),
                labels=cells,
            )
        )
    return asked


def _example_cells(
    example: Example, became: Mapping[tuple[str, str], int | None], *, end_ms: int
) -> Labels:
    cells: dict[str, Cell] = {
        "row_id": example.row_id,
        "row_kind": example.row_kind,
        "treated": example.treated,
        "selection_prob_micro": example.selection_prob_micro,
    }
    for label, policy in POLICIES.items():
        if label in example.labels:
            value = became.get((example.row_id, label))
            cells |= _label_cells(policy, value, at_ms=example.at_ms, end_ms=end_ms)
        else:
            cells |= {column.name: None for column in _label_columns(policy)}
        score = example.scores.get(label)
        cells[f"{label}_score"] = None if score is None else float.fromhex(score)
    return cells | {"model_ids": " ".join(sorted(example.model_ids.values())) or None}


def _label_cells(
    policy: LabelPolicy, value: int | None, *, at_ms: int, end_ms: int
) -> dict[str, Cell]:
    label, matures_ms = policy.label_name, at_ms + policy.horizon_ms
    return {
        label: value,
        f"{label}_matures_at_ms": matures_ms,
        f"{label}_mature": matures_ms <= end_ms,
    }
