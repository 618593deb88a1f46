"""A head's watch and measures as the report that people read."""

from collections.abc import Mapping

from contracts.model_names import ModelName
from contracts.model_reports import ContestReport, ModelReport, ReliabilityPoint, TimeBlock
from models.progress import Progress
from models.watch import Standing, Watch


def report_of(
    model: ModelName,
    watch: Watch,
    lines: Mapping[str, Standing],
    *,
    served: Progress,
    psi: Mapping[str, float],
    frozen_id: str | None = None,
) -> ModelReport:
    """Return what people see of a head.

    Args:
        model: Which model.
        watch: Who serves, and what happened.
        lines: All lines of the head.
        served: Measures of the scores that decisions saw; of what serves now, if there are none.
        psi: Drift of the features of the shared row; only the head's own are told.
        frozen_id: Id of the snapshot that serves frozen, if one does.
    """
    champion, shown = watch.champion, served
    if not served.rows and champion.line is not None:
        shown = lines[champion.line].progress
    serving = None if champion.served is None else champion.line
    return ModelReport(
        model=model,
        champion=frozen_id if champion.line is None else serving,
        champion_since_ms=champion.since_ms,
        is_frozen=champion.frozen is not None,
        lines={
            **{name: standing.progress.measures() for name, standing in lines.items()},
            "served": served.measures(),
        },
        reliability=tuple(
            ReliabilityPoint(
                rows=group.rows, positives=group.positives, mean_score=group.mean_score
            )
            for group in shown.reliability()
        ),
        blocks=tuple(
            TimeBlock(
                from_ms=block.from_ms,
                rows=block.rows,
                positives=block.positives,
                predicted=block.predicted,
                log_loss=block.log_loss,
            )
            for block in shown.blocks()
        ),
        psi={name: psi[name] for name in watch.names if name in psi},
        leaks=watch.leaks.suspects(),
        contests=tuple(
            ContestReport(
                challenger=line,
                rows=contest.rows,
                log_evidence=contest.log_evidence,
                most=contest.most,
                needed=contest.needed,
                unmet=watch.verdict(line, lines[line]).unmet,
            )
            for line, contest in champion.challengers.items()
        ),
        events=watch.diary.events,
        totals=watch.diary.totals,
    )
