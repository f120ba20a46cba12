"""`edge-agent kiosk`: what only somebody at the device may see."""

from __future__ import annotations

from typing import Annotated

import typer

from edge_agent.serve.agent import open_agent
from edge_agent.serve.kiosk import make_first_code
from edge_agent.settings import load_settings
from edge_agent.web.auth.login import rescue

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """打卡终端 / the kiosk."""


@app.command()
def code() -> None:
    """初始化码 / make and show the code of the first run; codes shown before are worth nothing then."""
    with open_agent(load_settings()) as agent:
        made = make_first_code(agent)
    print(made or "已完成初始化，请管理员登录 / the first run is done: an administrator exists")


@app.command()
def reset(
    login: Annotated[str, typer.Argument(help="Phone number or resident id that the administrator logs in with.")],
) -> None:
    """重置管理员密码 / give an administrator whom nobody can help a password for 72 hours."""
    with open_agent(load_settings()) as agent:
        password = rescue(agent.writer, login, at=agent.clock.stamp().wall)
    print(f"临时密码（72 小时内登录并修改）/ log in with this within 72 hours and change it: {password}")
