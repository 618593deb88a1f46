"""The one learner: every head's rows in order, snapshots, and a checkpoint that is data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contracts.examples import Example, LabelName, RowKind
from contracts.model_names import ModelName
from contracts.model_orders import ModelOrder
from contracts.snapshots import ModelSnapshot, SnapshotRecord
from models.canonical import sha256_of
from models.encoding import Encoding
from models.errors import CheckpointError
from models.features_of import ROW
from models.first_rows import FirstRows
from models.head import Head
from models.heads import Heads, RiskServing
from models.open_rows import LIMITS
from models.scorer import model_id_of

_FORMAT = "learner/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRule:
    """When a snapshot is worth taking.

    Due after `labels` steps or `after_ms` since the first of them, but never closer to the last
    one than `apart_ms`: each travels to every partition. An order of people does not wait.
    """

    labels: int = 500
    after_ms: int = 60_000
    apart_ms: int = 600_000


class Learner:
    """Learns all labels from one stream of examples; it has no clock and asks nothing else.

    The first 200 rows fix the encoding that all heads share. Until then examples wait; then they
    are applied in the order in which they came.

    The same examples in the same order give the same weights, to the bit, also when the learner is
    stopped anywhere and resumed from its checkpoint.

    Args:
        rule: When `snapshot_due` says yes.
        limits: Open rows kept of each kind; beyond half of it a sample of the new ones.
        risk_serving: `approved`: a risk model serves only what two people let it; `live`: as it
            learns, for a demonstration.

    >>> learner = Learner()
    >>> learner.snapshot_due(0), learner.snapshot(0, examples_offset=0)
    (False, None)
    """

    def __init__(
        self,
        *,
        rule: SnapshotRule | None = None,
        limits: Mapping[RowKind, int] = LIMITS,
        risk_serving: RiskServing = "approved",
    ) -> None:
        self.rule = rule or SnapshotRule()
        self._limits = dict(limits)
        self._risk_serving: RiskServing = risk_serving
        self._first = FirstRows()
        self._heads: Heads | None = None
        self._clock_ms = 0
        self._applied_since = 0
        self._steps_at_last = 0
        self._first_step_ms: int | None = None
        self._last_snapshot_ms: int | None = None
        self._parents: dict[str, str] = {}
        self._said: dict[str, list[Any]] = {}

    @property
    def clock_ms(self) -> int:
        """The latest time that an example or a barrier has told."""
        return self._clock_ms

    @property
    def risk_serving(self) -> RiskServing:
        """What a risk model needs before it serves."""
        return self._risk_serving

    @property
    def heads(self) -> Heads:
        """All that learn.

        Raises:
            ValueError: too few rows have opened; nothing is learnt yet.
        """
        if self._heads is None:
            raise ValueError(
                f"the learner's heads need {self._first.needed} rows that fix the encoding; "
                f"got {len(self._first)}. Ask `is_ready` first."
            )
        return self._heads

    @property
    def is_ready(self) -> bool:
        """Whether the encoding is fixed, so that heads learn."""
        return self._heads is not None

    def begin(self, encoding: Encoding, reference: Any) -> None:  # Any: rows (N, F), float32
        """Begin with an encoding that was fitted elsewhere on `reference`; then what waits."""
        heads = self._heads = Heads(
            encoding, reference, limits=self._limits, risk_serving=self._risk_serving
        )
        at_ms = 0
        for message in self._first.take():
            if isinstance(message, Example):
                at_ms = max(at_ms, message.at_ms)
                heads.life.advance(message.at_ms)
                heads.apply(message)
            else:
                heads.obey(message, at_ms=at_ms)
        heads.life.advance(self._clock_ms)
        self._note_steps()

    def head(self, name: LabelName) -> Head:
        """Return one label's learner, to read its measures."""
        return self.heads.labels[name]

    def metrics(self, name: LabelName) -> dict[str, float]:
        """Return the measures of a label: of its head, of its rows, and what came of examples."""
        return self.heads.metrics(name)

    def apply(self, example: Example) -> None:
        """Apply one example; the caller gives the order, and a repetition changes nothing."""
        self.advance(example.at_ms)
        self._applied_since += 1
        if self._heads is not None:
            self._heads.apply(example)
            self._note_steps()
            return
        self._first.put(example)
        if self._first.is_enough:
            rows = self._first.rows()
            self.begin(Encoding.fit(ROW.names, rows), rows)

    def obey(self, order: ModelOrder) -> None:
        """Do what people ordered, once; the time of the rows goes on with the rows alone."""
        self._applied_since += 1
        if self._heads is None:
            self._first.put_order(order)
        else:
            self._heads.obey(order, at_ms=self._clock_ms)

    def advance(self, at_ms: int) -> None:
        """Let time pass up to `at_ms`: labels whose horizon is over become final."""
        self._clock_ms = max(self._clock_ms, at_ms)
        if self._heads is not None:
            self._heads.life.advance(self._clock_ms)
            self._note_steps()

    def snapshot_due(self, at_ms: int) -> bool:
        """Whether a snapshot is worth taking at `at_ms`; recorded barriers may take one anyway."""
        if self._heads is not None and self._heads.wants_snapshot:
            return True
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
            None if nothing was applied since the last one. A model that has not yet learnt enough,
            and a risk model that nobody approved, has no snapshot.
        """
        if not self._applied_since:
            return None
        snapshots, candidates = self._serving(at_ms), self._candidates()
        self._parents.update({snapshot.name: snapshot.model_id for snapshot in snapshots})
        self._said.update({snapshot.name: _said_of(snapshot) for snapshot in snapshots})
        self._applied_since = 0
        self._steps_at_last = self._steps()
        self._first_step_ms = None
        self._last_snapshot_ms = at_ms
        checkpoint = self.to_checkpoint()
        return SnapshotRecord(
            at_ms=at_ms,
            examples_offset=examples_offset,
            snapshots=snapshots,
            candidates=candidates,
            reports=() if self._heads is None else self._heads.reports(self._parents),
            checkpoint=checkpoint,
            checkpoint_sha256=sha256_of(checkpoint),
        )

    def to_checkpoint(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "format": _FORMAT,
            "schema_hash": ROW.schema_hash,
            "limits": self._limits,
            "first": self._first.to_data(),
            "heads": None if self._heads is None else self._heads.to_data(),
            "clock_ms": self._clock_ms,
            "applied_since": self._applied_since,
            "steps_at_last": self._steps_at_last,
            "first_step_ms": self._first_step_ms,
            "last_snapshot_ms": self._last_snapshot_ms,
            "parents": dict(self._parents),
            "said": dict(self._said),
        }

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: dict[str, Any],
        *,
        sha256: str,
        rule: SnapshotRule | None = None,
        risk_serving: RiskServing = "approved",
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
        learner = cls(rule=rule, limits=checkpoint["limits"], risk_serving=risk_serving)
        learner._first = FirstRows.from_data(checkpoint["first"])
        if checkpoint["heads"] is not None:
            learner._heads = Heads.from_data(checkpoint["heads"], risk_serving=risk_serving)
        learner._clock_ms = checkpoint["clock_ms"]
        learner._applied_since = checkpoint["applied_since"]
        learner._steps_at_last = checkpoint["steps_at_last"]
        learner._first_step_ms = checkpoint["first_step_ms"]
        learner._last_snapshot_ms = checkpoint["last_snapshot_ms"]
        learner._parents = dict(checkpoint["parents"])
        learner._said = dict(checkpoint.get("said", {}))
        return learner

    def state_sha256(self) -> str:
        """Return the hash of everything the learner knows."""
        return sha256_of(self.to_checkpoint())

    def _serving(self, at_ms: int) -> tuple[ModelSnapshot, ...]:
        """Return the snapshots that serve from now on, where they are not those that serve."""
        if self._heads is None:
            return ()
        canary = self._heads.canary
        serving = [head for head in self._heads.labels.values() if head.policy.serves]
        found = [
            self._snapshot_of_label(head, body)
            for head in serving
            if (body := head.snapshot_body(at_ms, canary)) is not None
        ] + [
            self._snapshot_of(head.name, body, metrics=head.metrics(), learned=head.steps)
            for head in self._heads.others
            if (body := head.snapshot_body(at_ms, canary)) is not None
        ]
        return tuple(snapshot for snapshot in found if self._is_news(snapshot))

    def _is_news(self, snapshot: ModelSnapshot) -> bool:
        """Whether a snapshot is another one, or says something else of itself, than the last."""
        said = self._said.get(snapshot.name)
        if said is None:
            return snapshot.model_id != snapshot.parent
        return said != _said_of(snapshot)

    def _candidates(self) -> tuple[ModelSnapshot, ...]:
        """Return what models know that wait for people to approve them."""
        if self._heads is None:
            return ()
        return tuple(
            self._snapshot_of_label(head, body)
            for head in self._heads.labels.values()
            if head.policy.serves
            and head.watch.champion.line is None
            and (body := head.candidate_body()) is not None
        )

    def _snapshot_of_label(self, head: Head, body: dict[str, Any]) -> ModelSnapshot:
        return self._snapshot_of(
            head.name,
            body,
            metrics=self.metrics(head.name),
            learned=head.learned,
            positives=head.positives,
            calibrated=head.is_calibrated,
            approved_by=head.approved_by,
        )

    def _snapshot_of(
        self,
        name: ModelName,
        body: dict[str, Any],
        *,
        metrics: dict[str, float],
        learned: int,
        positives: int = 0,
        calibrated: bool = False,
        approved_by: tuple[str, ...] = (),
    ) -> ModelSnapshot:
        sha256 = sha256_of(body)
        return ModelSnapshot(
            name=name,
            model_id=model_id_of(name, sha256),
            parent=self._parents.get(name),
            sha256=sha256,
            schema_hash=ROW.schema_hash,
            learned=learned,
            positives=positives,
            calibrated=calibrated,
            metrics=metrics,
            body=body,
            approved_by=approved_by,
        )

    def _steps(self) -> int:
        return 0 if self._heads is None else self._heads.steps

    def _note_steps(self) -> None:
        if self._first_step_ms is None and self._steps() > self._steps_at_last:
            self._first_step_ms = self._clock_ms


def _said_of(snapshot: ModelSnapshot) -> list[Any]:
    """Return what a decision reads of a snapshot beside its numbers, as JSON data."""
    return [snapshot.model_id, list(snapshot.approved_by), snapshot.calibrated]
