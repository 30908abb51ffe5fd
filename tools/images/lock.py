"""`gitops/images.lock`: what each registry holds. Written by the build after a push, read by plan and rendering."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.images import Images
from tools.images.content import Content

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "gitops" / "images.lock"


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image in a registry: what it was made of, its tag, its digest there, and the commit it was built from."""

    content: str
    tag: str
    digest: str
    revision: str


def read_lock(path: Path, registry: str) -> dict[str, Pushed]:
    """Image -> what the registry holds; nothing for a registry that nothing was pushed to."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {image: Pushed(**each) for image, each in kept.get(registry, {}).items()}


def write_lock(path: Path, registry: str, pushed: Mapping[str, Pushed]) -> None:
    """Add pushed images to what the lock says of a registry; other images and registries stay."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[registry] = kept.get(registry, {}) | {image: asdict(each) for image, each in pushed.items()}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def references(path: Path, registry: str) -> Images:
    """Image -> reference by digest, of everything the registry holds."""
    return {image: f"{registry}/{image}@{each.digest}" for image, each in read_lock(path, registry).items()}


def pushed_images(
    images: Images, now: Mapping[str, Content], tags: Mapping[str, str], revision: str
) -> dict[str, Pushed]:
    """What to record of images that were just pushed. Raises `ValueError` for a reference without a digest."""
    if wrong := [reference for reference in images.values() if "@sha256:" not in reference]:
        raise ValueError(f"no digest in: {', '.join(wrong)}")
    return {
        image: Pushed(now[image].digest, tags[image], reference.rpartition("@")[2], revision)
        for image, reference in images.items()
    }


def promoted(path: Path, source: str, target: str, now: Mapping[str, Content]) -> dict[str, str]:
    """Take over into one registry what the lock says of another: digests stay, so nothing is built.

    Gives reference by digest -> tag to copy it to, of what the target lacks. `now` is what this checkout's images are
    made of: raises `ValueError` if the source holds something else, for the overlay is rendered by this checkout.
    """
    there, held = read_lock(path, source), read_lock(path, target)
    if missing := sorted(now.keys() - there.keys()):
        raise ValueError(f"not pushed to {source} yet: {', '.join(missing)}")
    if other := sorted(image for image, content in now.items() if there[image].content != content.digest):
        raise ValueError(
            f"{source} has other content than this checkout: {', '.join(other)}; check out the tag that it runs"
        )
    new = {image: there[image] for image in now if held.get(image) != there[image]}
    write_lock(path, target, new)
    return {f"{source}/{image}@{each.digest}": f"{target}/{image}:{each.tag}" for image, each in new.items()}
