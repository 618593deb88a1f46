"""The row of the board on how the models do; `shouwen models page` shows more of each."""

from deploy.grafana.panel import Panel, Query, Row, latest

MODELS = Row(
    title="How good are the models?",
    panels=(
        Panel(
            title="Ranking (AUC)",
            why="How often one that came true is above one that did not. 0.5 is chance.",
            queries=(latest("shouwen_model_auc", "model", how="max"),),
        ),
        Panel(
            title="Average precision",
            why="How pure the top of the list is. Compare with the share that comes true.",
            queries=(latest("shouwen_model_average_precision", "model", how="max"),),
        ),
        Panel(
            title="Predicted over observed",
            why="1 is right; outside 0.8 to 1.25 a model is not calibrated.",
            queries=(latest("shouwen_model_calibration_ratio", "model", how="max"),),
        ),
        Panel(
            title="Calibration error",
            why="Mean gap of what is predicted and what happens, in tenths of the rows.",
            queries=(latest("shouwen_model_calibration_error", "model", how="max"),),
            unit="percentunit",
        ),
        Panel(
            title="Drift of the worst feature",
            why="Stability index against the first rows: long windows fill up for 90 days.",
            queries=(latest("shouwen_model_psi_max", "model", how="max"),),
        ),
        Panel(
            title="What happened",
            why="In a day: promotions, rollbacks, refused snapshots and orders, drift alarms.",
            queries=(
                Query(
                    expr="sum by (model, event) (delta(shouwen_model_events[1d]))",
                    legend="{{model}} {{event}}",
                ),
            ),
        ),
        Panel(
            title="Leaks suspected",
            why="Features that know the outcome almost alone. Must be 0.",
            queries=(latest("shouwen_model_leaks", "model", how="max"),),
            form="number",
            width=12,
        ),
        Panel(
            title="Age of the champion",
            why="How long the same line or frozen snapshot serves.",
            queries=(latest("shouwen_model_champion_age_seconds", "model", how="max"),),
            unit="s",
            form="number",
            width=12,
        ),
    ),
)
