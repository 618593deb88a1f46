"""`shouwen strategy`: two people, every partition, all or nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from confluent_kafka import KafkaException, Producer

from contracts.control import DecisionsSwitched, StrategyActivated, StrategyPaused
from contracts.topics import Topic
from decisions.risk import screen as risk_screen
from shouwen.cli import main
from strategies import bundled, load_file
from streams.settings import StreamSettings
from tests.conftest import PARTITIONS, Deployment
from tests.streams.stand import Stand, eventually

BUNDLED = "no_loan_to_loan_v1"


def shouwen(*arguments: str, deployment: Deployment | None = None, **env: str) -> Result:
    """Run a command as a person does, against a deployment on a live clock."""
    if deployment is not None:
        env |= {
            "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
            "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
            "SHOUWEN_PARTITIONS": str(deployment.partitions),
        }
    return CliRunner(env={"SHOUWEN_CONFIG": None, **env}).invoke(main, arguments)


def a_file(folder: Path, **changes: object) -> str:
    """A strategy file that differs from the bundled one in `changes`."""
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**load_file(bundled(BUNDLED)), **changes}))
    return str(path)


@pytest.fixture
def stand(deployment: Deployment, tmp_path: Path) -> Iterator[Stand]:
    """A reader of committed records that is none of ours."""
    settings = StreamSettings(
        bootstrap=deployment.bootstrap,
        topic_prefix=deployment.topic_prefix,
        partitions=deployment.partitions,
    )
    stand = Stand(settings, tmp_path)
    yield stand
    stand.close()


def on_control(stand: Stand) -> list[list[bytes]]:
    """What a reader of committed records finds on `control.v1`, by partition."""
    return [[record.value() or b"" for record in part] for part in stand.read_all(Topic.CONTROL)]


def is_switched(stand: Stand) -> bool:
    """Whether every partition has one record; a commit reaches them one after the other."""
    return eventually(lambda: [len(records) for records in on_control(stand)] == [1] * PARTITIONS)


@pytest.mark.kafka
def test_an_activation_is_in_every_partition_once(deployment: Deployment, stand: Stand) -> None:
    """A customer's partition must not decide which strategy applies."""
    done = shouwen("strategy", "activate", BUNDLED, deployment=deployment)

    assert done.exit_code == 0, done.output
    assert f"is active in {PARTITIONS} partitions" in done.output
    assert is_switched(stand)
    (value,) = {value for records in on_control(stand) for value in records}
    assert StrategyActivated.model_validate_json(value).strategy == load_file(bundled(BUNDLED))


@pytest.mark.kafka
def test_a_pause_is_in_every_partition_with_its_reason(
    deployment: Deployment, stand: Stand
) -> None:
    """The journal must say why, years later."""
    done = shouwen("strategy", "pause", BUNDLED, "--reason", "complaints", deployment=deployment)

    assert done.exit_code == 0, done.output
    assert is_switched(stand)
    for records in on_control(stand):
        assert [StrategyPaused.model_validate_json(value).reason for value in records] == [
            "complaints"
        ]


@pytest.mark.kafka
def test_a_switch_that_fails_half_way_is_in_no_partition(
    deployment: Deployment, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a bank on another strategy is what the transaction is for."""

    class LosesTheLast(Producer):
        """A producer that is refused the last partition's record."""

        def produce(self, topic: str, value: bytes, partition: int) -> None:
            if partition == PARTITIONS - 1:
                raise KafkaException("the broker refused the record")
            super().produce(topic, value=value, partition=partition)
            self.flush(10)  # the records before are on the broker when it happens

    monkeypatch.setattr("shouwen.controls.Producer", LosesTheLast)

    done = shouwen("strategy", "activate", BUNDLED, deployment=deployment)

    assert done.exit_code == 1
    assert on_control(stand) == [[]] * PARTITIONS


@pytest.mark.kafka
def test_decisions_are_switched_in_every_partition(deployment: Deployment, stand: Stand) -> None:
    """Half a bank that goes on deciding is not off."""
    off = shouwen("decisions", "off", "--reason", "a wrong text", deployment=deployment)
    on = shouwen("decisions", "on", "--reason", "it is right now", deployment=deployment)

    assert (off.exit_code, on.exit_code) == (0, 0)
    assert off.output == f"decisions are off in {PARTITIONS} partitions\n"
    for records in on_control(stand):
        said = [DecisionsSwitched.model_validate_json(value) for value in records]
        assert [(one.on, one.reason) for one in said] == [
            (False, "a wrong text"),
            (True, "it is right now"),
        ]


def test_a_switch_of_decisions_says_why() -> None:
    """Months later somebody asks why nobody was called that week."""
    done = shouwen("decisions", "off", "--reason", "")

    assert done.exit_code == 1
    assert done.output.startswith("Error: a switch needs a reason of 1 to 500 letters; got 0")


@pytest.mark.kafka
def test_a_wrong_partition_count_switches_nothing(deployment: Deployment, stand: Stand) -> None:
    """Told of two partitions of four, the command would leave half the bank behind."""
    fewer = Deployment(
        bootstrap=deployment.bootstrap, topic_prefix=deployment.topic_prefix, partitions=2
    )

    done = shouwen("strategy", "activate", BUNDLED, deployment=fewer)

    assert done.exit_code == 1
    assert "partitions is 4, must be 2" in done.output
    assert on_control(stand) == [[]] * PARTITIONS


@pytest.mark.parametrize("name", ["mine.json", "elsewhere/mine"])
def test_a_path_is_not_taken_for_the_name_of_a_bundled_strategy(name: str, tmp_path: Path) -> None:
    """An answer that there is no such strategy would send somebody to look in the wrong place."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("[1, 2]")

    done = shouwen("strategy", "check", str(path))

    assert done.exit_code == 1
    assert "there is no strategy" not in done.output
    assert path.name in done.output


def test_a_strategy_that_passes_is_named_with_its_hash() -> None:
    """The hash is what the checker signs."""
    done = shouwen("strategy", "check", BUNDLED)

    assert done.exit_code == 0
    assert done.output.splitlines()[-1].startswith(f"{BUNDLED} version 1 passes; ")


@pytest.mark.parametrize("what", ["check", "activate"])
def test_one_person_cannot_be_maker_and_checker(tmp_path: Path, what: str) -> None:
    """Nobody activates what only they have read; nothing reaches the broker."""
    done = shouwen("strategy", what, a_file(tmp_path, checker="u1041"))

    assert done.exit_code == 1
    assert "needs a checker who is not its maker; got 'u1041' for both" in done.output


def test_a_draft_passes_its_check_and_is_not_activated(tmp_path: Path) -> None:
    """A draft is there to be backtested, not to decide."""
    draft = a_file(tmp_path, checker=None, status="draft")

    assert shouwen("strategy", "check", draft).exit_code == 0
    done = shouwen("strategy", "activate", draft)
    assert done.exit_code == 1
    assert "needs a checker and status 'approved'; got checker None" in done.output


def test_every_problem_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    """One error per attempt makes six attempts."""
    done = shouwen("strategy", "check", a_file(tmp_path, checker="u1041", version=0))

    assert done.exit_code == 1
    assert done.output.count("\n  - ") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("strategy", "activate", BUNDLED),
        ("strategy", "pause", BUNDLED, "--reason", "why"),
        ("decisions", "off", "--reason", "why"),
    ],
    ids=["activate", "pause", "off"],
)
def test_a_recorded_deployment_is_not_switched_by_hand(arguments: tuple[str, ...]) -> None:
    """It would race with the recording: two runs would decide differently."""
    done = shouwen(*arguments, SHOUWEN_CLOCK="recorded")

    assert done.exit_code == 1
    assert done.output.startswith("Error: a switch needs a live clock")
    assert done.output.count("\n") == 1


def test_an_absent_broker_is_one_line() -> None:
    """Not half a minute of silence and a client's code."""
    done = shouwen("strategy", "activate", BUNDLED, SHOUWEN_KAFKA_BOOTSTRAP="127.0.0.1:1")

    assert done.exit_code == 1
    assert done.output.startswith("Error: Shouwen needs a Kafka at '127.0.0.1:1'")


def test_a_pause_needs_a_reason_that_fits() -> None:
    """The contract's limits, in words and not as a traceback."""
    assert shouwen("strategy", "pause", BUNDLED).exit_code == 2
    done = shouwen("strategy", "pause", BUNDLED, "--reason", "x" * 501)
    assert done.exit_code == 1
    assert "at most 500 letters; check reason" in done.output


def test_a_check_tries_the_reasons_of_every_table_that_an_arm_decides_by() -> None:
    """Whoever signs a file should see that what customers will be told is true."""
    done = shouwen("strategy", "check", BUNDLED)

    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if "made-up customers" in line]
    assert [line.partition(":")[0] for line in lines] == [
        "risk_default_v1 (challenger)",
        "risk_default_v1",
    ]
    assert all("400 made-up customers, 100.0% true" in line for line in lines)


def test_a_check_refuses_tables_whose_reasons_explain_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Broken on purpose: whatever was hit is told, also what changed nothing."""
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, by_name: list(by_name))

    done = shouwen("strategy", "check", BUNDLED)

    assert done.exit_code == 1
    assert "needs reasons that are true" in done.output
    assert "cash_buffer_low" in done.output
