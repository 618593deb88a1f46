"""Settings are complete, frozen, and refuse what they do not know."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shouwen.errors import SettingsError
from shouwen.settings import Settings, environment_name


def test_without_anything_set_a_laptop_works() -> None:
    """The defaults are those of one machine with one broker on the usual port."""
    settings = Settings.load({})

    assert settings.kafka_bootstrap == "127.0.0.1:9092"
    assert settings.redis_url is None
    assert settings.clock == "live"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """The file is the deployment's; the environment is for the one process that differs."""
    file = tmp_path / "shouwen.toml"
    file.write_text('partitions = 12\nclock = "recorded"\n', encoding="utf-8")

    settings, origins = Settings.load_with_origins(
        {"SHOUWEN_CONFIG": str(file), "SHOUWEN_PARTITIONS": "6"}
    )

    assert (settings.partitions, settings.clock) == (6, "recorded")
    assert (origins["partitions"], origins["clock"]) == ("environment", "file")


def test_a_name_nobody_knows_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    """A misspelt setting must not leave a service running on a default nobody chose."""
    file = tmp_path / "shouwen.toml"
    file.write_text("partition = 12\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"'partition' in the file\. Did you mean 'partitions'"):
        Settings.load({"SHOUWEN_CONFIG": str(file)})
    with pytest.raises(SettingsError, match=r"SHOUWEN_CLOK.*SHOUWEN_CLOCK"):
        Settings.load({"SHOUWEN_CLOK": "live"})


@given(st.from_regex(r"SHOUWEN_[A-Z_]{1,30}", fullmatch=True))
def test_every_unknown_name_with_our_prefix_is_refused(name: str) -> None:
    """Not only the near misses."""
    known = {environment_name(setting) for setting in Settings.model_fields}
    if name in known | {"SHOUWEN_CONFIG", "SHOUWEN_CI", "SHOUWEN_TEST_DATA"}:
        return
    with pytest.raises(SettingsError, match=name):
        Settings.load({name: "1"})


def test_a_value_out_of_range_names_the_setting_and_the_value() -> None:
    """The person who set it must find it again."""
    with pytest.raises(SettingsError, match=r"partitions:.*got '0'"):
        Settings.load({"SHOUWEN_PARTITIONS": "0"})
    with pytest.raises(SettingsError, match="dead_letter_alert_ratio"):
        Settings.load({"SHOUWEN_DEAD_LETTER_ALERT_RATIO": "5%"})


def test_a_file_that_is_not_there_or_not_toml_is_refused(tmp_path: Path) -> None:
    """A file that is named is meant."""
    broken = tmp_path / "broken.toml"
    broken.write_text("partitions =", encoding="utf-8")

    for path in (tmp_path / "absent.toml", broken):
        with pytest.raises(SettingsError, match=path.name):
            Settings.load({"SHOUWEN_CONFIG": str(path)})


def test_settings_do_not_change_after_the_start() -> None:
    """What was logged at the start is what runs."""
    settings = Settings.load({})

    with pytest.raises(ValidationError, match="frozen"):
        settings.partitions = 8  # type: ignore[misc] # the point of the test


def test_no_password_is_shown_or_printed() -> None:
    """Settings end up in terminals, logs and tickets."""
    url = "rediss://view:s3cret-canary@redis.example:6379/0"
    settings = Settings.load({"SHOUWEN_REDIS_URL": url})

    assert settings.redis_url == url
    assert "s3cret-canary" not in f"{settings!r} {settings} {settings.shown()}"
    assert settings.shown()["redis_url"] == "rediss://view:***@redis.example:6379/0"


@pytest.mark.parametrize("url", ["", "redis.example:6379", "https://view:s3cret-canary@r.example"])
def test_an_address_that_is_no_redis_is_refused_before_a_worker_starts(url: str) -> None:
    """`project` would end with it each time, for ever; and the refusal must not tell a password."""
    with pytest.raises(SettingsError, match=r"redis_url: .*\(redis\|rediss\|unix\)") as refused:
        Settings.load({"SHOUWEN_REDIS_URL": url})

    assert "s3cret-canary" not in str(refused.value)
