"""`edge-agent serve NAME` and `edge-agent run`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from edge_agent.serve.agent import prepare_agent
from edge_agent.serve.alone import alone
from edge_agent.serve.logs import begin_log
from edge_agent.serve.run import COMMAND, Service, Supervisor
from edge_agent.settings import load_settings

serve_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
run_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@serve_app.command()
def serve(name: Annotated[Service, typer.Argument(help="Which of the four.")]) -> None:
    """启动一个服务 / start one service; it runs until SIGTERM. Run `edge-agent migrate` once before."""
    # The same process goes on without this command line's modules, which would take 10 MB for as long as it runs.
    os.execv(COMMAND[0], [*COMMAND, name.value])  # noqa: S606 - our own interpreter, and no shell is wanted


@run_app.command()
def run(
    only: Annotated[list[Service] | None, typer.Option(help="Start only these.")] = None,
) -> None:
    """启动全部服务 / prepare the data folder, start the four services and keep them running until Ctrl-C."""
    settings = load_settings()
    begin_log("run", settings.log.format)
    prepare_agent(settings)
    with alone(settings.store.data_dir, "run"):
        Supervisor(only or Service).run()
