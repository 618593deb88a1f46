"""The history of the models, read from `models.v1` without its checkpoints."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from contracts.model_reports import ModelReport
from contracts.snapshots import ModelSnapshot
from contracts.topics import Topic
from shouwen.errors import ShouwenError
from shouwen.settings import Settings

_PARTITION = 0


class _Record(msgspec.Struct):
    """The fields of a `SnapshotRecord` that people see; a checkpoint of megabytes is skipped."""

    at_ms: int
    snapshots: list[msgspec.Raw] = []
    candidates: list[msgspec.Raw] = []
    reports: list[msgspec.Raw] = []


class Moment:
    """What was known at one snapshot: a report per model, and the snapshots taken then."""

    def __init__(self, value: bytes) -> None:
        record = msgspec.json.decode(value, type=_Record)
        self.at_ms = record.at_ms
        # Copies: a Raw holds on to the whole record, checkpoint and all.
        self._reports = [bytes(raw) for raw in record.reports]
        self._snapshots = [bytes(raw) for raw in record.snapshots]
        self._candidates = [bytes(raw) for raw in record.candidates]

    @cached_property
    def reports(self) -> dict[str, ModelReport]:
        """The report of each model."""
        read = [ModelReport.model_validate_json(raw) for raw in self._reports]
        return {report.model: report for report in read}

    @property
    def snapshots(self) -> list[ModelSnapshot]:
        """The snapshots that serve from then on."""
        return [ModelSnapshot.model_validate_json(raw) for raw in self._snapshots]

    @property
    def candidates(self) -> list[ModelSnapshot]:
        """What a model knew that people had not approved."""
        return [ModelSnapshot.model_validate_json(raw) for raw in self._candidates]

    @property
    def has_snapshots(self) -> bool:
        """Whether any snapshot was taken then."""
        return bool(self._snapshots or self._candidates)


class History:
    """Moments, oldest first.

    Args:
        values: Values of `models.v1`, in order.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        self.moments = [Moment(value) for value in values]

    def newest(self) -> Moment:
        """Return the newest moment that has reports.

        Raises:
            ShouwenError: there is none.
        """
        for moment in reversed(self.moments):
            if moment.reports:
                return moment
        raise ShouwenError(
            f"the models need a learner that has reported; got {len(self.moments)} records of "
            f"{Topic.MODELS.value} without a report. Start `shouwen worker` with the role learn, "
            "and wait for its first snapshot."
        )

    def report(self, model: str) -> ModelReport:
        """Return the newest report of a model.

        Raises:
            ShouwenError: there is none of that name.
        """
        reports = self.newest().reports
        if model not in reports:
            raise ShouwenError(
                f"a model needs a name that the learner knows; got {model!r}. "
                f"There are {', '.join(sorted(reports))}."
            )
        return reports[model]

    def snapshot(self, model_id: str) -> ModelSnapshot:
        """Return the newest snapshot of an id, served or candidate.

        Raises:
            ShouwenError: no record has it.
        """
        for moment in reversed(self.moments):
            if not moment.has_snapshots:
                continue
            for snapshot in (*moment.snapshots, *moment.candidates):
                if snapshot.model_id == model_id:
                    return snapshot
        raise ShouwenError(
            f"a snapshot needs an id that is in {Topic.MODELS.value}; got {model_id!r}. "
            "`shouwen models show MODEL` lists the newest ones."
        )

    def has_served(self, model_id: str) -> bool:
        """Return whether a snapshot of this id ever served."""
        return any(
            snapshot.model_id == model_id
            for moment in self.moments
            if moment.has_snapshots
            for snapshot in moment.snapshots
        )

    def snapshots_of(self, model: str, *, most: int) -> list[tuple[int, ModelSnapshot, bool]]:
        """Return (when, snapshot, whether it served) of a model, newest first."""
        found: list[tuple[int, ModelSnapshot, bool]] = []
        for moment in reversed(self.moments):
            if not moment.has_snapshots:
                continue
            for served, group in ((True, moment.snapshots), (False, moment.candidates)):
                found += [(moment.at_ms, each, served) for each in group if each.name == model]
            if len(found) >= most:
                break
        return found[:most]

    def over_time(self, model: str, *, most: int) -> list[tuple[int, ModelReport]]:
        """Return (when, report) of a model, oldest first, evenly thinned to at most `most`."""
        thinned = _thinned(self.moments, most)
        return [(m.at_ms, m.reports[model]) for m in thinned if model in m.reports]


def read_history(settings: Settings) -> History:
    """Return the history of a deployment's models, as committed.

    Raises:
        KafkaException: the broker or the topic is not there.
    """
    from streams.changelog import read_to_end

    name = f"{settings.topic_prefix}{Topic.MODELS.value}"
    batches = read_to_end(settings.kafka_bootstrap, name, _PARTITION)
    return History(record.value() or b"" for records in batches for record in records)


def _thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    if len(moments) <= most:
        return list(moments)
    return [moments[i * (len(moments) - 1) // (most - 1)] for i in range(most)]
