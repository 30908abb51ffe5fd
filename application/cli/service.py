"""The commands around the service: `wafer serve`, `wafer keys`."""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from application.access.keys import Keys
from application.access.roles import Role
from application.api.online import OnlineScores
from application.api.registry import LazyRegistry
from application.api.where import keys_of
from application.cli.console import console_of, listing
from application.cli.options import ContractOption, chosen_contract, contract_parameters
from application.runs.run import read_by
from application.scoring.production import LoadedModels, Production
from application.scoring.reference import LatestScores
from application.settings import ServiceSettings
from wafer.settings import Settings
from wafer.store import open_store

keys_app = typer.Typer(no_args_is_help=True, help="API keys of the service: add, list, revoke.")
Name = Annotated[str, typer.Argument(help="Who or what uses the key.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine need an API key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the web page and the HTTP interface."""
    from application.api.serve import serve as run  # FastAPI and uvicorn: 0.5 s that no other command needs

    run(host, port, lambda line: typer.echo(line, err=True))


def serve_model(
    host: Annotated[
        str, typer.Option(help="Address to listen on. No key is asked for: let callers come by a network of their own.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    contract: ContractOption = "",
) -> None:
    """Serve the version in production alone, by the open inference protocol (KServe's predictor)."""
    from application.inference.app import serve_one  # FastAPI and uvicorn: 0.5 s that no other command needs

    named = chosen_contract(contract)
    settings = Settings()
    registry = LazyRegistry(settings.tracking_uri, named.name)
    latest = LatestScores(open_store(settings.store_uri), named.name)
    production = Production(registry, LoadedModels(registry), latest)
    read = partial(read_by, contract_parameters("predict", contract, "", ""), "prediction")
    serve_one(host, port, production, OnlineScores(production, read, settings.threshold), registry.model)


@keys_app.command("add")
def add_key(
    name: Name,
    role: Annotated[
        Role, typer.Option(help="viewer reads, operator also starts runs, admin also promotes.")
    ] = "viewer",
    days: Annotated[float | None, typer.Option(min=0.001, help="Days until it expires; for ever otherwise.")] = None,
) -> None:
    """Make a key and print it, this once."""
    text = _keys().add(name, role, lifetime=timedelta(days=days) if days else None)
    Console(stderr=True).print(f"Key of [bold]{escape(name)}[/] ({role}); it is not shown again:")
    sys.stdout.write(f"{text}\n")


@keys_app.command("list")
def list_keys() -> None:
    """List the keys by name; the keys themselves are not known here."""
    table = listing("name", "role", "made", "expires")
    now = datetime.now(UTC)
    for key in _keys().all():
        ends = f"{key.expires} (expired)" if key.expired(now) else key.expires or "never"
        table.add_row(escape(key.name), key.role, key.created, ends)
    console_of(as_json=False).print(
        table if table.row_count else "No key: `wafer keys add NAME --role ROLE` makes one."
    )


@keys_app.command("revoke")
def revoke_key(name: Name) -> None:
    """Forget a key; a running service refuses it from its next request on."""
    _keys().revoke(name)
    Console(stderr=True).print(f"The key of [bold]{escape(name)}[/] is not valid any more.")


def _keys() -> Keys:
    return keys_of(Settings(), ServiceSettings())
