"""The pipelines and image references of an overlay, by the lock of pushed images."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from pipelines.compile import write_packages
from pipelines.components import write_components
from pipelines.images import ALL, APPLICATION, ENGINE, STAGES, Images
from pipelines.tasks import Deployment
from tools.gitops.platform import BUILT, ENVIRONMENTS, LOCAL, config_map, overlay, registry
from tools.images.lock import read_lock, references


def deployed_images(root: Path, environment: str) -> Images:
    """Image -> reference in the environment's registry: by digest once pushed, until then one that cannot be pulled."""
    where = registry(root, environment)
    return {image: f"{where}/{image}:not-pushed-yet" for image in ALL} | references(
        root / "gitops" / "images.lock", where
    )


def rendered(root: Path, environment: str) -> dict[Path, str]:
    """Path -> text of everything in an overlay that is made of the DAGs and the lock."""
    images = deployed_images(root, environment)
    folder = overlay(root, environment)
    named = {image: images[image] for image in (APPLICATION, ENGINE, "load_prod_model")}
    texts = {folder / "images.yaml": yaml.safe_dump(config_map("images", "wafer-fault", named, LOCAL), sort_keys=False)}
    pipelines = _pipelines(tuple(sorted(images.items())))
    return texts | {folder / "pipelines" / f"{route}.yaml": text for route, text in pipelines.items()}


@cache  # 2 s of compiling, and render and check ask for the same images
def _pipelines(images: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Route -> text of its Pipeline and PipelineVersion."""
    with TemporaryDirectory() as scratch:
        return {
            path.name.split(".", 1)[0]: path.read_text(encoding="utf-8")
            for path in write_packages(Path(scratch), Deployment(dict(images)))
            if path.name.endswith(".kubernetes.yaml")
        }


def stale(root: Path) -> list[Path]:
    """Rendered files that are not what they would be rendered to now; a promoted overlay stays with its tag."""
    return [
        path.relative_to(root)
        for environment in ENVIRONMENTS
        if not _is_promoted(root, environment)
        for path, text in rendered(root, environment).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def _is_promoted(root: Path, environment: str) -> bool:
    """Whether an environment that never builds was deployed: by the code of a tag, so main's says nothing about it."""
    pushed = read_lock(root / "gitops" / "images.lock", registry(root, environment))
    return environment != BUILT and bool(pushed)


def write_all(root: Path, environment: str) -> None:
    """Render an overlay."""
    for path, text in rendered(root, environment).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_store_packages(root: Path, environment: str, folder: Path) -> None:
    """What the store has below `pipelines/`: both packages by route, and every stage's component.

    Raises `ValueError` while an image was not pushed: what the application loads from the store must be runnable.
    """
    images = deployed_images(root, environment)
    if missing := [stage for stage in STAGES if "@sha256:" not in images[stage]]:
        raise ValueError(f"not pushed to {registry(root, environment)} yet: {', '.join(missing)}")
    for path in write_packages(folder, Deployment(images)):
        if path.name.endswith(".kubernetes.yaml"):
            path.unlink()
    write_components(folder / "components", images)
