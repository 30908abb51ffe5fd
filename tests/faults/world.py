"""Everything that outlives a run, by its addresses, and whether it is as a run without any fault left it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wafer.documents import open_documents
from wafer.model.assembly import verify_bundle
from wafer.registry.registry import MlflowRegistry
from wafer.store import MARKER, Marker, Store, fetch_published, open_store

PUBLISHED = ("quarantine", "training", "predictions")
RUN = "run-1"


@dataclass(frozen=True, slots=True)
class World:
    """Where a line keeps its state."""

    store: str
    documents: str
    registry: str

    @classmethod
    def below(cls, folder: Path) -> "World":
        """An embedded one."""
        database = f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}"
        return cls(str(folder / "store"), str(folder / "documents.sqlite"), database)


def published(store: Store) -> dict[str, Marker]:
    """Every folder that readers can see, each verified file by file."""
    markers = [item.key for top in PUBLISHED for item in store.keys(top) if item.key.endswith(f"/{MARKER}")]
    with tempfile.TemporaryDirectory() as scratch:
        folders = [key.removesuffix(f"/{MARKER}") for key in markers]
        return {each: fetch_published(store, each, Path(scratch) / each) for each in folders}


def registered(world: World) -> dict[str, Any]:
    """Versions, aliases and history, each version's bundle verified; an alias names one of them."""
    database = Path(world.registry.removeprefix("sqlite:///"))
    if world.registry.startswith("sqlite") and not database.exists():
        return {}
    registry = MlflowRegistry(world.registry)
    versions = registry.versions()
    for each in versions:
        with tempfile.TemporaryDirectory() as scratch:
            verify_bundle(registry.download(each.version, Path(scratch)), expected_digest=each.digest)
    named = set(registry._aliases())
    assert named <= {each.version for each in versions}, "an alias names a version that is not complete"
    found = [(each.version, each.digest, each.aliases, each.decision and each.decision.promoted) for each in versions]
    return {"versions": found, "history": registry.history(), "runs": _runs(registry)}


def _runs(registry: MlflowRegistry) -> list[tuple[str, str, dict[str, float], dict[str, str]]]:
    found = registry._client.search_runs([registry._experiment()])
    return sorted((run.info.run_name, run.info.status, run.data.metrics, run.data.params) for run in found)


def loaded(world: World) -> int:
    """Documents in the database, which must be as many as there are different wafers in them."""
    with open_documents(world.documents) as documents:
        return documents.count("training")


def state(world: World) -> dict[str, Any]:
    """All that a user can see of the world, verified; equal for equal results."""
    return {
        "published": published(open_store(world.store)),
        "documents": loaded(world),
        "registry": registered(world),
    }
