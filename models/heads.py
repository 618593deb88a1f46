"""All heads on one encoding, with the rows that they share and what watches over those."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np

from contracts.examples import Example, LabelName, RowKind
from contracts.model_orders import ModelOrder
from contracts.model_reports import ModelReport
from models.anomaly_head import AnomalyHead
from models.canary import Canary
from models.champion import Champion
from models.encoding import Encoding
from models.features_of import ROW
from models.head import Head
from models.labels import POLICIES
from models.lessons import LearnsRows
from models.lines import LINES, MAIN
from models.open_rows import LIMITS, OpenRow
from models.psi import FeatureDrift
from models.row_life import RowLife
from models.rows import Row
from models.uplift_head import UpliftHead

RiskServing = Literal["approved", "live"]


class Heads:
    """Every model that learns, told of each row and label once and in order.

    Args:
        encoding: Of the shared row, fitted and frozen.
        reference: The rows (N, F) that it was fitted on: drift is measured against them.
        limits: Open rows kept of each kind.
        risk_serving: `approved`: a risk model serves only what two people let it; `live`: it serves
            as it learns, for a demonstration.
    """

    def __init__(
        self,
        encoding: Encoding,
        reference: Row,
        *,
        limits: Mapping[RowKind, int] = LIMITS,
        risk_serving: RiskServing = "approved",
    ) -> None:
        self.encoding = encoding
        self.risk_serving = risk_serving
        live = risk_serving == "live"
        self.labels: dict[LabelName, Head] = {
            name: Head(policy, encoding, serves_unapproved=live)
            for name, policy in POLICIES.items()
        }
        self.others: tuple[LearnsRows, ...] = (UpliftHead(encoding), AnomalyHead())
        self.canary = Canary(len(ROW.names))
        self.drift = FeatureDrift(ROW.names, encoding.encode_many(reference)[0])
        self.life = RowLife(self.all(), encoding, limits=limits, seen=self._see)

    def all(self) -> tuple[LearnsRows, ...]:
        """Return every head, in the order in which they are told."""
        return (*self.labels.values(), *self.others)

    @property
    def steps(self) -> int:
        """How many lessons all heads have taken."""
        return sum(head.steps for head in self.all())

    @property
    def wants_snapshot(self) -> bool:
        """Whether people ordered something that is to take effect soon."""
        labels = self.labels.values()
        return any(head.watch.wants_snapshot for head in labels if head.policy.serves)

    def apply(self, example: Example) -> None:
        """Apply one step in the life of one row."""
        self.life.apply(example)

    def obey(self, order: ModelOrder, *, at_ms: int) -> None:
        """Do what people ordered, at a time of the rows, where it is about a label's model."""
        head = next((head for name, head in self.labels.items() if name == order.model), None)
        if head is not None:
            head.obey(order, at_ms=at_ms)

    def metrics(self, name: LabelName) -> dict[str, float]:
        """Return the measures of a label: of its head, of its rows, and what came of examples."""
        return {
            **self.labels[name].metrics(),
            **{
                f"examples_{what}": float(count)
                for what, count in sorted(self.life.counts[name].items())
            },
            "open_rows": float(sum(name in row.states for _, row in self.life.rows)),
            "dropped_rows": float(self.life.rows.dropped[POLICIES[name].row_kind]),
        }

    def reports(self, frozen_ids: Mapping[str, str]) -> tuple[ModelReport, ...]:
        """Return what people read; `frozen_ids` names the snapshot that serves, by model."""
        psi = self.drift.psi()
        return tuple(
            head.report(psi, frozen_id=frozen_ids.get(name)) for name, head in self.labels.items()
        )

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "encoding": self.encoding.to_data(),
            "risk_serving": self.risk_serving,
            "heads": {head.name: head.to_data() for head in self.all()},
            "life": self.life.to_data(),
            "canary": self.canary.to_data(),
            "drift": self.drift.to_data(),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], *, risk_serving: RiskServing) -> Self:
        """Return what `to_data` described, to the bit.

        Where `risk_serving` is another one than then, risk models that nobody approved follow it.
        """
        encoding = Encoding.from_data(data["encoding"])
        nothing = np.empty((0, len(ROW.names)), dtype=np.float32)
        heads = cls(encoding, nothing, risk_serving=risk_serving)
        heads.labels = {
            name: Head.from_data(data["heads"][name], policy, encoding)
            for name, policy in POLICIES.items()
        }
        heads.others = (
            UpliftHead.from_data(data["heads"]["uplift_30d"], encoding=encoding),
            AnomalyHead.from_data(data["heads"]["anomaly"]),
        )
        heads.canary = Canary.from_data(data["canary"])
        heads.drift = FeatureDrift.from_data(data["drift"])
        heads.life = RowLife.from_data(data["life"], heads.all(), encoding, seen=heads._see)
        if risk_serving != data["risk_serving"]:
            for head in heads.labels.values():
                if head.policy.is_risk and not head.watch.champion.approved_by:
                    line = MAIN if risk_serving == "live" else None
                    head.watch.champion = Champion(LINES, line)
        return heads

    def _see(self, row_id: str, row: OpenRow) -> None:
        self.canary.offer(row_id, row.row)
        self.drift.add(row.codes[0])
