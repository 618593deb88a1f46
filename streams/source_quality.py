"""What a sample of source events says of the sources: what is left out, and how late it comes."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from pydantic import BaseModel

from contracts.envelope import Envelope
from contracts.journal import Entry
from contracts.topics import Topic
from features.quality import is_sampled
from streams.sequencer import Numbered

ONE_IN: Final = 16
"""Of so many entries one is looked at, drawn by a hash of its journal number."""

State = Literal["present", "absent"]


@cache
def optional_fields(contract: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields that a source may leave out and that mean something of their own.

    >>> from contracts.customers import CustomerProfile
    >>> optional_fields(CustomerProfile)[:2]
    ('birth_year', 'region_code')
    """
    return tuple(
        name
        for name, info in contract.model_fields.items()
        if not info.is_required() and info.default is None and name not in Envelope.model_fields
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What the sample of one batch shows.

    `fields` counts, per topic and optional field, events with and without it; `lateness_seconds`
    is how long after it occurred each event was known, 0 where it was known before.
    """

    fields: Counter[tuple[Topic, str, State]] = field(default_factory=Counter)
    lateness_seconds: list[tuple[Topic, float]] = field(default_factory=list)


def look_at(batch: Numbered) -> Sampled:
    """Return what a sample of the batch's events shows; the same entries, the same sample."""
    sampled = Sampled()
    for entry, event in zip(batch.entries, batch.events, strict=True):
        if isinstance(event, Envelope) and is_sampled(entry.seq, one_in=ONE_IN):
            _note(sampled, entry, event)
    return sampled


def _note(sampled: Sampled, entry: Entry, event: Envelope) -> None:
    contract: type[BaseModel] = type(event)
    for name in optional_fields(contract):
        state: State = "absent" if getattr(event, name) is None else "present"
        sampled.fields[entry.topic, name, state] += 1
    late_ms = max(0, entry.at_ms - event.occurred_at_ms)
    sampled.lateness_seconds.append((entry.topic, late_ms / 1_000))
