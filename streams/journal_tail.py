"""Where a journal stands, read from its own end: nobody else's word is needed."""

from confluent_kafka import Message

from contracts.journal import HEADER, VECTOR_HEADER, JournalError, unpack, unpack_offsets
from contracts.topics import Topic
from streams.changelog import await_stable_end, header_of, last_record
from streams.sequencer import JournalPlace


def read_place(bootstrap: str, *, journal: str, dead_letters: str, partition: int) -> JournalPlace:
    """Return a partition's place: number and clock from the journal, offsets from both topics.

    Each batch's last record carries the vector of source offsets; a batch of nothing but dead
    letters left its vector there. Others write dead letters too: theirs must be over first.

    Raises:
        JournalError: the last record is not ours, or not what was written.
        ChangelogError: a transaction on the dead letters stayed open for too long.
    """
    await_stable_end(bootstrap, dead_letters, partition)
    offsets: dict[Topic, int] = {}
    for topic in (journal, dead_letters):
        newest = last_record(bootstrap, topic, partition, wanted=_has_vector)
        for source, offset in _vector(newest).items():
            offsets[source] = max(offset, offsets.get(source, -1))
    last = last_record(bootstrap, journal, partition)
    if last is None:
        return JournalPlace(offsets=offsets)
    header = header_of(last, HEADER)
    if header is None or not _has_vector(last):
        raise JournalError(
            f"the last record of {journal}[{partition}] needs our headers; got none at offset "
            f"{last.offset()}. Only `sequence` may write the journal."
        )
    entry = unpack(partition, last.key(), last.value(), header)
    return JournalPlace(seq=entry.seq, clock_ms=entry.at_ms, offsets=offsets)


def _has_vector(message: Message) -> bool:
    return header_of(message, VECTOR_HEADER) is not None


def _vector(message: Message | None) -> dict[Topic, int]:
    raw = None if message is None else header_of(message, VECTOR_HEADER)
    return unpack_offsets(raw) if raw else {}
