"""Whatever somebody can set, run, read or be alerted by has its place in the documentation."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from contracts.topics import Topic
from decisions.moments import MOMENTS
from features import NAMES
from shouwen.settings import Settings, environment_name
from tests.deploy.driven import collectors
from tests.docs.reference import ROOT, commands, set_by

DOCS = sorted(ROOT.glob("docs/**/*.md"))
ROOMS = ("contracts", "features", "models", "decisions", "engine", "adapters", "streams", "replay")
SHELL = ("simulator", "shouwen", "strategies", "deploy", "tests")
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
ADR_PARTS = (
    "Context",
    "Decision",
    "What we rejected and why",
    "What it costs",
    "How we would notice it was wrong",
)


def _metric_names() -> list[str]:
    families = [
        family
        for _, metric in collectors(Metrics(CollectorRegistry()))
        for family in metric.describe()
    ]
    return [f"{f.name}_total" if f.type == "counter" else f.name for f in families]


@pytest.mark.parametrize("name", [environment_name(field) for field in Settings.model_fields])
def test_a_setting_is_in_the_reference(name: str) -> None:
    """An operator searches the page for the name, not the code."""
    assert f"| `{name}` |" in REFERENCE


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_setting_says_what_it_is(field: str) -> None:
    """A name and a default do not say what changes when one changes it."""
    assert Settings.model_fields[field].description


@pytest.mark.parametrize("name", _metric_names())
def test_a_metric_is_in_the_reference(name: str) -> None:
    """Whoever builds an alert of their own needs to know what is counted, and by whom."""
    assert f"| `{name}` |" in REFERENCE


def test_metrics_that_nobody_sets_are_confessed() -> None:
    """A counter that always says 0 is a lie, unless the page for operators says so."""
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    unset = [
        name
        for name, (attribute, _) in zip(
            _metric_names(), collectors(Metrics(CollectorRegistry())), strict=True
        )
        if set_by(attribute) == "nobody yet"
    ]

    not_built = operations.partition("## What is not built yet")[2]
    assert [name for name in unset if name not in not_built] == []


@pytest.mark.parametrize("topic", list(Topic))
def test_a_topic_is_in_the_reference_and_in_the_architecture(topic: Topic) -> None:
    """A source team reads one page, an operator the other."""
    architecture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

    assert f"| `{topic.value}` |" in REFERENCE
    assert f"`{topic.value}`" in architecture


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_a_command_is_in_the_reference(name: str) -> None:
    """A command that is found only by `--help` is found by those who know it."""
    assert f"| `shouwen {name}` |" in REFERENCE


@pytest.mark.parametrize("name", NAMES)
def test_a_feature_is_in_the_reference(name: str) -> None:
    """Strategies name features; a strategist has no other list."""
    assert f"| `{name}` |" in REFERENCE


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_is_in_the_reference_and_in_the_domain(moment: str) -> None:
    """Its thresholds are there, and here is why it is one."""
    domain = (ROOT / "docs/domain.md").read_text(encoding="utf-8")

    assert f"| `{moment}` |" in REFERENCE
    assert f"`{moment}`" in domain


def test_every_section_that_the_code_cites_is_there() -> None:
    """A docstring that cites a section sends its reader there, years later."""
    cite = re.compile(r"`?docs/domain\.md`?,\s+\"([^\"]+)\"")
    text = (ROOT / "docs/domain.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    cited = {
        (path.relative_to(ROOT).as_posix(), " ".join(section.split()))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for section in cite.findall(path.read_text(encoding="utf-8"))
    }

    assert len(cited) > 5
    assert {(path, section) for path, section in cited if section not in headings} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_paths_of_a_page_lead_somewhere(page: Path) -> None:
    """A page outlives the file that it points to, unless somebody looks."""
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link]
    rooms = "|".join((*ROOMS, *SHELL, "docs", "benchmarks"))
    paths = re.findall(rf"`((?:{rooms})/[\w./\-]+\.(?:py|md|yaml|yml|toml|json))`", text)

    assert [link for link in links if not (page.parent / link).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/adr/*.md")), ids=lambda page: page.stem)
def test_a_decision_record_says_what_it_costs(page: Path) -> None:
    """Without what was rejected and how we would notice, it is an announcement."""
    text = page.read_text(encoding="utf-8")

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", page.stem)
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == ADR_PARTS
    assert len(text.splitlines()) <= 60, "one page"


def test_decision_records_that_are_cited_exist() -> None:
    """`ADR 0003` in an error message is a promise that there is one."""
    numbers = {page.stem[:4] for page in ROOT.glob("docs/adr/*.md")}
    files = [ROOT / "pyproject.toml", *DOCS]
    files += [path for room in (*ROOMS, *SHELL) for path in (ROOT / room).rglob("*.py")]
    cited = {
        number
        for path in files
        if path != Path(__file__)
        for number in re.findall(r"ADR (\d{4})", path.read_text(encoding="utf-8"))
    }

    assert cited
    assert cited <= numbers
