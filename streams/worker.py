"""One process, one role: it waits for the broker, joins, works, and leaves nothing half done."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from streams.app import TOPICS_READ, RoleApp, build_app
from streams.broker_wait import wait_for_topics
from streams.errors import StreamsError
from streams.health import HealthServer
from streams.lag import watch_lag
from streams.lanes import Lanes
from streams.settings import Role, StreamSettings
from streams.ticks import Ticker
from streams.work import PartitionWork

EXIT_FATAL = 70
"""EX_SOFTWARE of sysexits.h: an error that is not bad input; start again."""

WorkMaker = Callable[[int, StreamSettings, Metrics], PartitionWork]

log = structlog.get_logger(__name__)


def run_worker(
    role: Role,
    settings: StreamSettings,
    make_work: WorkMaker,
    *,
    is_well: Callable[[], bool] = lambda: True,
) -> int:
    """Run one role in this process until SIGTERM or SIGINT; return the exit code.

    Any error that is not bad input ends the process at once with 70, without acknowledging: the
    supervisor starts it again, and what was not committed is delivered again.

    Args:
        role: What to run.
        settings: Of this process.
        make_work: Makes the work of a partition.
        is_well: What else must hold for the process to be ready.
    """
    structlog.contextvars.bind_contextvars(role=role, worker=settings.worker_id)
    metrics = Metrics(CollectorRegistry())
    metrics.build.labels(build=settings.build).set(1)
    executor = ThreadPoolExecutor(max_workers=2 * settings.partitions + 2)
    lanes = Lanes(
        role,
        topics=TOPICS_READ[role],
        make_work=lambda partition: make_work(partition, settings, metrics),
        settings=settings,
        executor=executor,
        metrics=metrics,
        fatal=die,
    )
    health = HealthServer(
        settings.metrics_host,
        settings.metrics_port,
        registry=metrics.registry,
        is_ready=lambda: lanes.is_ready and is_well(),
    )
    try:
        health.start()
    except StreamsError as error:
        die(error)
    log.info("worker_started", port=health.port, pid=os.getpid(), build=settings.build)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        if wait_for_topics(TOPICS_READ[role], settings=settings, stopping=stopping):
            asyncio.run(_serve(role, settings=settings, lanes=lanes, metrics=metrics))
    except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is ends us
        die(error)
    log.info("worker_stopped")
    health.stop()
    executor.shutdown()
    return 0


def die(error: BaseException) -> None:
    """End the process now: nothing that was not committed may be acknowledged."""
    log.critical("worker_died", error_type=type(error).__name__, error=str(error), exc_info=error)
    sys.stderr.flush()
    os._exit(EXIT_FATAL)


def end_with(job: asyncio.Future[None]) -> None:
    """End the process with a job that failed by itself: without ticks no timer would ever fire."""
    if not job.cancelled() and (error := job.exception()) is not None:
        die(error)


async def _serve(
    role: Role,
    *,
    settings: StreamSettings,
    lanes: Lanes,
    metrics: Metrics,
) -> None:
    """Run the Faust app until a signal comes."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = build_app(role, settings=settings, lanes=lanes)
    side_jobs = [
        asyncio.ensure_future(watch_lag(app, settings=settings, lanes=lanes, metrics=metrics))
    ]
    if role == "sequence" and settings.clock == "live":
        ticker = Ticker(
            settings,
            partitions=lambda: lanes.partitions if lanes.is_ready else [],
            fatal=die,
        )
        ticking = asyncio.ensure_future(ticker.run())
        ticking.add_done_callback(end_with)
        side_jobs.append(ticking)
    await _run_app(app, stop)
    for job in side_jobs:
        job.cancel()
    await asyncio.gather(*side_jobs, return_exceptions=True)


async def _run_app(app: RoleApp, stop: asyncio.Event) -> None:
    starting = asyncio.ensure_future(app.start())
    stopped = asyncio.ensure_future(stop.wait())
    crashed = asyncio.ensure_future(app.until_crashed())
    await asyncio.wait({starting, stopped, crashed}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and (error := starting.exception()) is not None:
        die(error)
    await asyncio.wait({stopped, crashed}, return_when=asyncio.FIRST_COMPLETED)
    if crashed.done():
        die(app.crash_reason or RuntimeError("Faust crashed without saying why"))
    crashed.cancel()
    await app.stop()
