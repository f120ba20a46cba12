"""`edge-agent verify`: apart from `export`, so that an auditor's check loads nothing that makes packages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import InputError
from edge_agent.evidence.verify import Keys, read_keys, show
from edge_agent.evidence.verify import verify as verify_package

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verify(
    package: Annotated[Path, typer.Argument(help="The zip, or the folder it was unpacked to.")],
    key: Annotated[Path | None, typer.Option(help="Public keys: `device HEX` and `centre HEX` lines.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="The centre's newest acknowledgement (JSON).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """校验证据包 / verify a package; exit code 0 proven, 1 changed, 2 consistent but of unproven origin."""
    try:
        keys = read_keys(key) if key else Keys()
        received = json.loads(receipt.read_text()) if receipt else None
    except (OSError, ValueError) as error:
        raise InputError(str(error), do="Give a file of keys as docs/evidence.md shows it.") from error
    report = verify_package(package, keys, receipt=received)
    if as_json:
        print(json.dumps({"exit_code": report.exit_code, **asdict(report)}, ensure_ascii=False))
    else:
        show(report, print)
    raise typer.Exit(report.exit_code)
