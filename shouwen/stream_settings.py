"""From the deployment's settings to those of one worker."""

from adapters.build import fingerprint
from shouwen.settings import Settings
from streams.settings import StreamSettings


def stream_settings(settings: Settings) -> StreamSettings:
    """Return what a role needs of the settings, and the fingerprint of this build.

    >>> stream_settings(Settings.load({"SHOUWEN_PARTITIONS": "12"})).partitions
    12
    """
    return StreamSettings(
        bootstrap=settings.kafka_bootstrap,
        topic_prefix=settings.topic_prefix,
        partitions=settings.partitions,
        clock=settings.clock,
        build=fingerprint(),
        worker_id=settings.worker_id,
        state_interval_ms=settings.state_interval_ms,
        max_batch=settings.max_batch,
        session_timeout_seconds=settings.session_timeout_seconds,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
        redis_url=settings.redis_url,
        dead_letter_alert_ratio=settings.dead_letter_alert_ratio,
        dead_letter_alert_minimum=settings.dead_letter_alert_minimum,
        quality_reference=settings.quality_reference,
        risk_serving=settings.risk_serving,
    )
