"""What can go wrong between the core and Kafka.

StreamsError
├── BatchOrderError      records were lost or mixed up between the broker and the lane
├── ChangelogError       a topic could not be read to its end
├── FencedError          somebody else writes for this partition now
├── OtherBuildError      the build that left states behind the outputs is not this one
└── RecordedTimeError    a recorded deployment meets a live one, or the other way round
"""


class StreamsError(Exception):
    """Base of every error raised by `streams`; none of them is bad input."""


class BatchOrderError(StreamsError):
    """A batch does not follow the one before it: records were lost or mixed up on the way."""


class ChangelogError(StreamsError):
    """A topic could not be read to its end in time, or its records are not ours."""


class FencedError(StreamsError):
    """Another worker has taken this partition: what we hold of it is not true any more."""


class OtherBuildError(StreamsError):
    """Outputs are out up to X, states stand before it, and another build made the outputs."""


class RecordedTimeError(StreamsError):
    """The clock of the settings is not the clock of the records."""
