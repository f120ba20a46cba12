"""`edge-agent seal-key`: the public half for whoever verifies, and a new key in the old one's place."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from edge_agent.evidence.keys import load_or_make
from edge_agent.evidence.keys import rotate as rotate_key
from edge_agent.serve.agent import open_agent
from edge_agent.serve.upkeep import seal_keys
from edge_agent.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def main() -> None:
    """签章密钥 / the key that seals the journal; run it as the user of the upkeep service."""


@app.command()
def show(as_json: AsJson = False) -> None:
    """公钥 / print the public key, as a line of a key file for `verify --key`."""
    settings = load_settings()
    with open_agent(settings) as agent:
        _show(load_or_make(seal_keys(settings), agent.writer).public, as_json=as_json)


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """更换密钥 / make a new key; the old one vouches for it. Give the district the new public key."""
    settings = load_settings()
    with open_agent(settings) as agent:
        keys = seal_keys(settings)
        load_or_make(keys, agent.writer)  # a key that was lost is said to be, before another follows
        _show(rotate_key(keys, agent.writer).public, as_json=as_json)


def _show(public: str, *, as_json: bool) -> None:
    print(json.dumps({"device": public}) if as_json else f"device {public}")
