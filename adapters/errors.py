"""What can go wrong between us and the machine we run on.

AdapterError
├── FolderInUseError      another running server holds the data folder
├── PortInUseError        the port we were told to use is taken
├── ServerStartError      a server of ours did not come up
├── WrongClusterError     a broker answers, but it is not the one we started
├── JarError              a jar of Kafka is missing, or is not the one we locked
├── JavaMissingError      no Java runtime that can run Kafka
├── BrokerAbsentError     nobody answers at the bootstrap address
├── TopicMismatchError    a topic on the broker is not what the manifest says
└── ViewLostError         the view in Redis was emptied, or somebody else writes it
"""

__all__ = [
    "AdapterError",
    "BrokerAbsentError",
    "FolderInUseError",
    "JarError",
    "JavaMissingError",
    "PortInUseError",
    "ServerStartError",
    "TopicMismatchError",
    "ViewLostError",
    "WrongClusterError",
]


class AdapterError(Exception):
    """Base of every error raised by `adapters`; its text is for the person at the terminal."""


class FolderInUseError(AdapterError):
    """Another running server holds the data folder."""


class PortInUseError(AdapterError):
    """The port we were told to use is taken."""


class ServerStartError(AdapterError):
    """A server of ours did not come up, or went away while it did."""


class WrongClusterError(AdapterError):
    """A broker answers at the address, but it is not the one that was started."""


class JarError(AdapterError):
    """A jar of Kafka is missing and cannot be fetched, or is not the one that was locked."""


class JavaMissingError(AdapterError):
    """There is no Java runtime that can run Kafka."""


class BrokerAbsentError(AdapterError):
    """Nobody answers at the bootstrap address."""


class TopicMismatchError(AdapterError):
    """A topic on the broker is not what the manifest says; it is never altered for you."""


class ViewLostError(AdapterError):
    """The view in Redis is not the one that was begun: emptied, or written by somebody else."""
