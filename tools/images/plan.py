"""Which images have to be built, and why: their content now against what was built before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.images.content import Content
from tools.images.lock import Pushed

TAG_LENGTH = 16
Contents = Mapping[str, Content]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one image; `reference` is where it is, or will be once built."""

    name: str
    content: str
    tag: str
    build: bool
    why: list[str]
    digest: str | None
    reference: str


def tag(content: Content, version: str) -> str:
    """Tag of an image: the project's version and its content, the same for equal images only."""
    return f"{version}-{content.digest[:TAG_LENGTH]}"


def plan_since(now: Contents, before: Contents, version: str, registry: str) -> list[Step]:
    """Build what differs from another revision."""
    return [
        _step(name, content, version, registry, why=content.changes_since(before[name]), digest=None)
        for name, content in now.items()
    ]


def plan_against_lock(
    now: Contents,
    pushed: Mapping[str, Pushed],
    contents_at: Callable[[str], Contents | None],
    version: str,
    registry: str,
) -> list[Step]:
    """Build what the registry does not hold; `contents_at` knows what images were made of at a revision, or None."""
    return [_against(name, content, pushed.get(name), contents_at, version, registry) for name, content in now.items()]


def _against(
    name: str,
    content: Content,
    held: Pushed | None,
    contents_at: Callable[[str], Contents | None],
    version: str,
    registry: str,
) -> Step:
    if held is None:
        return _step(name, content, version, registry, why=["never pushed"], digest=None)
    if held.content == content.digest:
        return _step(name, content, version, registry, why=[], digest=held.digest)
    before = contents_at(held.revision)
    changes = content.changes_since(before[name]) if before else []
    why = changes or [f"differs from what was built at {held.revision[:12]}"]
    return _step(name, content, version, registry, why=why, digest=None)


def _step(name: str, content: Content, version: str, registry: str, *, why: list[str], digest: str | None) -> Step:
    where = f"{registry}/{name}" if registry else name
    tagged = tag(content, version)
    reference = f"{where}@{digest}" if digest else f"{where}:{tagged}"
    return Step(name, content.digest, tagged, bool(why), why, digest, reference)


def table(steps: list[Step]) -> str:
    """The plan for a person."""
    lines = [f"{'image':<26} {'tag':<{TAG_LENGTH + 8}} {'build':<5} why"]
    lines += [f"{each.name:<26} {each.tag:<{TAG_LENGTH + 8}} {_yes(each):<5} {_first(each.why)}" for each in steps]
    return "\n".join(line.rstrip() for line in lines)


def _yes(step: Step) -> str:
    return "yes" if step.build else "-"


def _first(why: list[str], most: int = 3) -> str:
    rest = len(why) - most
    return ", ".join(why[:most]) + (f" and {rest} more" if rest > 0 else "")
