"""`edge-agent verify`: apart from `export`, so that an auditor's check loads nothing that makes packages."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.password import ENVIRONMENT, ask
from edge_agent.errors import EdgeAgentError
from edge_agent.evidence.locked import LockedZip, is_locked
from edge_agent.evidence.verify import Keys, OpenZip, Zip, read_keys, read_receipt, show, unread
from edge_agent.evidence.verify import verify as verify_package

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verify(
    package: Annotated[Path, typer.Argument(help="The zip, or the folder it was unpacked to.")],
    key: Annotated[Path | None, typer.Option(help="Public keys: `device HEX` and `centre HEX` lines.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="The centre's newest acknowledgement (JSON).")] = None,
    password: Annotated[
        str, typer.Option(envvar=ENVIRONMENT, help="Of an encrypted zip; better by the environment, or asked for.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """校验证据包 / verify a package; exit code 0 proven, 1 changed, 2 consistent but of unproven origin."""
    # What stops the check exits with 1, like what breaks the proof: 2 would say that the package is consistent.
    try:
        keys = read_keys(key) if key else Keys()
        received = read_receipt(receipt) if receipt else None
    except (OSError, ValueError) as error:
        raise EdgeAgentError(
            unread(error), do="公钥与回执的格式见 docs/evidence.md。Give a file as docs/evidence.md shows it."
        ) from error
    report = verify_package(package, keys, receipt=received, open_zip=_opening(package, password))
    if as_json:
        print(json.dumps({"exit_code": report.exit_code, **asdict(report)}, ensure_ascii=False))
    else:
        show(report, print)
    raise typer.Exit(report.exit_code)


def _opening(package: Path, password: str) -> OpenZip:
    if not is_locked(package):
        return Zip
    if not (password := password or ask("证据包的密码 / the package's password")):
        raise EdgeAgentError(
            f"{package}: 已加密，须给出密码 / is encrypted and needs its password.",
            do=f"请用 --password 或环境变量 {ENVIRONMENT} 给出。Give --password, or {ENVIRONMENT} in the environment.",
        )
    return partial(LockedZip, password=password)
