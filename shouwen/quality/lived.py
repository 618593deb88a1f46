"""A recording lived through by the engine: the rows that it scored, and what became of them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from contracts.decode import ValidationError, decode, subject_of
from contracts.examples import Example, LabelName
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import Topic
from models import ROW
from replay.folding import this_engine

Recording = Callable[[], Iterator[RecordedLine]]
"""Makes the lines of a recording; sent to processes, so a function of a module or a partial one."""

_PARTITIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """The rows of one label whose outcome the bank came to know, in the order of opening.

    Attributes:
        rows: (N, F) in the order of `ROW`.
        outcomes: (N,) true, if it came true and was not taken back.
        opened_ms: (N,) when they were scored.
        told_ms: (N,) when the label came true; of the others the end of their horizon.
        closed_ms: (N,) when their horizon was over.
        customers: (N,) a number of the customer.
    """

    rows: NDArray[np.float32]
    outcomes: NDArray[np.bool_]
    opened_ms: NDArray[np.int64]
    told_ms: NDArray[np.int64]
    closed_ms: NDArray[np.int64]
    customers: NDArray[np.int64]


def lived(recording: Recording, label: LabelName, *, horizon_ms: int, until_ms: int) -> Lived:
    """Let the engine go through a recording, and return what the learner is told of a label.

    The rows are those of `examples.v1`: made by the engine at its own coordinates. Each of the
    partitions is folded in a process of its own. `until_ms` is the end of the recording.
    """
    with ProcessPoolExecutor(_PARTITIONS, mp_context=get_context("spawn")) as processes:
        told = processes.map(partial(_examples, recording), range(_PARTITIONS))
        examples = [Example.model_validate_json(value) for part in told for value in part]
    return _joined(examples, label, horizon_ms=horizon_ms, until_ms=until_ms)


def _joined(
    examples: Sequence[Example], label: LabelName, *, horizon_ms: int, until_ms: int
) -> Lived:
    """Join what was opened with what became of it.

    Rows whose horizon reaches beyond the recording are left out, those that came true early too: of
    them only the positives are known. A label that fell away leaves its row out as well.
    """
    opened: dict[str, Example] = {}
    came: dict[str, int | None] = {}
    for example in examples:
        if example.status == "opened" and label in example.label_names:
            opened[example.row_id] = example
        elif example.label_name == label and example.status != "void":
            came[example.row_id] = example.at_ms if example.status == "positive" else None
    kept = sorted(
        (
            opened[row_id]
            for row_id in came
            if row_id in opened and opened[row_id].at_ms + horizon_ms <= until_ms
        ),
        key=lambda example: (example.at_ms, example.row_id),
    )
    opened_ms = np.array([example.at_ms for example in kept], dtype=np.int64)
    closed_ms = opened_ms + horizon_ms
    told_ms = [came[example.row_id] for example in kept]
    numbers = {name: number for number, name in enumerate(sorted({e.subject_id for e in kept}))}
    return Lived(
        rows=np.stack([ROW.from_hex(example.row_hex or "") for example in kept]),
        outcomes=np.array([at_ms is not None for at_ms in told_ms]),
        opened_ms=opened_ms,
        told_ms=np.where(
            [at is not None for at in told_ms], [at or 0 for at in told_ms], closed_ms
        ),
        closed_ms=closed_ms,
        customers=np.array([numbers[example.subject_id] for example in kept], dtype=np.int64),
    )


def _examples(recording: Recording, partition: int) -> list[bytes]:
    """Return the examples of one partition."""
    engine = this_engine()
    outputs = engine.outputs(_journal(recording, partition), state=engine.state(partition))
    return [item.value for item in outputs if item.topic is Topic.EXAMPLES]


def _journal(recording: Recording, partition: int) -> Iterator[Entry]:
    """Yield what the front door would let pass, numbered as `sequence` would."""
    seq = 0
    for line in recording():
        if line.key is None or partition_of(line.key, _PARTITIONS) != partition:
            continue
        raw = line.raw_value or b""
        try:
            event = decode(line.topic, raw)
        except ValidationError:
            continue
        if line.key != subject_of(event):
            continue
        yield Entry(
            partition=partition,
            seq=seq,
            at_ms=line.known_at_ms,
            topic=line.topic,
            source_partition=partition,
            source_offset=seq,
            key=line.key,
            value=raw,
        )
        seq += 1
