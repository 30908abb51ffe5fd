"""The worker process of one embedded run: executes the compiled package through `kfp.local`, stage by stage.

Standard output and error go to the run's log; what people see is told by the stages' records in the store.
"""

import sys
import warnings

from application.embedded import read_request, run_folder
from pipelines.packages import embedded_package
from wafer.settings import Settings


def main() -> None:
    """Run the package of the run named on the command line; exit code 1 when a stage failed."""
    settings = Settings()
    request = read_request(settings, sys.argv[1])
    folder = run_folder(settings, request.run_id)
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


if __name__ == "__main__":
    main()
