"""The command `edge-agent`; each group of commands is a module of this package, imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from edge_agent import __version__
from edge_agent.cli.lazy import attribute, mount

app = typer.Typer(name="edge-agent", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

COMMANDS = {
    "backup": ("edge_agent.cli.backup:backup_app", "备份数据库 / copy the database while everything runs."),
    "bench": ("edge_agent.cli.bench:app", "性能测量 / measure this machine."),
    "cameras": ("edge_agent.cli.cameras:app", "摄像机：搜索、绑定、检测 / find, bind and test cameras."),
    "central": ("edge_agent.cli.central:app", "中心服务 / the central server that receives facts and media."),
    "copy": ("edge_agent.cli.copy:app", "水印副本 / a watermarked copy for one person."),
    "demo": ("edge_agent.cli.demo:app", "演示整个过程 / the whole product at work, in three minutes."),
    "doctor": ("edge_agent.cli.doctor:app", "体检 / examine this device, and say what to do."),
    "export": ("edge_agent.cli.export:app", "导出证据包 / make a class's evidence package."),
    "fsck": ("edge_agent.cli.store:fsck_app", "检查数据库与媒体 / check the database and the media."),
    "idle": ("edge_agent.cli.idle:app", "现在有没有课 / say whether no lesson runs, and from when."),
    "import": ("edge_agent.cli.intake:import_app", "导入名册、课表等 / import rosters, timetables and other tables."),
    "kiosk": ("edge_agent.cli.kiosk:app", "打卡终端的初始化码 / the code of the first run."),
    "migrate": ("edge_agent.cli.store:migrate_app", "建立或升级数据库 / create the database or bring it up to date."),
    "faces": ("edge_agent.cli.faces:app", "人脸识别与活体检测的测量 / measure recognition and liveness."),
    "models": ("edge_agent.cli.models:app", "人脸模型的下载与校验 / fetch and verify the face models."),
    "release": ("edge_agent.cli.release:app", "中心下发的升级 / releases that the centre orders."),
    "restore": ("edge_agent.cli.backup:restore_app", "恢复数据库 / put a backup back."),
    "provision": ("edge_agent.cli.provision:app", "接入中心 / become an agent of a central server."),
    "rules": ("edge_agent.cli.rules:app", "培训规则：计划与复算 / the training rules: plan and replay."),
    "run": ("edge_agent.cli.serve:run_app", "启动全部服务 / start all four services and keep them running."),
    "seal-key": ("edge_agent.cli.sealkey:app", "签章密钥 / the key that seals the journal."),
    "serve": ("edge_agent.cli.serve:serve_app", "启动一个服务 / start one service."),
    "settings": ("edge_agent.cli.settings:app", "生效的配置 / show and check the configuration."),
    "simulator": ("edge_agent.cli.simulator:app", "虚拟摄像机 / virtual cameras for demonstrations and tests."),
    "supplement": ("edge_agent.cli.supplement:app", "补充材料 / material for outages, and its recognition."),
    "template": ("edge_agent.cli.intake:template_app", "导入模板 / write an empty table to fill in."),
    "verify": ("edge_agent.cli.verify:app", "校验证据包 / verify an evidence package."),
}

for _name, (_target, _summary) in COMMANDS.items():
    mount(app, _name, attribute(_target), _summary)


def _print_version(value: bool) -> None:
    if value:
        print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """职业培训课堂证据 / evidence of vocational training."""
