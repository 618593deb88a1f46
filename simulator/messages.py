"""Messages that other departments send: card offers, statements; the customer counts them all."""

from random import Random

from contracts.interactions import Channel, Feedback
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import happens
from simulator.days import MINUTE_MS, Day
from simulator.outbox import Outbox

_SENT_PER_DAY: tuple[tuple[Channel, float], ...] = (("app", 0.012), ("sms", 0.006))
_OPENED = 0.3


class Messages:
    """Tells when a message that no decision of ours asked for was sent, and perhaps opened.

    Args:
        random: The customer's chance for messages, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, random: Random, outbox: Outbox) -> None:
        self._random = random
        self._outbox = outbox

    def plan(self, day: Day, agenda: Agenda) -> None:
        """Put today's messages on the agenda."""
        for channel, sent in _SENT_PER_DAY:
            if not happens(self._random, sent):
                continue
            at_ms = day.between(self._random, 10, 19)
            self._put(agenda, at_ms, "sent", channel)
            if channel == "app" and happens(self._random, _OPENED):
                self._put(
                    agenda,
                    at_ms + self._random.randrange(MINUTE_MS, 200 * MINUTE_MS),
                    "opened",
                    channel,
                )

    def _put(self, agenda: Agenda, at_ms: int, what: str, channel: Channel) -> None:
        def happen(now_ms: int) -> None:
            self._outbox.send(
                Topic.INTERACTIONS,
                Feedback,
                now_ms,
                event_type="feedback",
                source_system="message-gateway",
                feedback_type=what,
                channel=channel,
            )

        agenda.add(at_ms, happen)
