"""Log events as JSON lines on stderr; they name places and numbers, never a person."""

import logging
import sys
import time
from collections.abc import Callable

import structlog

_NOISY = ("faust", "mode", "aiokafka", "kafka", "streams.app", "streams.transport")


class ClientLogLimit(logging.Filter):
    """Lets a library say at most `lines` in `seconds` per logger.

    While a broker is away its clients say so dozens of times a second; the first lines tell it
    all.

    >>> limit = ClientLogLimit(lines=2, seconds=10, monotonic=iter([0, 1, 2, 11]).__next__)
    >>> line = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "away", None, None)
    >>> [limit.filter(line) for _ in range(4)]
    [True, True, False, True]
    """

    def __init__(
        self,
        *,
        lines: int = 5,
        seconds: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._lines = lines
        self._seconds = seconds
        self._monotonic = monotonic
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line may be written."""
        if not record.name.startswith(_NOISY):
            return True
        now = self._monotonic()
        since, count = self._said.get(record.name, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        self._said[record.name] = since, count + 1
        return count < self._lines


def configure_logs(*, level: str = "INFO") -> None:
    """Send our events, and the libraries' warnings, to stderr as one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(ClientLogLimit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
