"""Every alert fires when it should, stays quiet when it should, and its test would notice."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.prom import PROMETHEUS_DIR, ROOT, need
from tests.deploy.promql import alerts

pytestmark = pytest.mark.prometheus

NAMES = {rule["alert"] for rule in alerts()}


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [need("promtool"), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _test_rules(folder: Path) -> tuple[int, set[str]]:
    """Return the exit code, and which alerts were not as expected."""
    done = _run("test", "rules", *sorted(folder.glob("tests/*.yml")))
    return done.returncode, set(re.findall(r"alertname: ?(\w+)", done.stdout + done.stderr))


def _changed(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return a copy of the rules in which every alert was changed."""
    folder = shutil.copytree(PROMETHEUS_DIR, tmp_path / "prometheus")
    path = folder / "rules" / "alerts.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for group in content["groups"]:
        for rule in group["rules"]:
            change(rule)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def test_prometheus_takes_the_configuration() -> None:
    """It refuses to start with a file it cannot read, on the day of the installation."""
    done = _run("check", "config", PROMETHEUS_DIR / "prometheus.yml")

    assert done.returncode == 0, done.stderr
    assert "rules found" in done.stdout


def test_alerts_fire_and_stay_quiet_as_their_tests_say() -> None:
    """An alert that nobody saw fire is a hope."""
    assert _test_rules(PROMETHEUS_DIR) == (0, set())


def test_an_alert_that_never_fires_is_noticed(tmp_path: Path) -> None:
    """Negative control: break every expression so that it is always empty."""
    folder = _changed(tmp_path, lambda rule: rule.update(expr="vector(1) < 0"))

    assert _test_rules(folder) == (1, NAMES)


def test_an_alert_that_always_fires_is_noticed(tmp_path: Path) -> None:
    """Negative control: each alert has a moment at which it must be quiet."""

    def cry_wolf(rule: dict[str, Any]) -> None:
        rule["expr"] = "vector(1)"
        rule.pop("for", None)

    assert _test_rules(_changed(tmp_path, cry_wolf)) == (1, NAMES)


def test_a_threshold_that_moved_is_noticed(tmp_path: Path) -> None:
    """Somebody silences an alert by raising its number: the numbers are what was agreed."""
    moved: set[str] = set()

    def raise_threshold(rule: dict[str, Any]) -> None:
        rule["expr"], found = re.subn(r"> \d+(\.\d+)?", "> 1000000", rule["expr"])
        if found:
            moved.add(rule["alert"])

    code, failed = _test_rules(_changed(tmp_path, raise_threshold))

    assert code == 1
    assert len(moved) > len(NAMES) / 2
    assert failed == moved


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_its_section_of_the_runbook(rule: dict[str, Any]) -> None:
    """Whoever is woken at night needs the page that says what to do, and it must be there."""
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)

    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_the_runbook_has_no_alert_that_is_gone() -> None:
    """Advice for an alert that cannot come misleads."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^#+ (Shouwen[A-Z]\w+)$", text, re.MULTILINE)) == NAMES
