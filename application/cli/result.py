"""How a run is told at the end: as the JSON object that `--json` prints, or as lines for a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from application.runs.results import addresses_of, decision_of
from application.runs.run import Run
from application.runs.signs import told_by
from wafer.evaluation.decision import PromotionDecision
from wafer.runs import RunError, TaskRecord
from wafer.store import Store, fetch_published, layout

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Result:
    """A run and what it left: name -> address of its outputs, and the decision of a training."""

    run: Run
    outputs: Mapping[str, str]
    decision: PromotionDecision | None
    warnings: Sequence[str] = ()

    @classmethod
    def of(cls, store: Store, run: Run) -> "Result":
        """What a run left in the store; nothing while it runs."""
        addresses = {} if run.active else addresses_of(store, run)
        predicted = run.pipeline == "predict" and run.state == "succeeded"
        return cls(run, addresses, decision_of(store, run), told_by(store, run.run_id) if predicted else ())

    def fetched(self, store: Store, folder: Path) -> "Result":
        """The same after its published files were copied to a folder; a run that published nothing stays as it is."""
        if self.run.state != "succeeded":
            return self
        fetch_published(store, layout.published(self.run.pipeline, self.run.run_id), folder)
        return replace(self, outputs={name: str(folder / Path(uri).name) for name, uri in self.outputs.items()})

    def to_json(self) -> Json:
        """The object of `--json`."""
        found: Json = {
            "run_id": self.run.run_id,
            "pipeline": self.run.pipeline,
            "state": self.run.state,
            "stages": [_stage(task) for task in self.run.tasks],
            "outputs": dict(self.outputs),
        }
        if self.run.retries:
            found["retries"] = list(self.run.retries)
        if self.warnings:
            found["warnings"] = list(self.warnings)
        if self.run.error:
            found["error"] = _error(self.run.error)
        if self.decision:
            found |= {"model_version": self.decision.model_version, "metrics": self.decision.metrics.to_json()}
            found |= {"forward_auc": self.decision.forward_auc}
            found |= {"promoted": self.decision.promoted, "reason": self.decision.explained}
        return found

    def tell(self, console: Console) -> None:
        """Say how the run ended, in lines for a person."""
        if self.run.error:
            where = f" in stage {self.run.error.stage}" if self.run.error.stage else ""
            word = "Cancelled" if self.run.state == "cancelled" else "Failed"
            console.print(f"\n[bold red]{word}{where}: {self.run.error.code}[/]\n{escape(self.run.error.message)}")
        elif self.run.active:
            console.print(f"The run is {self.run.state}.")
        elif self.decision:
            decided = f"{self.decision.decided}. {escape(self.decision.explained)}"
            console.print(f"\nVersion [bold]{self.decision.model_version}[/] {decided}")
            for line in _figures(self.decision):
                console.print(line, soft_wrap=True)
        for warning in self.warnings:
            console.print(f"[bold yellow]Look[/] {escape(warning)}")
        for note in filter(None, (task.counts.get("threshold_note") for task in self.run.tasks)):
            console.print(str(note), markup=False, soft_wrap=True, highlight=False)
        for name, uri in self.outputs.items():
            console.print(f"  {name:<12} {uri}", markup=False, soft_wrap=True, highlight=False)


def _figures(decision: PromotionDecision) -> Iterator[str]:
    """What to expect of the next batch, then the figures that promise more."""
    if decision.forward_auc is not None:
        yield f"On later files: auc {decision.forward_auc:.3f}. That is what to expect of the next batch."
    random = ", ".join(f"{name} {value:.3f}" for name, value in decision.metrics.to_json().items())
    yield f"On wafers held out at random: {random}"


def _stage(task: TaskRecord) -> Json:
    return {"name": task.name, "state": task.state, "seconds": task.seconds, "counts": task.counts}


def _error(error: RunError) -> Json:
    return {"code": error.code, "message": error.message, "stage": error.stage, "retry_helps": error.retry_helps}
