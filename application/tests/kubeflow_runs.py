"""Runs of the recorded Kubeflow server, shown in the words of a 2.17 server.

`recorded/train.json` and `recorded/predict.json` are finished runs as `GET /runs/ID` tells them: shape and order of the
tasks as 2.17 makes them of Argo's nodes, times as measured on a real cluster (a driver 6 s, a pod 6 s around its work).
Where a later graph lets two tasks run side by side or makes two of them one, the recording was moved together by hand.
A run that is running shows the part of its recording that it has come to.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

Route = Literal["train", "predict"]
Json = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"
ANSWERS: dict[str, Json] = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))
ENDED = ("SUCCEEDED", "FAILED")
POD = "executor"  # what 2.17 calls the pod of every task; the task that it works for is shown just before it
EXIT_TASK = "record-outcome"


@dataclass(frozen=True)
class Recording:
    """A recorded run of one pipeline."""

    answer: Json

    @property
    def graph(self) -> str:
        return str(self.answer["pipeline_spec"]["pipelineInfo"]["name"])

    @property
    def tasks(self) -> list[Json]:
        return list(self.answer["run_details"]["task_details"])

    @cached_property
    def ends(self) -> dict[str, float]:
        """Seconds from the run's start to the end of each stage, in the order of ending."""
        found: dict[str, float] = {}
        for task, pod in pairwise(self.tasks):
            if pod["display_name"] == POD and task["display_name"] != EXIT_TASK:
                found[task["display_name"]] = self.seconds(task["end_time"])
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def seconds(self, moment: str) -> float:
        return (datetime.fromisoformat(moment) - datetime.fromisoformat(self.answer["created_at"])).total_seconds()

    def stages_before(self, moment: str) -> int:
        """How many stages had ended at a moment."""
        return sum(end <= self.seconds(moment) for end in self.ends.values())

    def lasts_to_the_end(self, task: Json) -> bool:
        """Whether a task ends only after the last stage."""
        return self.seconds(task["end_time"]) > max(self.ends.values())


RECORDED: dict[Route, Recording] = {
    "train": Recording(json.loads((FOLDER / "train.json").read_text(encoding="utf-8"))),
    "predict": Recording(json.loads((FOLDER / "predict.json").read_text(encoding="utf-8"))),
}


@dataclass
class ServedRun:
    """A run on the server: what was asked, how many stages are done, and every state it was in."""

    body: Json
    route: Route | None
    created: datetime
    done: int = 0
    no_pod: bool = False
    history: list[tuple[datetime, str]] = field(default_factory=list)
    run_id: str = field(default_factory=lambda: str(uuid4()))

    def __post_init__(self) -> None:
        self.become("PENDING")

    @property
    def state(self) -> str:
        return self.history[-1][1]

    @state.setter
    def state(self, value: str) -> None:
        self.become(value)

    def become(self, state: str, at: datetime | None = None) -> None:
        self.history.append((at or datetime.now(UTC), state))

    @property
    def stages(self) -> list[str]:
        return list(RECORDED[self.route].ends) if self.route else []

    @property
    def wafer_id(self) -> str:
        return str(self._parameters.get("run_id") or self.run_id)

    @property
    def source(self) -> str:
        return str(self._parameters.get("source", ""))

    @property
    def _parameters(self) -> Json:
        return dict(self.body.get("runtime_config", {}).get("parameters", {}))

    def shown(self, *, details: bool) -> Json:
        """The run as the server tells it; `details` as one run is told, and not a list of them."""
        answer = ANSWERS["run"] | {name: value for name, value in self.body.items() if value}
        answer |= {"run_id": self.run_id, "state": self.state, "state_history": self._state_history()}
        answer |= {"created_at": shown_time(self.created), "scheduled_at": shown_time(self.created)}
        if self.state in ENDED:
            answer["finished_at"] = shown_time(self.history[-1][0])
        if details and self.route and self.state != "PENDING":
            answer["run_details"] = {"task_details": self._tasks(RECORDED[self.route])}
        return answer

    def _state_history(self) -> list[Json]:
        return [{"update_time": shown_time(moment), "state": state} for moment, state in self.history]

    def _tasks(self, recording: Recording) -> list[Json]:
        told = [(task, self._task_state(recording, task)) for task in recording.tasks]
        return [self._task(recording, task, state) for task, state in told if state]

    def _task_state(self, recording: Recording, task: Json) -> str:
        """State of a recorded task now; empty when it has not come."""
        begins, ends = (recording.stages_before(task[name]) for name in ("start_time", "end_time"))
        if begins == len(recording.ends):  # the exit task, which also follows a failure
            return "SUCCEEDED" if self.state in ENDED else ""
        if self.done < begins:
            return ""
        if recording.lasts_to_the_end(task):
            return self.state
        if self.done >= ends:
            return str(task["state"])
        return "PENDING" if self.no_pod and task["display_name"] == POD else self.state

    def _task(self, recording: Recording, task: Json, state: str) -> Json:
        start, end = (self._moment(recording.seconds(task[name])) for name in ("start_time", "end_time"))
        ended = {"end_time": end} if state in ENDED else {}
        own = {"run_id": self.run_id, "task_id": str(uuid4()), "create_time": shown_time(self.created)}
        return (
            ANSWERS["task"] | own | {"display_name": task["display_name"], "start_time": start, "state": state} | ended
        )

    def _moment(self, seconds: float) -> str:
        """The recorded moment of this run; what was done faster than it was recorded is done now."""
        return shown_time(min(self.created + timedelta(seconds=seconds), datetime.now(UTC)))


def shown_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
