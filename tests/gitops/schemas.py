"""Kubernetes' own schemas, from the package kubernetes-validate, as kubeconform reads them without a network."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "gitops" / "schemas"
KUBERNETES = "1.34.0"
DEFINITIONS = "/api/_definitions.json"
PREFIX = "#/$defs/"


def package() -> Path | None:
    """Folder of the strict schemas; `.ci/run` installs them into .venv/schemas, `WAFER_SCHEMAS` names another place."""
    given = os.environ.get("WAFER_SCHEMAS")
    places = (
        [Path(given)] if given else sorted(ROOT.glob(".venv/schemas/lib/python*/site-packages/kubernetes_validate"))
    )
    found = [place / "kubernetes-json-schema" / f"v{KUBERNETES}-local-strict" for place in places]
    return next((each for each in found if each.is_dir()), None)


def write_schemas(source: Path, into: Path) -> None:
    """Write every kind's schema with the definitions it needs inside it: kubeconform follows no reference to a file."""
    definitions = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    for path in source.glob("*-v*.json"):
        text = path.read_text(encoding="utf-8").replace(DEFINITIONS, "")
        schema = json.loads(text)
        if {"apiVersion", "kind"} <= schema.get("properties", {}).keys():
            schema["$defs"] = {name: definitions[name] for name in _needed(schema, definitions)}
            (into / path.name).write_text(json.dumps(schema), encoding="utf-8")


def _needed(schema: Any, definitions: dict[str, Any]) -> set[str]:  # noqa: ANN401 - any part of a schema
    seen: set[str] = set()
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _references(definitions[name])
    return seen


def _references(part: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a schema
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix(PREFIX)
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)
