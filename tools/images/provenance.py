"""How an image was made, as the predicate of a SLSA provenance (v1): builder, commit, content, recipe."""

from collections.abc import Mapping
from typing import Any

BUILD_TYPE = "https://wafer-fault.invalid/build/podman/v1"  # `.ci/images` at the commit below


def provenance(image: str, tag: str, content: str, revision: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The predicate, by what the job's environment says of itself."""
    repository = _repository(environment)
    invocation = _job(environment)
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"image": image, "tag": tag, "recipe": ".ci/images"},
            "internalParameters": {},
            "resolvedDependencies": [
                {"uri": f"git+{repository}", "digest": {"gitCommit": revision}},
                {"name": "content", "uri": f"git+{repository}#{image}", "digest": {"sha256": content}},
            ],
        },
        "runDetails": {"builder": {"id": invocation or "local"}, "metadata": {"invocationId": invocation}},
    }


def _repository(environment: Mapping[str, str]) -> str:
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    named = environment.get("GITHUB_REPOSITORY", "")
    return environment.get("GIT_URL") or (f"{server}/{named}" if named else "https://git.example/wafer-fault.git")


def _job(environment: Mapping[str, str]) -> str:
    """Address of this run of Jenkins or of GitHub; empty outside of both."""
    if build := environment.get("BUILD_URL"):
        return build
    run = environment.get("GITHUB_RUN_ID")
    return f"{_repository(environment)}/actions/runs/{run}" if run else ""
