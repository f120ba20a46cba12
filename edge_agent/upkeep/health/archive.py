"""The archive disk: where one is configured, it must be there and take what comes."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.archivist import ArchiveState
from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

_STATES = {
    ArchiveState.ABSENT: ("归档硬盘没有接上", "The archive disk is not there"),
    ArchiveState.FULL: ("归档硬盘已满", "The archive disk is full"),
    ArchiveState.FAILING: ("归档硬盘读写出错", "The archive disk fails"),
}
_DO = {
    ArchiveState.ABSENT: ("接上硬盘，检查挂载", "Plug it in, check its mount."),
    ArchiveState.FULL: ("更换一块空硬盘", "Replace it by an empty one."),
    ArchiveState.FAILING: ("检查接线与文件系统，或更换硬盘", "Check its cable and file system, or replace it."),
}


class ArchiveCheck:
    name = "archive"
    title = "归档 / archive"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.archive is not None and view.archive.state in _STATES:
            zh, en = _STATES[view.archive.state]
            why, waiting = view.archive.why, view.archive.waiting
            yield Finding(
                "archive",
                Level.WARNING,
                f"{zh}，{waiting} 个文件待归档" + (f"：{why}" if why else ""),
                f"{en}; {waiting} files wait." + (f" {why}" if why else ""),
                *_DO[view.archive.state],
            )
