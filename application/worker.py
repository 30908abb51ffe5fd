"""The worker process of one embedded run: executes the compiled package through `kfp.local`, stage by stage.

Standard output and error go to the run's log; what people see is told by the stages' records in the store.
"""

import json
import sys
import warnings
from pathlib import Path

from application.embedded import read_request, run_folder
from pipelines.packages import embedded_package
from wafer.settings import Settings


def main() -> None:
    """Run the package of the run named on the command line; exit code 1 when a stage failed."""
    settings = Settings()
    request = read_request(settings, sys.argv[1])
    folder = run_folder(settings, request.run_id)
    keep_metrics(folder / "cache")
    warnings.filterwarnings("ignore", message=".*settings .* no effect in the current local runner.*")
    warnings.filterwarnings("ignore", message=".*non-Python base image.*")
    from kfp import components, local

    local.init(
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=str(folder / "artifacts"),
        raise_on_error=True,
        enable_caching=True,
        cache_root=str(folder / "cache"),
    )
    pipeline = components.load_component_from_text(embedded_package(request.pipeline))
    try:
        pipeline(**request.arguments())
    except RuntimeError as error:  # kfp.local's only word for "a stage failed"; the stage's record says why
        sys.exit(str(error))


def keep_metrics(cache: Path) -> None:
    """Give every cached metrics artifact a file, so that a retry finds its stage finished.

    Metrics live in an artifact's metadata and have no file, which `kfp.local` 2.17.0 takes for a lost artifact.
    """
    for entry in cache.glob("*.json"):
        for output in json.loads(entry.read_text(encoding="utf-8")).values():
            if isinstance(output, dict) and str(output.get("schema_title")).endswith("Metrics"):
                Path(output["uri"]).touch()


if __name__ == "__main__":
    main()
