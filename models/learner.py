"""The one learner: every head's rows in order, snapshots, and a checkpoint that is data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contracts.examples import Example, LabelName, RowKind
from contracts.snapshots import ModelSnapshot, SnapshotRecord
from models.canonical import sha256_of
from models.errors import CheckpointError
from models.features_of import ROW
from models.head import Head
from models.labels import POLICIES
from models.lessons import LearnsRows
from models.open_rows import LIMITS
from models.row_life import RowLife
from models.scorer import model_id_of

_FORMAT = "learner/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRule:
    """When a snapshot is worth taking.

    Due after `labels` steps or `after_ms` since the first of them, but never closer to the last
    one than `apart_ms`: each travels to every partition.
    """

    labels: int = 500
    after_ms: int = 60_000
    apart_ms: int = 600_000


class Learner:
    """Learns all labels from one stream of examples; it has no clock and asks nothing else.

    The same examples in the same order give the same weights, to the bit, also when the learner is
    stopped anywhere and resumed from its checkpoint.

    Args:
        rule: When `snapshot_due` says yes.
        limits: Open rows kept of each kind; beyond half of it a sample of the new ones.

    >>> learner = Learner()
    >>> learner.snapshot_due(0), learner.snapshot(0, examples_offset=0)
    (False, None)
    """

    def __init__(
        self,
        *,
        rule: SnapshotRule | None = None,
        limits: Mapping[RowKind, int] = LIMITS,
    ) -> None:
        self.rule = rule or SnapshotRule()
        self._heads: dict[LabelName, Head] = {
            name: Head(policy) for name, policy in POLICIES.items()
        }
        self.life = RowLife(self._all(), limits=limits)
        self._clock_ms = 0
        self._applied_since = 0
        self._steps_at_last = 0
        self._first_step_ms: int | None = None
        self._last_snapshot_ms: int | None = None
        self._parents: dict[str, str] = {}

    @property
    def clock_ms(self) -> int:
        """The latest time that an example or a barrier has told."""
        return self._clock_ms

    def head(self, name: LabelName) -> Head:
        """Return one label's learner, to read its measures."""
        return self._heads[name]

    def metrics(self, name: LabelName) -> dict[str, float]:
        """Return the measures of a label: of its head, of its rows, and what came of examples."""
        return {
            **self._heads[name].metrics(),
            **{
                f"examples_{what}": float(count)
                for what, count in sorted(self.life.counts[name].items())
            },
            "open_rows": float(sum(name in row.states for _, row in self.life.rows)),
            "dropped_rows": float(self.life.rows.dropped[POLICIES[name].row_kind]),
        }

    def apply(self, example: Example) -> None:
        """Apply one example; the caller gives the order, and a repetition changes nothing."""
        self.advance(example.at_ms)
        self.life.apply(example)
        self._applied_since += 1
        self._note_steps()

    def advance(self, at_ms: int) -> None:
        """Let time pass up to `at_ms`: labels whose horizon is over become final."""
        self._clock_ms = max(self._clock_ms, at_ms)
        self.life.advance(self._clock_ms)
        self._note_steps()

    def snapshot_due(self, at_ms: int) -> bool:
        """Whether a snapshot is worth taking at `at_ms`; recorded barriers may take one anyway."""
        if self._first_step_ms is None:
            return False
        last = self._last_snapshot_ms
        if last is not None and at_ms - last < self.rule.apart_ms:
            return False
        steps = self._steps() - self._steps_at_last
        return steps >= self.rule.labels or at_ms - self._first_step_ms >= self.rule.after_ms

    def snapshot(self, at_ms: int, *, examples_offset: int) -> SnapshotRecord | None:
        """Take a snapshot of every model that changed, and a checkpoint of everything.

        Args:
            at_ms: When it is taken, on the caller's clock.
            examples_offset: The offset in `examples.v1` behind the last example applied.

        Returns:
            None if no example was applied since the last one. A model that has not yet seen
            enough rows to fix its bins has no snapshot.
        """
        if not self._applied_since:
            return None
        snapshots = tuple(
            snapshot
            for name, head in self._heads.items()
            if head.policy.serves and (snapshot := self._snapshot_of(name, head)) is not None
        )
        self._parents.update({snapshot.name: snapshot.model_id for snapshot in snapshots})
        self._applied_since = 0
        self._steps_at_last = self._steps()
        self._first_step_ms = None
        self._last_snapshot_ms = at_ms
        checkpoint = self.to_checkpoint()
        return SnapshotRecord(
            at_ms=at_ms,
            examples_offset=examples_offset,
            snapshots=snapshots,
            checkpoint=checkpoint,
            checkpoint_sha256=sha256_of(checkpoint),
        )

    def to_checkpoint(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "format": _FORMAT,
            "schema_hash": ROW.schema_hash,
            "heads": {head.name: head.to_data() for head in self._all()},
            "life": self.life.to_data(),
            "clock_ms": self._clock_ms,
            "applied_since": self._applied_since,
            "steps_at_last": self._steps_at_last,
            "first_step_ms": self._first_step_ms,
            "last_snapshot_ms": self._last_snapshot_ms,
            "parents": dict(self._parents),
        }

    @classmethod
    def from_checkpoint(
        cls, checkpoint: dict[str, Any], *, sha256: str, rule: SnapshotRule | None = None
    ) -> Self:
        """Return the learner that `to_checkpoint` described, to the bit.

        Raises:
            CheckpointError: another hash, another format, or rows of other features.
        """
        if (actual := sha256_of(checkpoint)) != sha256:
            raise CheckpointError(
                f"Learner needs a checkpoint with sha256 {sha256}; got one with {actual}. "
                "It was changed after it was written: resume from the record before it."
            )
        if checkpoint.get("format") != _FORMAT:
            raise CheckpointError(
                f"Learner needs a checkpoint of format {_FORMAT!r}; got "
                f"{checkpoint.get('format')!r}. Resume with the version that wrote it, or delete "
                "models.v1: this version then learns again from the beginning of examples.v1."
            )
        if checkpoint["schema_hash"] != ROW.schema_hash:
            raise CheckpointError(
                f"Learner needs rows of features {ROW.schema_hash}; got a checkpoint on "
                f"{checkpoint['schema_hash']}. Learn again from the beginning of examples.v1."
            )
        learner = cls(rule=rule)
        for name, policy in POLICIES.items():
            learner._heads[name] = Head.from_data(checkpoint["heads"][name], policy)
        learner.life = RowLife.from_data(checkpoint["life"], learner._all())
        learner._clock_ms = checkpoint["clock_ms"]
        learner._applied_since = checkpoint["applied_since"]
        learner._steps_at_last = checkpoint["steps_at_last"]
        learner._first_step_ms = checkpoint["first_step_ms"]
        learner._last_snapshot_ms = checkpoint["last_snapshot_ms"]
        learner._parents = dict(checkpoint["parents"])
        return learner

    def state_sha256(self) -> str:
        """Return the hash of everything the learner knows."""
        return sha256_of(self.to_checkpoint())

    def _all(self) -> tuple[LearnsRows, ...]:
        return tuple(self._heads.values())

    def _snapshot_of(self, name: LabelName, head: Head) -> ModelSnapshot | None:
        body = head.snapshot_body()
        if body is None:
            return None
        sha256 = sha256_of(body)
        parent, model_id = self._parents.get(name), model_id_of(name, sha256)
        if model_id == parent:
            return None
        return ModelSnapshot(
            name=name,
            model_id=model_id,
            parent=parent,
            sha256=sha256,
            schema_hash=ROW.schema_hash,
            learned=head.learned,
            positives=head.positives,
            calibrated=head.is_calibrated,
            metrics=self.metrics(name),
            body=body,
        )

    def _steps(self) -> int:
        return sum(head.steps for head in self._all())

    def _note_steps(self) -> None:
        if self._first_step_ms is None and self._steps() > self._steps_at_last:
            self._first_step_ms = self._clock_ms
