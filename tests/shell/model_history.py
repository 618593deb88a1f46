"""Records of `models.v1` from a simulated half year: one model lived through a drift, one waits."""

from functools import cache

from contracts.model_reports import ModelEvent, ModelReport
from contracts.snapshots import ModelSnapshot, SnapshotRecord
from models.reporting import report_of
from models.watch import Watch
from shouwen.model_view.history import History
from tests.models.champions import DAY_MS, FEATURES, Head, World

START_MS = 1_767_196_800_000
DRIFT_DAY = 100


def a_snapshot(name: str, digits: str, *, learned: int) -> ModelSnapshot:
    return ModelSnapshot(
        name=name,
        model_id=f"{name}:{digits * 4}",
        parent=None,
        sha256=digits * 16,
        schema_hash="ab" * 8,
        learned=learned,
        positives=learned // 40,
        calibrated=learned > 5_000,
        metrics={"auc": 0.7 + learned / 1e6, "log_loss": 0.11, "rows": float(learned)},
        body={"format": "none"},
    )


@cache
def values() -> tuple[bytes, ...]:
    """Return the records, one each five days."""
    said: list[bytes] = []

    def report(day: int) -> None:
        if day % 5:
            return
        propensity = _shifted(
            report_of(
                "drawn_30d",
                head.watch,
                head.lines,
                served=head.served,
                psi={
                    f: 0.02 + 0.09 * place * (day > DRIFT_DAY) for place, f in enumerate(FEATURES)
                },
                frozen_id="drawn_30d:0123456789abcdef",
            )
        )
        risk = _shifted(report_of("dpd30_mob3", waiting, head.lines, served=waiting_served, psi={}))
        learned = head.progress.rows
        record = SnapshotRecord(
            at_ms=START_MS + day * DAY_MS,
            examples_offset=day,
            snapshots=(a_snapshot("drawn_30d", f"{day:04x}", learned=learned),),
            checkpoint={"anything": "at all"},
            checkpoint_sha256="0" * 64,
            reports=(propensity, risk),
        )
        said.append(record.model_dump_json().encode())

    head = Head(Watch(FEATURES, lines=("main",)), each_day=report)
    waiting = Watch(FEATURES, lines=("main",), champion=None, is_risk=True)
    waiting_served = type(head.served)()
    head.live(World.of(seed=2, days=221, drift_day=DRIFT_DAY), freeze_day=60)
    return tuple(said)


def a_history() -> History:
    """Return the same as a history."""
    return History(values())


def _shifted(report: ModelReport) -> ModelReport:
    """Return a report of a world that began on day 0 as of one that began in 2026."""
    since_ms = report.champion_since_ms
    return report.model_copy(
        update={
            "champion_since_ms": None if since_ms is None else START_MS + since_ms,
            "blocks": tuple(
                block.model_copy(update={"from_ms": START_MS + block.from_ms})
                for block in report.blocks
            ),
            "events": tuple(
                ModelEvent(at_ms=START_MS + event.at_ms, kind=event.kind, about=event.about)
                for event in report.events
            ),
        }
    )
