"""Every topic by name: who keys it, how long it lives, and what is read from it."""

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
FOREVER_MS = -1
LARGE_MESSAGE_BYTES = 8 << 20


class Topic(StrEnum):
    """The closed set of topics. A version is part of the name; a prefix may stand before it."""

    CONTROL = "control.v1"
    CUSTOMERS = "customers.v1"
    CONSENTS = "consents.v1"
    LOAN_EVENTS = "loan-events.v1"
    TRANSACTIONS = "transactions.v1"
    APP_EVENTS = "app-events.v1"
    INTERACTIONS = "interactions.v1"
    CLOCK = "clock.v1"
    RELATIONS = "relations.v1"
    SIGNALS = "signals.v1"
    NEIGHBOUR_SIGNALS = "neighbour-signals.v1"
    JOURNAL = "journal.v1"
    DECIDE_STATE = "decide-state.v1"
    DECISIONS = "decisions.v1"
    CONVERSIONS = "conversions.v1"
    RISK_ALERTS = "risk-alerts.v1"
    EXAMPLES = "examples.v1"
    MODELS = "models.v1"
    CHANNEL_APP = "channel.app.v1"
    CHANNEL_SMS = "channel.sms.v1"
    CHANNEL_RM_TASK = "channel.rm-task.v1"
    DEAD_LETTERS = "dead-letters.v1"


SOURCES: tuple[Topic, ...] = (
    Topic.CONTROL,
    Topic.CUSTOMERS,
    Topic.CONSENTS,
    Topic.LOAN_EVENTS,
    Topic.TRANSACTIONS,
    Topic.APP_EVENTS,
    Topic.INTERACTIONS,
    Topic.CLOCK,
    Topic.RELATIONS,
    Topic.SIGNALS,
    Topic.NEIGHBOUR_SIGNALS,
)
"""What `sequence` reads. The place in this tuple is the topic's rank: it breaks ties in time.

Append only, and before nothing: a rank is written into every journal record. Facts about the
customer come before what the customer does; what others know of the customer came to the system
later than the tick, and so does its rank.
"""

EVENT_SOURCES: tuple[Topic, ...] = tuple(
    topic for topic in SOURCES if topic not in {Topic.CONTROL, Topic.CLOCK}
)
"""Sources whose events are about one subject and keyed by it."""

BANK_SOURCES: tuple[Topic, ...] = tuple(
    topic for topic in EVENT_SOURCES if topic != Topic.NEIGHBOUR_SIGNALS
)
"""What a bank sends, and a recording holds; neighbour signals are our own consequence of it."""
RANK: dict[Topic, int] = {topic: rank for rank, topic in enumerate(SOURCES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What a topic must look like on the broker.

    `keyed` topics have the deployment's partition count, the same for all of them and fixed for
    life; the rest have one partition. `retention_ms` -1 means for ever. `append_time` asks the
    broker to stamp each record when it arrives: that stamp is when the bank knew.
    """

    topic: Topic
    why: str
    keyed: bool = True
    compact: bool = False
    retention_ms: int = 30 * DAY_MS
    append_time: bool = False
    max_message_bytes: int = 1 << 20


def _source(topic: Topic, why: str) -> TopicSpec:
    return TopicSpec(topic=topic, why=why, append_time=True, max_message_bytes=LARGE_MESSAGE_BYTES)


TOPICS: tuple[TopicSpec, ...] = (
    _source(Topic.CONTROL, "strategies and model snapshots, written to every partition at once"),
    _source(Topic.CUSTOMERS, "profile facts"),
    _source(Topic.CONSENTS, "what the customer allows; never compacted, an opt-out must survive"),
    _source(Topic.LOAN_EVENTS, "the nine stages of a loan"),
    _source(Topic.TRANSACTIONS, "money in and out"),
    _source(Topic.APP_EVENTS, "behaviour in the app and on the web"),
    _source(Topic.INTERACTIONS, "what happened between us and the customer"),
    _source(Topic.CLOCK, "ticks"),
    _source(Topic.RELATIONS, "who belongs with whom, one message per end; referrals"),
    _source(Topic.SIGNALS, "what bureau, register, card network, maps and partners know"),
    _source(Topic.NEIGHBOUR_SIGNALS, "what one subject's events mean for another one; ours"),
    TopicSpec(
        topic=Topic.JOURNAL,
        why="the one order of each partition: the truth",
        retention_ms=FOREVER_MS,
        max_message_bytes=LARGE_MESSAGE_BYTES,
    ),
    TopicSpec(
        topic=Topic.DECIDE_STATE,
        why="the changelog of the state",
        compact=True,
        retention_ms=FOREVER_MS,
        max_message_bytes=LARGE_MESSAGE_BYTES,
    ),
    TopicSpec(
        topic=Topic.DECISIONS, why="every decision, acted on or not", retention_ms=FOREVER_MS
    ),
    TopicSpec(topic=Topic.CONVERSIONS, why="changes of loan state", retention_ms=FOREVER_MS),
    TopicSpec(topic=Topic.RISK_ALERTS, why="what a person must see"),
    TopicSpec(
        topic=Topic.EXAMPLES,
        why="scored rows and what became of them, for the one learner",
        keyed=False,
        retention_ms=FOREVER_MS,
    ),
    TopicSpec(
        topic=Topic.MODELS,
        why="the history of snapshots",
        keyed=False,
        retention_ms=FOREVER_MS,
        max_message_bytes=LARGE_MESSAGE_BYTES,
    ),
    TopicSpec(topic=Topic.CHANNEL_APP, why="banners and pushes for the app"),
    TopicSpec(topic=Topic.CHANNEL_SMS, why="texts for the gateway"),
    TopicSpec(topic=Topic.CHANNEL_RM_TASK, why="tasks for relationship managers"),
    TopicSpec(
        topic=Topic.DEAD_LETTERS,
        why="what could not be read, with its original bytes",
        max_message_bytes=LARGE_MESSAGE_BYTES,
    ),
)
