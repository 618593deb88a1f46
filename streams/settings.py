"""What a role needs to know to run; the shell fills it in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.topics import Topic

Role = Literal["sequence", "decide", "learn", "project"]
ROLES: tuple[Role, ...] = ("sequence", "decide", "learn", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """The settings of one worker process.

    Args:
        bootstrap: `host:port` of the brokers, several separated by commas.
        topic_prefix: Stands before every topic, group and transactional id.
        partitions: Of every keyed topic, fixed for life.
        clock: `live` or `recorded`; a deployment is one or the other.
        build: Fingerprint of the code and the machine.
        worker_id: Tells the workers of one role apart; a restarted worker keeps its own, so that
            the group gives its partitions back at once.
        state_interval_ms: How often changed states go into the changelog.
        soon_ms: How long they wait at most where nothing happens any more, or only few changed.
        few_subjects: How many states are few: to write them costs little.
        max_batch: Records in one transaction, at most; a lane queues twice as many.
        session_timeout_seconds: How long the group waits for a worker that went silent.
        metrics_host: Where `/live`, `/ready` and `/metrics` are served.
        metrics_port: The port of these; 0 takes any free one.
        redis_url: The view that `project` writes.
        dead_letter_alert_ratio: Share of dead letters in a window that raises an alert.
        dead_letter_alert_minimum: Fewer dead letters than this in a window raise none.
        quality_reference: Where `decide` keeps the rows that later ones are compared with.
        risk_serving: Whether a risk model waits for two people (`approved`) or serves as it learns.

    >>> StreamSettings(bootstrap="b:1", topic_prefix="uat.").name(Topic.CLOCK)
    'uat.clock.v1'
    """

    bootstrap: str
    topic_prefix: str = ""
    partitions: int = 4
    clock: Literal["live", "recorded"] = "live"
    build: str = "unknown"
    worker_id: str = "1"
    state_interval_ms: int = 10_000
    soon_ms: int = 1_000
    few_subjects: int = 50
    max_batch: int = 1_000
    session_timeout_seconds: float = 6.0
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    redis_url: str | None = None
    dead_letter_alert_ratio: float = 0.05
    dead_letter_alert_minimum: int = 20
    quality_reference: Path | None = None
    risk_serving: Literal["approved", "live"] = "approved"

    def name(self, topic: Topic) -> str:
        """Return the topic's name on the broker."""
        return f"{self.topic_prefix}{topic.value}"

    def topic(self, name: str) -> Topic:
        """Return the topic that has this name on the broker."""
        return Topic(name.removeprefix(self.topic_prefix))

    def group(self, role: Role) -> str:
        """Return the consumer group of a role."""
        return f"{self.topic_prefix}shouwen-{role}"

    def transactional_id(self, role: Role, partition: int) -> str:
        """Return the id that fences all writers of a role's partition but the newest."""
        return f"{self.topic_prefix}{role}-{partition}"
