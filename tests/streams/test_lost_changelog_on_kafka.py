"""A changelog that is gone beside decisions that are out: nothing is published a second time."""

import pytest

from contracts.topics import Topic
from engine.fold import fold
from streams.decide_recovery import recover_state
from streams.errors import ChangelogError
from streams.settings import StreamSettings
from streams.sink import TransactionalSink
from tests.conftest import Deployment

pytestmark = pytest.mark.kafka


def _settings(deployment: Deployment) -> StreamSettings:
    return StreamSettings(
        bootstrap=deployment.bootstrap,
        topic_prefix=deployment.topic_prefix,
        partitions=deployment.partitions,
    )


def test_decisions_without_their_changelog_are_refused(deployment: Deployment) -> None:
    """Begun at entry 0, `decide` would decide on everything that ever happened once more."""
    settings = _settings(deployment)
    sink = TransactionalSink(
        deployment.bootstrap, transactional_id=settings.transactional_id("decide", 0)
    )
    sink.fence()
    sink.begin()
    topic = settings.name(Topic.DECISIONS)
    sink.produce(topic, partition=0, key=b"c-1", value=b"{}", headers=[])
    sink.commit()
    sink.close()

    with pytest.raises(ChangelogError, match=r"empty .*decide-state"):
        recover_state(0, settings=settings, fold=fold)
    assert recover_state(1, settings=settings, fold=fold).states_seq == -1
