"""A real Prometheus on a free port of loopback, with our own configuration, for a test."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from adapters.owned_process import OwnedProcess
from adapters.ports import LOOPBACK, free_ports

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS_DIR = ROOT / "deploy" / "prometheus"
PATIENCE_SECONDS = 30.0


def need(program: str) -> str:
    """Return the path of `program`; absent, the test is skipped, except in CI, where it fails."""
    found = shutil.which(program)
    if found is not None:
        return found
    reason = f"needs the program {program!r}: install the package `prometheus` of your system"
    if os.environ.get("SHOUWEN_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class LocalPrometheus:
    """Scrapes `targets` every second with the project's configuration and rules, until stopped.

    Args:
        directory: Its configuration, data and log.
        targets: `host:port` of each process to scrape at `/metrics`.
    """

    def __init__(self, directory: Path, targets: Sequence[str]) -> None:
        self._directory = directory
        self._targets = list(targets)
        self._process: OwnedProcess | None = None
        self._port = 0

    def __enter__(self) -> Self:
        program = need("prometheus")
        (self._port,) = free_ports(1)
        self._process = OwnedProcess(
            [
                program,
                f"--config.file={self._write_config()}",
                f"--storage.tsdb.path={self._directory / 'data'}",
                f"--web.listen-address={LOOPBACK}:{self._port}",
            ],
            log_path=self._directory / "prometheus.log",
        )
        if not eventually(self._is_ready):
            said = self._process.log_tail()
            self._process.stop()
            pytest.fail(f"Prometheus needs to answer at {LOOPBACK}:{self._port}; it said:\n{said}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.stop(timeout_seconds=10.0)

    def series(self, expr: str) -> list[dict[str, Any]]:
        """Return the series that an expression has now."""
        found: list[dict[str, Any]] = self._get("query", query=expr)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health and last error."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://{LOOPBACK}:{self._port}/-/ready", timeout=2):
                return True
        except URLError:
            return False

    def _get(self, what: str, **query: str) -> dict[str, Any]:
        url = f"http://{LOOPBACK}:{self._port}/api/v1/{what}?{urlencode(query)}"
        with urlopen(url, timeout=10) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
        return data

    def _write_config(self) -> Path:
        """Take the project's configuration, but scrape our targets, and sooner."""
        config = yaml.safe_load((PROMETHEUS_DIR / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(PROMETHEUS_DIR / name) for name in config["rule_files"]]
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": self._targets}]
        path = self._directory / "prometheus.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return path


def eventually(holds: Any, *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Return whether `holds()` came true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
