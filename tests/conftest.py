"""Fixtures for every room: a real Kafka and Valkey per session, topics per test, public records."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from adapters.local_kafka import LocalKafka
from adapters.local_valkey import LocalValkey
from adapters.topics_admin import apply_topics, wanted_topics
from shouwen.warm import warm_kernels

PARTITIONS = 4

# The same examples in every run: a red build is red for everybody, and again on the next try.
settings.register_profile("ci", derandomize=True, max_examples=200, deadline=None)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """The session's broker. A test that kills or stops brokers starts one of its own."""
    warm_kernels()  # workers that each compile on an empty cache look like workers that hang
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalValkey]:
    """The session's Valkey; keep to keys under a prefix of the test's own."""
    with LocalValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment of this test alone on the session's broker: all topics, under its own prefix."""

    bootstrap: str
    topic_prefix: str
    partitions: int


@pytest.fixture
def topic_prefix() -> str:
    """A prefix no other test has."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture
def deployment(kafka: LocalKafka, topic_prefix: str) -> Deployment:
    """All topics of the contracts, created under a prefix of this test alone."""
    apply_topics(kafka.bootstrap, wanted_topics(prefix=topic_prefix, partitions=PARTITIONS))
    return Deployment(bootstrap=kafka.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public records; absent, the test is skipped, except in CI, where it fails."""
    folder = os.environ.get("SHOUWEN_TEST_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "needs the public records: set SHOUWEN_TEST_DATA to their folder"
    if os.environ.get("SHOUWEN_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
