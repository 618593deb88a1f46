"""What a customer asked for, read off the journal the slow and plain way: no rule of ours is used.

It listens to the same events as the engine and knows, at any of them, who may be written to.
"""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.channels import AppMessage, RmTask, SmsMessage
from contracts.decode import decode
from contracts.journal import Entry
from contracts.topics import DAY_MS, Topic

CHANNEL = {Topic.CHANNEL_APP: "app", Topic.CHANNEL_SMS: "sms", Topic.CHANNEL_RM_TASK: "rm_task"}
PURPOSE = {"app": "marketing_push", "sms": "marketing_sms", "rm_task": "marketing_call"}
SERVICE = "care_message"
_DAY_HOURS = ((time(9), time(21)),)
_CALL_HOURS = ((time(9, 30), time(12)), (time(14), time(19)))
_ID_MS = 7 * DAY_MS
_SATURDAY = 5
_COMPLAINT_MS = 180 * DAY_MS

Message = AppMessage | SmsMessage | RmTask


class Wishes:
    """What one customer said so far, and what was sent to them."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._consents: dict[str, list[Any]] = defaultdict(list)
        self._opted_out: set[str] = set()
        self._complaints: list[int] = []
        self._zone = ("Asia/Shanghai", -1)
        self._sent: list[Message] = []
        self._returned: set[str] = set()

    def hear(self, entry: Entry) -> None:
        """Take in an event of this customer; one whose id was heard this week is no news."""
        event = decode(entry.topic, entry.value)
        if event.event_id in self._ids and entry.at_ms - self._ids[event.event_id] < _ID_MS:
            return
        self._ids[event.event_id] = entry.at_ms
        occurred_ms = min(event.occurred_at_ms, entry.at_ms)
        if entry.topic is Topic.CONSENTS:
            self._consents[event.purpose].append(event)
        elif entry.topic is Topic.CUSTOMERS and occurred_ms >= self._zone[1]:
            self._zone = (getattr(event, "timezone", self._zone[0]), occurred_ms)
        elif entry.topic is Topic.INTERACTIONS:
            said = getattr(event, "feedback_type", getattr(event, "outcome_code", None))
            if said == "complaint":
                self._complaints.append(occurred_ms)
            if said == "opt_out":
                self._opted_out.add(getattr(event, "channel", "rm_task"))
            if said in {"failed", "expired"}:
                self._returned.add(event.decision_id)

    def wrong_with(self, message: Message, topic: Topic, at_ms: int) -> list[str]:
        """Return what the customer could object to in a message that is asked for at `at_ms`."""
        channel = CHANNEL[topic]
        found = []
        if not self._allows(PURPOSE[channel], at_ms):
            found.append(f"no consent to {channel}")
        if channel in self._opted_out:
            found.append(f"opted out of {channel}")
        if not self._is_awake(channel, message.not_before_ms):
            found.append(f"{channel} at a time of rest")
        if not at_ms <= message.not_before_ms <= message.not_after_ms:
            found.append("its time is over before it began")
        if message.action_id != SERVICE:
            if any(at_ms - said_ms < _COMPLAINT_MS for said_ms in self._complaints):
                found.append("complained half a year ago or less")
            if any(self._is_second_of_a_day(before, message) for before in self._sent):
                found.append("the second one of a day")
            self._sent.append(message)
        return found

    def _allows(self, purpose: str, at_ms: int) -> bool:
        words = [word for word in self._consents[purpose] if word.effective_at_ms <= at_ms]
        if not words:
            return False
        latest_ms = max(word.effective_at_ms for word in words)
        last = [word for word in words if word.effective_at_ms == latest_ms][-1]
        expires_ms = getattr(last, "expires_at_ms", None)
        return last.event_type == "consent_granted" and (expires_ms is None or at_ms < expires_ms)

    def _is_awake(self, channel: str, at_ms: int) -> bool:
        try:
            zone = ZoneInfo(self._zone[0])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = ZoneInfo("Asia/Shanghai")
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
        wall = instant.astimezone(zone)
        if channel == "rm_task" and wall.weekday() >= _SATURDAY:
            return False
        hours = _CALL_HOURS if channel == "rm_task" else _DAY_HOURS
        return any(start <= wall.time() < end for start, end in hours)

    def _is_second_of_a_day(self, before: Message, message: Message) -> bool:
        apart_ms = message.not_before_ms - before.not_before_ms
        return before.decision_id not in self._returned and 0 <= apart_ms < DAY_MS
