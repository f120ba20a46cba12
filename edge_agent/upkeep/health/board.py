"""The board: a card of another device has that device's name and keys, and there may be two of it."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.board import NOTE
from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

_SHOWN = 6  # last digits of a serial number


class BoardCheck:
    name = "board"
    title = "主板与存储卡 / board and card"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.boards is None or view.boards.noted == view.boards.present:
            return
        noted, present = view.boards.noted[-_SHOWN:], view.boards.present[-_SHOWN:]
        yield Finding(
            "board",
            Level.WARNING,
            f"存储卡来自另一台设备：原主板尾号 {noted}，本机尾号 {present}",
            f"The card is another device's: its board ends in {noted}, this one in {present}.",
            f"拿错了请换回；确实更换了主板，删除数据目录中的 {NOTE} 并重启服务。"
            "同一张卡的两份副本不能同时使用，中心会隔离后来的记录",
            f"Put the right card back. If the board was replaced, delete {NOTE} from the data folder and restart the"
            " services. Never run two copies of one card: the centre puts what forks into quarantine.",
        )
