"""A registry of real bundles, for tests whose answers come from a model."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from application.tests.fakes import FakeRegistry
from wafer.errors import RegistryUnavailable
from wafer.model.assembly import assemble_bundle
from wafer.registry import PRODUCTION, ModelVersion


class RealModels(FakeRegistry):
    """A registry of real bundles; `broken` ones do not answer."""

    def __init__(self, bundles: dict[str, Path]) -> None:
        super().__init__()
        self.bundles = bundles  # by digest
        self.production: int | None = 1
        self.broken = False

    def versions(self) -> list[ModelVersion]:
        if self.broken:
            raise RegistryUnavailable("The registry does not answer.")
        return [
            ModelVersion(number, digest, "", "", (PRODUCTION,) if number == self.production else ())
            for number, digest in enumerate(self.bundles, start=1)
        ]

    def version(self, number: int) -> ModelVersion:
        return self.versions()[number - 1]

    def download(self, number: int, folder: Path) -> Path:
        return Path(shutil.copytree(list(self.bundles.values())[number - 1], folder / "bundle"))


@dataclass(frozen=True)
class Trained:
    """Two bundles of one training, and the export that it learned from."""

    bundles: dict[str, Path]
    export: Path


def train_two(folder: Path) -> Trained:
    """Train on a small drop of eight sensors."""
    from tests.faults.line import make_line, write_drop  # all training stages: four seconds to import

    line = make_line(folder, write_drop(folder / "drop"))
    parts, bundles = line.parts, {}
    for number in "12":
        model = assemble_bundle(
            preprocessor_dir=parts.preprocessor,
            cluster_model_dir=parts.cluster_model,
            global_dir=parts.global_models,
            cluster_dirs=parts.clusters,
            out=folder / f"bundle-{number}",
            metadata={"number": number},
        )
        bundles[model.digest] = folder / f"bundle-{number}"
    return Trained(bundles, parts.export)
