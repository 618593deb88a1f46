"""`/live`, `/ready` and `/metrics` of one process, on a thread of their own."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import make_wsgi_app

from streams.errors import StreamsError

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class _QuietHandler(WSGIRequestHandler):
    """Probes come every few seconds: they are not worth a line each."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


class HealthServer:
    """Answers while the process lives, whatever its event loop does.

    `/live` is 200 as long as the process can answer; `/ready` is 200 when `is_ready` says so and
    503 otherwise; `/metrics` is Prometheus text.

    Args:
        host: Where to listen.
        port: Where to listen; 0 takes any free port, told by `port` after `start`.
        registry: What `/metrics` shows.
        is_ready: Asked at each probe; must not block.

    >>> server = HealthServer("127.0.0.1", 0, registry=CollectorRegistry(), is_ready=lambda: False)
    >>> server.start()
    >>> server.port > 0
    True
    >>> server.stop()
    """

    def __init__(
        self, host: str, port: int, *, registry: CollectorRegistry, is_ready: Callable[[], bool]
    ) -> None:
        self._metrics = make_wsgi_app(registry)
        self._is_ready = is_ready
        self._address = (host, port)
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is served, 0 before `start`."""
        return 0 if self._server is None else self._server.server_port

    def start(self) -> None:
        """Listen.

        Raises:
            StreamsError: the address is taken, or none of this machine.
        """
        try:
            self._server = make_server(*self._address, self._answer, handler_class=_QuietHandler)
        except OSError as error:
            host, port = self._address
            raise StreamsError(
                f"a worker needs {host}:{port} for /live, /ready and /metrics; got {error}. Stop "
                "what listens there, or set SHOUWEN_METRICS_HOST and SHOUWEN_METRICS_PORT."
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. Safe to repeat."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/live":
                return _say(start_response, "200 OK", "live\n")
            case "/ready" if self._is_ready():
                return _say(start_response, "200 OK", "ready\n")
            case "/ready":
                return _say(start_response, "503 Service Unavailable", "not ready\n")
            case "/metrics":
                page: Iterable[bytes] = self._metrics(environ, start_response)
                return page
            case _:
                return _say(start_response, "404 Not Found", "try /live, /ready or /metrics\n")


def _say(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]
