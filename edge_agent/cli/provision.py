"""`edge-agent provision`: become an agent of a centre, or take the place of a box that broke."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import ConflictError
from edge_agent.serve.agent import make_clock, prepare_agent
from edge_agent.settings import Settings, load_settings
from edge_agent.store.database import connect
from edge_agent.store.facts import read_head
from edge_agent.store.replace import take_over
from edge_agent.sync.certificate import signing_request
from edge_agent.sync.contract.http import Provisioned, ProvisionRequest, bearer
from edge_agent.sync.contract.topics import Address
from edge_agent.sync.enrol import CentreClient, keep
from edge_agent.sync.identity import IdentityFolder

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def provision(
    url: Annotated[str, typer.Option(help="The centre: https://HOST.")],
    token: Annotated[str, typer.Option(help="What `edge-agent central token` printed.")],
    ca: Annotated[Path | None, typer.Option(help="Whom to believe beside the system's list, as a PEM file.")] = None,
) -> None:
    """接入中心 / make this device's key, have it certified, and write down who it is from now on."""
    settings = load_settings()
    known = _known_agent(settings)
    folder = IdentityFolder(settings.store.data_dir)
    request = ProvisionRequest(token=token, csr=signing_request(folder.private_key(), known or "new"), agent=known)
    given = CentreClient(url, ca=ca).provision(request)
    if known and given.agent != known:
        raise ConflictError(
            f"The centre calls this device {given.agent}, its database says {known} (终端名称不一致).",
            do="Ask for a token without a name, or start from an empty data folder.",
        )
    if given.replaces and not known:
        _replace(settings, folder, given, url, ca)
    elif not known:
        prepare_agent(settings.model_copy(update={"agent": given.agent}))
    keep(folder, given, ca=ca)
    print(f"{given.tenant}/{given.agent}: 已接入 / provisioned at {given.http}")


def _known_agent(settings: Settings) -> str:
    """Give the name that the database bears, or the settings give, or none."""
    if not settings.store.database.exists():
        return settings.agent
    with closing(connect(settings.store.database, readonly=True)) as connection:
        return read_head(connection).agent


def _replace(settings: Settings, folder: IdentityFolder, given: Provisioned, url: str, ca: Path | None) -> None:
    clock, signer, address = make_clock(settings), folder.signer(), Address(given.tenant, given.agent)
    client = CentreClient(url, ca=ca, authorize=lambda: bearer(signer, address, clock.stamp().wall))
    settings.store.media.mkdir(parents=True, exist_ok=True)
    taken = take_over(
        settings.store.database,
        clock,
        given.agent,
        journal=client.journal(),
        documents=client.documents(clock.stamp().wall),
        held=client.media(),
    )
    print(f"取回 {taken.facts} 条记录 / {taken.facts} facts fetched back; epoch {taken.epoch} begins")
    for media in taken.lost:
        print(f"丢失的媒体 / lost: {media}")
    print("请重新绑定摄像机、建立账号 / bind the cameras and make the accounts again")
