"""A training frame of a kept journal: rows as they were scored, with what became of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from adapters.kept import KeptJournal
from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.examples import Example
from contracts.journal import Entry
from contracts.topics import Topic
from engine.case import PLACES
from features import NAMES, Asked, FrameRow, training_frame
from models import ROW, to_hex
from replay.as_of import known_events
from replay.folding import Engine
from replay.frame_labels import Labels, Of, of_decisions, of_examples

_EXAMPLE = b'"event_type":"example"'
_BY_TIMER = b'"cause":"timer:'
_ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A row that is wanted, and the bits that were scored then, to be compared with the row's.

    `scored` maps the name of a feature (a decision) or `row` (all of it, as float32) to hex.
    """

    labels: Labels
    scored: dict[str, str]


@dataclass(slots=True)
class Equality:
    """How many rows of a frame are what was scored live, to the last bit; others are named."""

    rows: int = 0
    unequal: list[str] = field(default_factory=list)


def frame(
    kept: KeptJournal,
    partition: int,
    of: Of,
    *,
    engine: Engine,
    equality: Equality,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[FrameRow[Labels]]:
    """Yield the rows of one partition, in the order of their coordinates.

    Features come from the events alone, read at the coordinate of the score; each row is compared
    with what was scored there, and `equality` is told.

    Args:
        kept: The journal, from its beginning.
        partition: Which part of it.
        of: Every row that was opened for a model (folded again: they are what examples.v1 holds),
            or every published decision.
        engine: Makes the examples.
        equality: Counts rows, and names those that are not what was scored.
        progress: Is told how many entries were read since it was told last.

    Raises:
        KeptDamageError: a row of the kept journal is not what was written.
        JournalError: the journal cannot be folded.
    """
    is_scored = of == "examples"
    asked = _examples(kept, partition, engine) if is_scored else _decisions(kept, partition)
    subjects = {row.subject_id for row in asked}
    journal = known_events(_told(kept.entries(partition), progress), only=subjects)
    for row in training_frame(journal, asked):
        scored = row.asked.labels
        equality.rows += 1
        if any(found != wanted for found, wanted in _bits(row, scored.scored)):
            equality.unequal.append(f"{partition}:{row.asked.seq} {row.asked.subject_id}")
        plain = Asked(
            subject_id=row.asked.subject_id,
            seq=row.asked.seq,
            at_ms=row.asked.at_ms,
            before=row.asked.before,
            labels=scored.labels,
        )
        yield FrameRow(asked=plain, values=row.values)


def _bits(row: FrameRow[Scored], scored: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the bits of the frame and those that were scored, in the form they were scored in."""
    numbers: dict[str, float] | None = None
    for name, wanted in scored.items():
        if name == _ROW:
            yield to_hex(ROW.row(row.values[PLACES])), wanted
            continue
        if numbers is None:
            numbers = dict(zip(NAMES, row.values.tolist(), strict=True))
        if name in numbers:  # a decision of another catalogue may know others
            yield numbers[name].hex(), wanted


def _examples(kept: KeptJournal, partition: int, engine: Engine) -> list[Asked[Scored]]:
    state = engine.state(partition)
    examples: list[Example] = []
    by_timer: set[str] = set()
    for output in engine.outputs(kept.entries(partition), state=state):
        if output.topic is Topic.EXAMPLES and _EXAMPLE in output.value:
            examples.append(Example.model_validate_json(output.value))
        elif output.topic is Topic.DECISIONS and _BY_TIMER in output.value:
            by_timer.add(Decision.model_validate_json(output.value).decision_id)
    rows = {
        example.row_id: {_ROW: example.row_hex}
        for example in examples
        if example.row_hex is not None and example.schema_hash is not None
    }
    asked = of_examples(examples, end_ms=state.facts.clock_ms, by_timer=by_timer)
    return [_with_bits(row, rows.get(str(row.labels["row_id"]), {})) for row in asked]


def _decisions(kept: KeptJournal, partition: int) -> list[Asked[Scored]]:
    decisions = [Decision.model_validate_json(record.value) for record in kept.decisions(partition)]
    changes = [
        LoanStateChanged.model_validate_json(record.value) for record in kept.conversions(partition)
    ]
    end_ms = max((entry.at_ms for entry in kept.entries(partition)), default=0)
    features = {decision.decision_id: decision.features for decision in decisions}
    asked = of_decisions(decisions, changes, end_ms=end_ms)
    return [_with_bits(row, dict(features[str(row.labels["decision_id"])])) for row in asked]


def _with_bits(row: Asked[Labels], scored: dict[str, str]) -> Asked[Scored]:
    return Asked(
        subject_id=row.subject_id,
        seq=row.seq,
        at_ms=row.at_ms,
        before=row.before,
        labels=Scored(labels=row.labels, scored=scored),
    )


def _told(entries: Iterator[Entry], tell: Callable[[int], None]) -> Iterator[Entry]:
    for entry in entries:
        tell(1)
        yield entry
