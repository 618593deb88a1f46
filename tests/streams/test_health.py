"""Probes and metrics of a worker, and the fingerprint that must be equal for bits to be equal."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from adapters import build
from adapters.metrics import Metrics
from streams.errors import StreamsError
from streams.health import HealthServer


def status(port: int, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_worker_may_live_without_being_ready() -> None:
    """A worker that waits for its broker must not be killed, and must not be sent traffic."""
    ready = False
    metrics = Metrics(CollectorRegistry())
    server = HealthServer("127.0.0.1", 0, registry=metrics.registry, is_ready=lambda: ready)
    server.start()
    try:
        assert status(server.port, "/live") == 200
        assert status(server.port, "/ready") == 503
        ready = True
        assert status(server.port, "/ready") == 200
        assert status(server.port, "/elsewhere") == 404
        metrics.duplicates.inc()
        with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=5) as page:
            assert b"shouwen_duplicates_total 1.0" in page.read()
    finally:
        server.stop()


def test_a_taken_port_is_named_with_the_setting_that_chose_it() -> None:
    """Two workers on one machine with the same port are the commonest mistake of a first start."""
    registry = CollectorRegistry()
    first = HealthServer("127.0.0.1", 0, registry=registry, is_ready=lambda: True)
    first.start()
    try:
        second = HealthServer("127.0.0.1", first.port, registry=registry, is_ready=lambda: True)
        with pytest.raises(StreamsError, match=rf"127\.0\.0\.1:{first.port} .*METRICS_PORT"):
            second.start()
    finally:
        first.stop()


def test_no_metric_is_labelled_by_a_customer_or_an_event() -> None:
    """Each new label value is a new time series, for ever."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    labels = {
        label for metric in vars(metrics).values() for label in getattr(metric, "_labelnames", ())
    }

    assert not labels & {"customer", "customer_id", "subject_id", "decision_id", "event_id", "key"}


def test_a_fingerprint_changes_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that decides otherwise must not fold what another one has published."""
    here = build._source_hash()
    monkeypatch.setattr(build, "CORE_ROOMS", build.CORE_ROOMS[:-1])

    assert build._source_hash() != here


def test_a_fingerprint_changes_with_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another processor may round otherwise: it must be named, not hidden."""
    here = build._machine_hash()
    monkeypatch.setattr(build, "_cpu_flags", lambda: "another processor")

    assert build._machine_hash() != here


def test_a_fingerprint_changes_with_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another numpy is another build: what it computes was never compared."""
    here = build._libraries_hash()
    monkeypatch.setattr(build, "_NUMERIC_LIBRARIES", ("numpy",))

    assert build._libraries_hash() != here
