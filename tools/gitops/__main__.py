"""`python -m tools.gitops`: what gitops/ holds that is made of something else, and so not written by hand.

`platform` writes what Terraform made into an overlay; `render` writes the pipelines and image references by the lock of
pushed images; `promote` takes an environment's images over into another's lock and says what to copy; `check` fails
where something is stale; `packages` writes what the sync workflow copies to the store.
"""

import argparse
import sys
from pathlib import Path

from pydantic import TypeAdapter

from tools.gitops.platform import ENVIRONMENTS, Made, overlay, platform, registry
from tools.images.content import contents
from tools.images.lock import ROOT, promoted
from tools.images.tree import working_tree


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; 1 where something is stale, 2 for something that does not exist."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except (OSError, ValueError) as exc:
        print(f"gitops: {exc}", file=sys.stderr)  # noqa: T201 - the output of this command
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.gitops", description=__doc__)
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="whose gitops/; default: the repository this file is in"
    )
    commands = parser.add_subparsers(required=True)
    for name, command in (
        ("registry", _registry),
        ("render", _render),
        ("packages", _packages),
        ("platform", _platform),
    ):
        each = commands.add_parser(name)
        each.add_argument("environment", choices=ENVIRONMENTS)
        each.set_defaults(command=command)
        if name == "packages":
            each.add_argument("folder", type=Path)
        if name == "platform":
            each.add_argument("outputs", type=Path, help="`terraform output -json platform`, in a file")
            each.add_argument("--host", required=True, help="name under which the application is reached")
    promote = commands.add_parser("promote")
    promote.add_argument("source", choices=ENVIRONMENTS)
    promote.add_argument("target", choices=ENVIRONMENTS)
    promote.set_defaults(command=_promote)
    commands.add_parser("check").set_defaults(command=_check)
    return parser


def _registry(options: argparse.Namespace) -> None:
    print(registry(options.root, options.environment))  # noqa: T201 - the output of this command


def _render(options: argparse.Namespace) -> None:
    from tools.gitops.rendering import write_all  # late, as below: kfp takes a second, which others do not need

    write_all(options.root, options.environment)


def _packages(options: argparse.Namespace) -> None:
    from tools.gitops.rendering import write_store_packages

    write_store_packages(options.root, options.environment, options.folder)


def _platform(options: argparse.Namespace) -> None:
    made = TypeAdapter(Made).validate_json(options.outputs.read_bytes())
    text = platform(options.environment, made, options.host)
    (overlay(options.root, options.environment) / "platform.yaml").write_text(text, encoding="utf-8")


def _promote(options: argparse.Namespace) -> None:
    source, target = (registry(options.root, each) for each in (options.source, options.target))
    now = contents(working_tree(ROOT))
    for reference, tag in promoted(options.root / "gitops" / "images.lock", source, target, now).items():
        print(reference, tag)  # noqa: T201 - the output of this command


def _check(options: argparse.Namespace) -> int:
    from tools.gitops.rendering import stale

    found = stale(options.root)
    for path in found:
        print(f"{path} is stale: python -m tools.gitops render {path.parts[2]}")  # noqa: T201 - the output
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
