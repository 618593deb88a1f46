"""The settings of a deployment: from the environment or a TOML file, frozen, nothing unknown."""

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from shouwen.errors import SettingsError

ENV_PREFIX = "SHOUWEN_"
CONFIG_VARIABLE = "SHOUWEN_CONFIG"

_NOT_SETTINGS = frozenset({CONFIG_VARIABLE, "SHOUWEN_CI", "SHOUWEN_TEST_DATA"})
"""Names with our prefix that are not settings: the file itself, and what only tests read."""


class Settings(BaseSettings):
    """What a deployment may choose; the business is in strategies, not here.

    Each has an environment name, `SHOUWEN_` and the name in capitals, and a key of the same name
    in the TOML file that `SHOUWEN_CONFIG` points to. The environment wins over the file.

    >>> Settings.load({"SHOUWEN_PARTITIONS": "12"}).partitions
    12

    A misspelt name is refused, because a service that runs on a default nobody chose is worse than
    one that does not start:

    >>> Settings.load({"SHOUWEN_PARTITION": "12"})
    Traceback (most recent call last):
        ...
    shouwen.errors.SettingsError: Shouwen needs settings it knows; got 'SHOUWEN_PARTITION' in the
    environment. Did you mean 'SHOUWEN_PARTITIONS'? `shouwen settings` lists them all.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    kafka_bootstrap: str = Field(
        default="127.0.0.1:9092", min_length=1, description="Kafka: host:port, several with commas."
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        pattern=r"^(redis|rediss|unix)://",
        description="The view's Redis or Valkey; none starts one of our own.",
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^[a-zA-Z0-9._-]{0,64}$",
        description="Before every topic name: tells environments on one cluster apart.",
    )
    partitions: int = Field(
        default=4, ge=1, le=1024, description="Of every keyed topic; fixed for life."
    )
    replication_factor: int = Field(default=1, ge=1, le=9, description="Copies of each partition.")
    clock: Literal["live", "recorded"] = Field(
        default="live", description="The broker's append time, or the time a record brings along."
    )
    risk_serving: Literal["approved", "live"] = Field(
        default="approved",
        description="Risk models serve as two people approved, or (`live`, to try) as they learn.",
    )
    state_interval_ms: int = Field(
        default=10_000,
        ge=10,
        le=60_000,
        description="How often changed states are made durable; few are after a second.",
    )
    max_batch: int = Field(
        default=1000, ge=1, le=100_000, description="Most records in one transaction."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Where metrics are served.")
    metrics_port: int = Field(default=0, ge=0, le=65_535, description="0 takes any free port.")
    data_dir: Path = Field(default=Path("var"), description="Local data: brokers, checkpoints.")
    worker_id: str = Field(
        default="1",
        pattern=r"^[a-zA-Z0-9_-]{1,64}$",
        description="Different for each worker of a deployment, the same over its restarts.",
    )
    session_timeout_seconds: float = Field(
        default=6.0, ge=1.0, le=300.0, description="A silent worker loses its partitions after it."
    )
    dead_letter_alert_ratio: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="Of records in a minute; above it an alert.",
    )
    dead_letter_alert_minimum: int = Field(
        default=20, ge=1, description="Fewer dead letters than this never alert."
    )
    quality_reference: Path | None = Field(
        default=None,
        description="A file: the rows that later ones are compared with; none = each start's own.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What a worker says on standard error."
    )

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller alone: `load` reads the rest and refuses the unknown."""
        return (init_settings,)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the TOML file and the environment.

        Args:
            environ: Stands in for the process's environment.

        Raises:
            SettingsError: A name we do not know, a file we cannot read, a value that does not fit.
        """
        return cls.load_with_origins(environ)[0]

    @classmethod
    def load_with_origins(
        cls, environ: Mapping[str, str] | None = None
    ) -> tuple[Self, dict[str, str]]:
        """Read the settings, and say of each where it comes from.

        Raises:
            SettingsError: As `load`.

        >>> settings, origins = Settings.load_with_origins({"SHOUWEN_CLOCK": "recorded"})
        >>> origins["clock"], origins["partitions"]
        ('environment', 'default')
        """
        environ = os.environ if environ is None else environ
        from_file = _from_file(environ.get(CONFIG_VARIABLE, ""))
        from_environment = {
            name.removeprefix(ENV_PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(ENV_PREFIX) and name not in _NOT_SETTINGS
        }
        _refuse_unknown(from_file, where="the file", spelt=str)
        _refuse_unknown(from_environment, where="the environment", spelt=environment_name)
        try:
            settings = cls(**{**from_file, **from_environment})
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None
        origins = dict.fromkeys(cls.model_fields, "default")
        origins |= dict.fromkeys(from_file, "file") | dict.fromkeys(from_environment, "environment")
        return settings, origins

    def shown(self) -> dict[str, Any]:
        """Return every setting as JSON can hold it, passwords in addresses hidden.

        >>> Settings.load({"SHOUWEN_REDIS_URL": "rediss://view:s3cret@r.example:6379/0"}).shown()[
        ...     "redis_url"
        ... ]
        'rediss://view:***@r.example:6379/0'
        """
        shown = self.model_dump(mode="json")
        if self.redis_url is not None:
            shown["redis_url"] = _without_password(self.redis_url)
        return shown


def _from_file(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"Shouwen needs a TOML file in {CONFIG_VARIABLE}; got {path!r}: {error}. "
            "Correct it, or unset the variable."
        ) from None


def environment_name(setting: str) -> str:
    """Return the name of a setting in the environment.

    >>> environment_name("max_batch")
    'SHOUWEN_MAX_BATCH'
    """
    return f"{ENV_PREFIX}{setting.upper()}"


def _refuse_unknown(given: Iterable[str], *, where: str, spelt: Callable[[str], str]) -> None:
    known = Settings.model_fields
    for name in sorted(given):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {spelt(near[0])!r}? " if near else ""
            raise SettingsError(
                f"Shouwen needs settings it knows; got {spelt(name)!r} in {where}. "
                f"{hint}`shouwen settings` lists them all."
            )


def _explain(error: ValidationError) -> str:
    """Name each setting that does not fit; a secret's value is not repeated."""
    lines = [
        f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
        + ("" if found["loc"] == ("redis_url",) else f", got {found['input']!r}")
        for found in error.errors(include_url=False)
    ]
    return f"Shouwen needs settings that fit; got {'; '.join(lines)}. Correct them."


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    netloc = parts.netloc.replace(f":{parts.password}@", ":***@", 1)
    return urlunsplit(parts._replace(netloc=netloc))
