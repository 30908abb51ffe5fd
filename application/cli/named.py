"""The commands about the named contracts of an installation: `wafer contract add`, list, show, remove."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from application.cli.console import Json, console_of, listing, print_json, user
from wafer.contract import ContractFiles, Contracts, NamedContract
from wafer.contract.loading import FILES
from wafer.registry import model_of
from wafer.settings import Settings
from wafer.store import open_store

Name = Annotated[str, typer.Argument(help="Name of the contract: up to 40 of a-z 0-9 -.")]
File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


def add_contract(
    name: Name,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder with the files that `wafer contract draft` wrote.", exists=True, file_okay=False),
    ] = None,
    schema_training: File = None,
    schema_prediction: File = None,
    policy: File = None,
    as_json: Json = False,
) -> None:
    """Add a contract, or a new version of one: new runs under this name take it, runs that have begun keep theirs."""
    if not (folder or schema_training or schema_prediction or policy):
        raise typer.BadParameter("name a folder with the contract's files, or give them as options", param_hint="DIR")
    in_folder = [folder / file if folder else None for file in FILES]
    given = (schema_training, schema_prediction, policy)
    if folder and not any(each and each.exists() for each in in_folder):
        raise typer.BadParameter(f"{folder} has none of the files that `wafer contract draft` writes", param_hint="DIR")
    texts = [_text(own or there) for own, there in zip(given, in_folder, strict=True)]
    added = _contracts().add(name, ContractFiles.of(*texts), user())
    console = console_of(as_json=as_json)
    console.print(f"Contract [bold]{name}[/], version {added.digest}. Its model is {model_of(name)}.")
    console.print(f"  wafer train DIR --contract {name}\n  wafer predict DIR --contract {name}", markup=False)
    if as_json:
        print_json(_line(added))


def list_contracts(as_json: Json = False) -> None:
    """List the contracts that runs can take; the default is that of WAFER_CONTRACT, or the built-in one."""
    found = _contracts().all()
    if as_json:
        print_json({"contracts": [_line(each) for each in found], "default": Settings().contract})
        return
    table = listing("contract", "version", "model", "by", "since")
    for each in found:
        mark = " (default)" if each.name == Settings().contract else ""
        table.add_row(each.name + mark, each.digest, model_of(each.name), escape(each.by), each.at)
    console_of(as_json=False).print(table)


def show_contract(name: Name, as_json: Json = False) -> None:
    """Show the version of a contract that new runs take: its files, and where they lie."""
    contracts = _contracts()
    found = contracts.get(name)
    texts = contracts.texts(found)
    if as_json:
        print_json({**_line(found), "files": dict(texts.by_name())})
        return
    console, read = console_of(as_json=False), found.load("training")
    console.print(f"Contract [bold]{name}[/], version {found.digest}, model {model_of(name)}")
    console.print(f"  files named like {read.file_name.example}, {len(read.sensors):,} sensors", markup=False)
    for kind in ("training", "prediction"):
        for parameter, address in found.files(kind).items():
            console.print(f"  {kind} {parameter}: {address}", markup=False, soft_wrap=True, highlight=False)
    console.print(texts.policy, markup=False, highlight=False)


def remove_contract(name: Name) -> None:
    """Take a contract from the list; its versions and its model stay for the runs that have them."""
    if name == Settings().contract:
        raise typer.BadParameter(f"{name} is the default (WAFER_CONTRACT); choose another default first")
    _contracts().remove(name)
    console_of(as_json=False).print(f"No new run takes {name}.", markup=False)


def _contracts() -> Contracts:
    return Contracts(open_store(Settings().store_uri))


def _text(file: Path | None) -> str:
    """The text of a file that is given; empty for one that is not there, which stands for the built-in one."""
    return file.read_text(encoding="utf-8-sig") if file and file.exists() else ""


def _line(contract: NamedContract) -> dict[str, str]:
    return {
        "name": contract.name,
        "digest": contract.digest,
        "model": model_of(contract.name),
        "by": contract.by,
        "at": contract.at,
    }
