"""Fixtures of the streams tests."""

from pathlib import Path

import pytest

from streams.settings import StreamSettings
from tests.conftest import Deployment
from tests.streams.stand import Stand


@pytest.fixture
def stand(deployment: Deployment, tmp_path: Path) -> Stand:
    """A stand on topics of this test alone."""
    settings = StreamSettings(
        bootstrap=deployment.bootstrap,
        topic_prefix=deployment.topic_prefix,
        partitions=deployment.partitions,
    )
    return Stand(settings, tmp_path)
