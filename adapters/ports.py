"""TCP ports on loopback: free ones, and whether a given one is."""

import socket

from adapters.errors import PortInUseError

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that were free a moment ago.

    Another program may take one before we do: whoever uses them must be ready to ask again.

    >>> a, b = free_ports(2)
    >>> a != b
    True
    """
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [int(sock.getsockname()[1]) for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now (as Java would: with SO_REUSEADDR)."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def require_free(port: int, *, who: str) -> None:
    """Refuse a port that is taken.

    Raises:
        PortInUseError: Somebody listens there.

    >>> with socket.create_server((LOOPBACK, 0)) as taken:
    ...     require_free(taken.getsockname()[1], who="Kafka")
    Traceback (most recent call last):
        ...
    adapters.errors.PortInUseError: Kafka needs port ...; got one that is taken. ...
    """
    if not is_free(port):
        raise PortInUseError(
            f"{who} needs port {port}; got one that is taken. "
            "Stop what listens there, or choose another port (0 takes any free one)."
        )


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True
