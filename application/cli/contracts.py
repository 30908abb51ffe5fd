"""The commands around the data contract: draft one from sample files, and check files against one without a run."""

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from application.cli.console import Json, console_of, listing, print_json
from wafer.contract import Kind, load_contract
from wafer.contract.loading import FILES, POLICY, SCHEMAS
from wafer.contract.manifest import Manifest, ManifestFile
from wafer.store import Batch, fetch, list_batches

if TYPE_CHECKING:
    from wafer.contract.draft import Draft

Schema = Annotated[str, typer.Option(help="Schema file (JSON): path, s3:// URI or text; default: the built-in one.")]
Policy = Annotated[str, typer.Option(help="Policy file (YAML): path, s3:// URI or text; default: the built-in one.")]
Source = Annotated[str, typer.Argument(help="Folder of exports, or s3://bucket/prefix.")]
contract_app = typer.Typer(
    no_args_is_help=True,
    help="Draft a data contract from sample files; name those of several lines.",
)


@contract_app.command()
def draft(
    source: Source,
    output: Annotated[Path, typer.Option(help="Folder to write the three files into.")] = Path(),
    outcome: Annotated[str, typer.Option(help="Column with the outcome, where no name or value shows it.")] = "",
    passes: Annotated[list[str] | None, typer.Option(help="Value of passing wafers; all others fail.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a contract that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a contract (two schemas and a policy) that fits unknown exports, and say what is not sure about it."""
    from wafer.contract.draft import Hint, draft_contract, write_draft  # python-calamine: only here

    if passes and not outcome:
        raise typer.BadParameter("say which column it is a value of", param_hint="--outcome")
    if there := [name for name in FILES if (output / name).exists() and not force]:
        raise typer.BadParameter(f"{output / there[0]} is there already; --force writes over it", param_hint="--output")
    batches = list_batches(source)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samples-")))
        found = draft_contract(
            {batch.name: partial(fetch, batch, scratch) for batch in batches}, Hint(outcome, tuple(passes or ()))
        )
    written = write_draft(found, output)
    judged = _verdicts_of(found, batches, output)
    console = console_of(as_json=as_json)
    _tell_draft(console, found, source, output)
    for manifest in judged:
        _tell_verdicts(console, manifest)
    if as_json:
        files = {name: str(path) for name, path in written.items()}
        verdicts = [asdict(file) | {"kind": each.kind} for each in judged for file in each.files]
        print_json({"files": files, "guesses": found.guesses, "unsure": found.unsure, "verdicts": verdicts})


@contract_app.command()
def check(
    source: Source,
    schema: Schema = "",
    policy: Policy = "",
    kind: Annotated[Kind, typer.Option(help="What the files are for.")] = "training",
    as_json: Json = False,
) -> None:
    """Give every file the verdict that a run would give it; the exit code is 1 when a file is refused."""
    manifest = _judged(list_batches(source), kind, schema, policy)
    _tell_verdicts(console_of(as_json=as_json), manifest)
    if as_json:
        print_json(asdict(manifest))
    raise typer.Exit(1 if manifest.bad else 0)


def _verdicts_of(found: "Draft", batches: list[Batch], folder: Path) -> list[Manifest]:
    """The verdicts on the sampled files: those with an outcome as files to train on, the others as files to predict."""
    kinds: list[tuple[Kind, str, tuple[str, ...]]] = [
        ("training", SCHEMAS["training"], (*found.labelled, *found.tables)),
        ("prediction", SCHEMAS["prediction"], found.unlabelled),
    ]
    return [
        _judged([batch for batch in batches if batch.name in names], kind, str(folder / schema), str(folder / POLICY))
        for kind, schema, names in kinds
        if names
    ]


def _judged(batches: list[Batch], kind: Kind, schema: str, policy: str) -> Manifest:
    if not find_spec("raw_data_validation_train"):  # the application's image has no stages
        raise typer.BadParameter("files are judged where the stages are installed: on a laptop, or in a run")
    from raw_data_validation_train.stage import judge_batches

    return judge_batches(batches, load_contract(kind, schema, policy))


def _tell_draft(console: Console, found: "Draft", source: str, output: Path) -> None:
    for guess in found.guesses:
        console.print(f"  {guess}", markup=False)
    if found.unsure:
        console.print("[bold]Not sure[/]")
    for doubt in found.unsure:
        console.print(f"  ? {doubt}", markup=False)
    policy = output / POLICY
    console.print("[bold]Next[/]")
    if found.labelled:
        console.print(f"  wafer train {source} --schema {output / SCHEMAS['training']} --policy {policy}", markup=False)
    console.print(f"  wafer predict DIR --schema {output / SCHEMAS['prediction']} --policy {policy}", markup=False)


def _tell_verdicts(console: Console, manifest: Manifest) -> None:
    table = listing("file", "verdict", "rows", "good", "why", title=f"As files for {manifest.kind}")
    for file in manifest.files:
        table.add_row(escape(file.name), file.verdict, str(file.rows_in), str(file.rows_good), escape(_why(file)))
    console.print(table)
    totals = manifest.totals
    console.print(
        f"{totals.files_good} of {totals.files} files are good, with {totals.rows_good} of {totals.rows_in} rows."
    )


def _why(file: ManifestFile) -> str:
    """What is wrong with a file and its rows."""
    reasons = [f"{code}: {text}" for code, text in zip(file.codes, file.messages, strict=True)]
    rows = ", ".join(f"{count} {code}" for code, count in file.row_codes.items())
    return " ".join([*reasons, *([f"Rows in quarantine: {rows}."] if rows else []), *file.warnings])
