"""The board as Grafana reads it, made from `panels`: `make freeze` writes `boards/shouwen.json`."""

import json
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.grafana.panel import Panel
from deploy.grafana.panels import ROWS

DATA_SOURCE_UID = "shouwen-prometheus"
"""As `provisioning/datasources` names it."""

_HEIGHT = 7

AnyPanel = timeseries.Panel | stat.Panel | bargauge.Panel


def board_json() -> str:
    """Return the board, the same text for the same panels.

    >>> [panel["title"] for panel in json.loads(board_json())["panels"]][:2]
    ['Is it well?', 'Ready']
    """
    board = (
        dashboard.Dashboard("Shouwen")
        .uid("shouwen")
        .description("One bank's stream of decisions. docs/operations.md says what to do.")
        .tags(["shouwen"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("10s")
        .readonly()
    )
    for row in ROWS:
        board.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            board.with_panel(_panel(panel))
    built = json.loads(json.dumps(board.build(), cls=JSONEncoder), object_hook=_without_nulls)
    return json.dumps(built, indent=2, sort_keys=True) + "\n"


def _without_nulls(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not said: Grafana has its defaults for an absence, not for a null."""
    return {name: value for name, value in found.items() if value is not None}


def _panel(panel: Panel) -> AnyPanel:
    built: AnyPanel
    match panel.form:
        case "lines":
            built = timeseries.Panel().min(0)
        case "number":
            built = stat.Panel()
        case "bars":
            built = bargauge.Panel().min(0)
    built = (
        built.title(panel.title)
        .description(panel.why)
        .unit(panel.unit)
        .datasource(DataSourceRef(type_val="prometheus", uid=DATA_SOURCE_UID))
        .span(panel.width)
        .height(_HEIGHT)
    )
    for ref_id, query in zip(ascii_uppercase, panel.queries, strict=False):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref_id)
        built = built.with_target(target if panel.form == "lines" else target.instant())
    return built
