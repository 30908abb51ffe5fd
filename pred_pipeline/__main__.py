"""The prediction stage as a command: `python -m pred_pipeline --help`."""

from pathlib import Path
from typing import Annotated

import typer

from pred_pipeline.buckets import AT_ONCE
from pred_pipeline.stage import predict_wafers
from wafer.command import Export, run
from wafer.engine import open_engine
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.settings import EXPLAINED, Settings


def predict(
    export: Export,
    bundle: Annotated[Path, typer.Option(help="Folder of the model bundle.")],
    out: Annotated[Path, typer.Option(help="Folder to write predictions and report to.")],
    model_version: Annotated[str, typer.Option(help="Version to name in every row.")] = "unregistered",
    run_id: Annotated[str, typer.Option(help="Run to name in every row.")] = "by-hand",
    false_alarm_budget: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of good wafers that may be flagged; default: the model's.")
    ] = None,
    threshold: Annotated[
        Rule, typer.Option(help="fixed: that of the training; recent: by rank among the scores of these wafers.")
    ] = DEFAULT,
    explained: Annotated[int, typer.Option(min=0, help="How many wafers to review get their reasons.")] = EXPLAINED,
) -> str:
    """Judge wafers, most suspicious first."""
    with open_engine(Settings(), AT_ONCE) as engine:
        done = predict_wafers(
            export,
            bundle,
            out,
            model_version=model_version,
            run_id=run_id,
            false_alarm_budget=false_alarm_budget,
            explained=explained,
            rule=threshold,
            engine=engine,
        )
    return f"{done.wafers} wafers: {done.failing} fail, {done.inspect} inspect, {done.passing} pass -> {done.csv}"


if __name__ == "__main__":
    run(predict)
