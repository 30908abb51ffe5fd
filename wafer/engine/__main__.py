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
) -> str:
    """Do units of work, as long as there is a scheduler."""
    own = " ".join(f"{name}=1" for name in contents())
    options = (address, f"--nworkers={processes}", "--nthreads=1", f"--resources={own}", "--death-timeout=60")
    return cluster.serve("worker", certificates(Settings()), *options)


if __name__ == "__main__":
    run({"scheduler": scheduler, "worker": worker})
