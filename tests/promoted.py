"""A version in production, made of a line's artifacts, in a registry of its own."""

from pathlib import Path

from load_prod_model.promotion import promote_run
from tests.faults.line import Line
from wafer.documents import open_documents
from wafer.registry import Registry, open_registry
from wafer.store import open_store


def promote(folder: Path, line: Line, empty_registry: Path) -> Path:
    """Promote the line's model in `mlflow.db` of the folder; its bundle."""
    (folder / "mlflow.db").write_bytes(empty_registry.read_bytes())
    promote_into(open_registry(f"sqlite:///{folder / 'mlflow.db'}"), folder, line)
    return folder / "bundle"


def promote_into(registry: Registry, folder: Path, line: Line) -> None:
    """Promote the line's model; store, documents and what is written lie in the folder."""
    with open_documents(str(folder / "promoted.sqlite")) as documents:
        promote_run(
            line.parts,
            run_id="train-1",
            store=open_store(str(folder / "promoted")),
            documents=documents,
            registry=registry,
            bundle=folder / "bundle",
            decision=folder / "decision.json",
            report=folder / "report.html",
        )
