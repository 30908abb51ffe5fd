"""`python -m tools.images`: which images a change makes anew, what was pushed, what an image is made of and how."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from pipelines.images import ALL
from tools.images.content import contents, version
from tools.images.installed import write_installed
from tools.images.lock import LOCK, ROOT, pushed_images, read_lock, write_lock
from tools.images.plan import Contents, Step, plan_against_lock, plan_since, table, tag
from tools.images.provenance import provenance
from tools.images.sbom import write_sboms
from tools.images.tree import Tree, UnknownRevision, head, tree_at, working_tree


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; 0, or 2 for something that does not exist."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (UnknownRevision, ValueError) as exc:
        print(f"images: {exc}", file=sys.stderr)  # noqa: T201 - the output of this command
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.images", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository; default: the one this file is in")
    parser.add_argument("--lock", type=Path, default=LOCK, help="what was pushed; default: gitops/images.lock")
    commands = parser.add_subparsers(required=True)

    plan = commands.add_parser("plan", help="content, tag and fate of every image")
    plan.add_argument("--since", metavar="REV", help="compare with a revision, not with what the registry holds")
    plan.add_argument("--registry", default="", help="registry and prefix of the images")
    plan.add_argument("--all", action="store_true", help="build everything, as after an update of the base image")
    plan.add_argument("--stamp", default="", help="part of every tag: equal content on a newer base is another image")
    plan.add_argument("--json", action="store_true", help="one JSON object")
    plan.set_defaults(command=_plan)

    record = commands.add_parser("record", help="write pushed images into the lock")
    record.add_argument("images", type=Path, nargs="+", help="JSON files name -> reference by digest")
    record.add_argument("--registry", required=True)
    record.add_argument("--stamp", default="", help="that of the plan")
    record.set_defaults(command=_record)

    files = commands.add_parser("files", help="the files that decide what an image does")
    files.add_argument("image", choices=ALL)
    files.set_defaults(command=_files)

    sbom = commands.add_parser("sbom", help="what every image is made of, as CycloneDX")
    sbom.add_argument("folder", type=Path)
    sbom.set_defaults(command=_sbom)

    installed = commands.add_parser("installed", help="what a built image holds, as CycloneDX")
    installed.add_argument("image", choices=ALL)
    installed.add_argument("files", type=Path, help="the image's files")
    installed.add_argument("bom", type=Path, help="where to write it")
    installed.add_argument("--tag", required=True)
    installed.set_defaults(command=_installed)

    made = commands.add_parser("provenance", help="how an image is made, as a predicate of SLSA")
    made.add_argument("image", choices=ALL)
    made.add_argument("--tag", required=True)
    made.set_defaults(command=_provenance)
    return parser


def _plan(options: argparse.Namespace) -> None:
    steps = _steps(options)
    if options.json:
        found = {"registry": options.registry, "images": [asdict(each) for each in steps]}
        print(json.dumps(found, indent=2))  # noqa: T201 - the output of this command
    else:
        print(table(steps))  # noqa: T201 - the output of this command


def _steps(options: argparse.Namespace) -> list[Step]:
    tree = working_tree(options.root)
    now, release = contents(tree), _release(tree, options.stamp)
    if options.all:
        return plan_against_lock(now, {}, lambda _: None, release, options.registry)
    if options.since:
        return plan_since(now, contents(tree_at(options.root, options.since)), release, options.registry)
    pushed = read_lock(options.lock, options.registry)
    return plan_against_lock(now, pushed, _contents_at(options.root), release, options.registry)


def _contents_at(root: Path) -> Callable[[str], Contents | None]:
    @cache
    def contents_at(revision: str) -> Contents | None:
        try:
            return contents(tree_at(root, revision))
        except UnknownRevision:
            return None

    return contents_at


def _record(options: argparse.Namespace) -> None:
    now = contents(working_tree(options.root))
    tags = _tags(options.root, options.stamp)
    images = {name: reference for path in options.images for name, reference in json.loads(path.read_text()).items()}
    write_lock(options.lock, options.registry, pushed_images(images, now, tags, head(options.root)))


def _tags(root: Path, stamp: str = "") -> dict[str, str]:
    tree = working_tree(root)
    return {image: tag(content, _release(tree, stamp)) for image, content in contents(tree).items()}


def _release(tree: Tree, stamp: str) -> str:
    return f"{version(tree)}-{stamp}" if stamp else version(tree)


def _sbom(options: argparse.Namespace) -> None:
    for path in write_sboms(options.root, options.folder, _tags(options.root)):
        print(path)  # noqa: T201 - the output of this command


def _installed(options: argparse.Namespace) -> None:
    count = write_installed(options.files, options.bom, f"wafer-fault/{options.image}", options.tag)
    print(f"{options.bom}: {count} packages")  # noqa: T201 - the output of this command


def _provenance(options: argparse.Namespace) -> None:
    content = contents(working_tree(options.root))[options.image].digest
    made = provenance(options.image, options.tag, content, head(options.root), os.environ)
    print(json.dumps(made, indent=2))  # noqa: T201 - the output of this command


def _files(options: argparse.Namespace) -> None:
    for path in sorted(contents(working_tree(options.root))[options.image].files):
        print(path)  # noqa: T201 - the output of this command


if __name__ == "__main__":
    sys.exit(main())
