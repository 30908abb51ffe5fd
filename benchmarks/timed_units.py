"""A stage's command with the processor time of its units: `python -m benchmarks.timed_units OUT MODULE [ARGUMENT…]`.

Units run one after the other in this process. Forests have as many trees as those of a large training, so that there
are as many units of fitting as there, and each is what it is there for fewer rows.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import wafer.engine
from wafer.engine import Given, Unit
from wafer.model import recipe
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest


class Timed:
    """An engine that takes down what each unit took."""

    shares_files = True

    def __init__(self) -> None:
        self.phases: list[dict[str, float]] = []

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """The files in place."""
        return [Given(str(path)) for path in paths]

    def run(self, work: Callable[..., Any], units: Sequence[Unit], *folders: Path) -> Iterator[Any]:
        """Do one unit after the other."""
        self.phases.append(taken := {})
        for unit in units:
            before = time.process_time()
            answer = work(unit, *folders)
            taken[unit.name] = time.process_time() - before
            yield answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def main(out: str, module: str, *arguments: str) -> None:
    """Run the stage, and write down what its units took and all that it took."""
    engine = Timed()
    wafer.engine.open_engine = lambda *_, **__: engine
    recipe.FAMILIES = (RandomForest(work=1), BoostedTrees())
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code:
            raise
    taken = {"cpu": time.process_time(), "phases": engine.phases}
    Path(out).write_text(json.dumps(taken), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
