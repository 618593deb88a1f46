"""Fixtures of the streams tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import StreamSettings
from tests.conftest import Deployment
from tests.streams.stand import Stand


@pytest.fixture
def stand(deployment: Deployment, tmp_path: Path) -> Iterator[Stand]:
    """A stand on topics of this test alone."""
    settings = StreamSettings(
        bootstrap=deployment.bootstrap,
        topic_prefix=deployment.topic_prefix,
        partitions=deployment.partitions,
    )
    stand = Stand(settings, tmp_path)
    yield stand
    stand.close()
