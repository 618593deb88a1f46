"""What can go wrong in a model.

ModelError
├── RowError          a row of features is not one that a model can read
├── SnapshotError     a snapshot is not what its hash says, or is for other features
└── CheckpointError   a learner's checkpoint is not what was written
"""


class ModelError(ValueError):
    """Base of every error raised by `models`."""


class RowError(ModelError):
    """A row has the wrong length, an infinite value, or a feature that nobody declared."""


class SnapshotError(ModelError):
    """A snapshot's hash, format or features are not those that it claims or that are needed."""


class CheckpointError(ModelError):
    """A learner's checkpoint fails its hash or has another format."""
