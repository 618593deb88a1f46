"""The jars of Apache Kafka: exactly those of the lock file, fetched once, checked every time.

The lock (`deploy/kafka/jgo.lock.toml`, written by `jgo lock` from `jgo.toml` beside it) names each
jar with its SHA-256, so there is nothing to resolve: what is missing is fetched by jgo from the
Maven repositories its configuration names, checked, and only then moved into the jar cache.
The cache is Maven's own (`M2_REPO`, by default `~/.m2/repository`), so nothing is fetched twice.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
import truststore
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext

from adapters.errors import JarError

LOCK_PATH = Path(__file__).resolve().parents[1] / "deploy" / "kafka" / "jgo.lock.toml"

_ATTEMPTS = 3
_FETCH_TIMEOUT_SECONDS = 60
_PARALLEL_FETCHES = 8


def kafka_jars(*, lock_path: Path = LOCK_PATH, cache_dir: Path | None = None) -> list[Path]:
    """Return the class path of Kafka, every jar of it checked against the lock.

    Args:
        lock_path: The lock file, as `jgo lock` writes it.
        cache_dir: A Maven repository folder to look in and add to; None for the user's own.

    Raises:
        JarError: A jar cannot be fetched, or its SHA-256 is not the locked one.
    """
    configured = GlobalSettings.load()
    cache_dir = cache_dir or configured.repo_cache
    repositories = {"central": MAVEN_CENTRAL_URL, **configured.repositories}
    locked = LockFile.load(lock_path).dependencies

    with _the_machines_trust(), ThreadPoolExecutor(_PARALLEL_FETCHES) as pool:
        return list(pool.map(lambda jar: _jar(jar, cache_dir, repositories), locked))


@contextmanager
def _the_machines_trust() -> Iterator[None]:
    """Trust the certificates that this machine trusts, as pip does, for as long as we fetch.

    jgo's `requests` knows only its own list, and fails behind a proxy with a company's authority.
    """
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()


def _jar(jar: LockedDependency, cache_dir: Path, repositories: dict[str, str]) -> Path:
    cached = _artifact(jar, cache_dir, repositories).cached_path
    if cached is None or jar.sha256 is None:
        raise JarError(f"Kafka needs a SHA-256 for {jar!r}; the lock has none. Run `jgo lock`.")
    if not cached.exists():
        _fetch(jar, cached, repositories)
    _check(jar, cached)
    return cached


def _artifact(jar: LockedDependency, cache_dir: Path, repositories: dict[str, str]) -> Artifact:
    context = MavenContext(
        repo_cache=cache_dir, remote_repos=repositories, timeout=_FETCH_TIMEOUT_SECONDS
    )
    component = context.project(jar.groupId, jar.artifactId).at_version(jar.version)
    return component.artifact(jar.classifier or "", jar.packaging)


def _fetch(jar: LockedDependency, cached: Path, repositories: dict[str, str]) -> None:
    """Fetch into a folder of its own first: a broken download never reaches the cache."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(dir=cached.parent) as staging:
            try:
                fetched = _artifact(jar, Path(staging), repositories).resolve()
            except (requests.RequestException, RuntimeError) as error:
                if attempt == _ATTEMPTS:
                    raise JarError(
                        f"Kafka needs {cached.name}; fetching it failed {_ATTEMPTS} times, "
                        f"the last time with {error!r}. Check the network, or name a Maven mirror "
                        "under [repositories] in jgo's configuration file."
                    ) from error
                continue
            _check(jar, fetched)
            fetched.replace(cached)
            return


def _check(jar: LockedDependency, path: Path) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != jar.sha256:
        raise JarError(
            f"Kafka needs {path.name} with SHA-256 {jar.sha256!r}; got {actual!r} in {path}. "
            "Remove that file and run `shouwen kafka --prepare` to fetch it again."
        )
