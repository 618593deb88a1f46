"""The quality of features in one decide process: a sample of its rows, as metrics, for people."""

import math
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import structlog
from prometheus_client import Gauge

from adapters.metrics import Metrics
from adapters.quality_reference import read_reference, write_reference
from features import NAMES, SCHEMA_HASH
from features.quality import Row, RowSketch

_log = structlog.get_logger()


class FeatureQuality:
    """Sketches the sampled rows of all the process's partitions together.

    With a path, the reference is read from there, or written there once there are rows enough, so
    that it outlives the process. One of another catalogue is replaced.

    Args:
        metrics: Told of each full window.
        path: Of the stored reference; none = the first rows of each process.
    """

    def __init__(self, metrics: Metrics, *, path: Path | None = None) -> None:
        self._metrics = metrics
        self._path = path
        stored = None if path is None else read_reference(path, schema=SCHEMA_HASH)
        self._sketch = RowSketch(NAMES, reference=stored)
        self._lock = Lock()
        self._kept: dict[str, tuple[Gauge, Gauge, Gauge, Gauge]] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Take the sampled rows of a batch in; lanes call this from their threads."""
        if not rows:
            return
        with self._lock:
            had_reference = self._sketch.reference is not None
            health = self._sketch.add(rows)
            reference = self._sketch.reference
        self._metrics.feature_rows.inc(len(rows))
        if reference is not None and not had_reference and self._path is not None:
            write_reference(self._path, reference, schema=SCHEMA_HASH)
            _log.info("quality_reference_written", path=str(self._path))
        for name, found in health.items():
            missing, drift, low, high = self._gauges(name)
            missing.set(found.missing_ratio)
            drift.set(found.drift_psi)
            if not math.isnan(found.low):
                low.set(found.low)
                high.set(found.high)

    def _gauges(self, name: str) -> tuple[Gauge, Gauge, Gauge, Gauge]:
        """Return a feature's four gauges, kept: finding them again costs more than setting them."""
        if name not in self._kept:
            metrics = self._metrics
            self._kept[name] = (
                metrics.feature_missing.labels(feature=name),
                metrics.feature_drift.labels(feature=name),
                metrics.feature_low.labels(feature=name),
                metrics.feature_high.labels(feature=name),
            )
        return self._kept[name]
