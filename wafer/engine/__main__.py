"""The parts of a cluster: `python -m wafer.engine scheduler` and `python -m wafer.engine worker tls://host:8786`."""

from typing import Annotated

import typer

from wafer.command import run
from wafer.engine import cluster
from wafer.engine.content import contents
from wafer.engine.settings import certificates
from wafer.settings import Settings


def scheduler(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8786,
) -> str:
    """Give units of work to workers, until told to end."""
    return cluster.serve("scheduler", certificates(Settings()), f"--host={host}", f"--port={port}", "--protocol=tls")


def worker(
    address: Annotated[str, typer.Argument(help="The scheduler, tls://host:port.")],
    processes: Annotated[int, typer.Option(min=1, help="Units at once, each in a process of its own.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it can be asked whether it runs; 0: any.")] = 0,
) -> str:
    """Do units of work, as long as there is a scheduler."""
    own = " ".join(f"{name}=1" for name in contents())
    ports = f"{port}:{port + processes - 1}" if port else "0"  # of what starts a process again when it dies
    options = (f"--nworkers={processes}", "--nthreads=1", f"--nanny-port={ports}", f"--resources={own}")
    return cluster.serve("worker", certificates(Settings()), address, *options, "--death-timeout=60")


if __name__ == "__main__":
    run({"scheduler": scheduler, "worker": worker})
