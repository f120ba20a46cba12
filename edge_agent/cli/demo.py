"""`edge-agent demo`: the whole product at work, as a story in steps, each with its own check."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent.cli.story import Story
from edge_agent.errors import EdgeAgentError
from edge_agent.simulator.venue import Venue

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Step:
    """`act` gives what was done, in figures, or raises. Without a `vital` one nothing after it can be shown."""

    zh: str
    en: str
    act: Callable[[Story], str]
    vital: bool = False


STEPS = (
    Step("数据目录与数据库", "data folder and database", Story.prepare, vital=True),
    Step("中心服务与登记", "the centre, and this device's enrolment there", Story.open_centre),
    Step("四个服务", "the four services", Story.start_services, vital=True),
    Step("管理员、教室、打卡终端", "administrator, rooms, kiosks", Story.set_up, vital=True),
    Step("绑定两台虚拟摄像机", "two cameras, bound by serial number and code", Story.bind_cameras, vital=True),
    Step("班级、名册、课表、讲师", "class, roster, timetable, instructor", Story.import_course, vital=True),
    Step("单独同意与人脸登记", "consent and enrolment of a face", Story.enrol),
    Step("真人签到", "a living person signs in", Story.sign_in),
    Step("讲师手动签到", "the instructor signs others in by hand", Story.sign_in_by_hand),
    Step("课中断网", "the network to the centre fails in mid-lesson", Story.cut_off),
    Step("举照片冒充，被拒绝", "a photo held up is refused", Story.hold_up_photo),
    Step("陌生人，未识别", "a stranger is not recognised", Story.send_stranger),
    Step("网络恢复", "the network returns", Story.reconnect),
    Step("课间打卡一次：签退又签到", "one visit signs out of a lesson and into the next", Story.change_lessons),
    Step("断网期间的记录补传", "what happened meanwhile is sent", Story.catch_up),
    Step("下课签退", "sign-out after the last lesson", Story.sign_out),
    Step("录像与抓拍", "recordings and snapshots", Story.review_media),
    Step("逐课结论", "a verdict on each lesson", Story.await_verdicts),
    Step("全部送达中心", "everything is at the centre", Story.await_sync),
    Step("证据包", "the evidence package", Story.export),
    Step("独立校验", "its verification", Story.verify),
)


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="不等待浏览器 / end by itself, for tests.")] = False,
    faces: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="视频，每人一个文件夹 / clips, one folder a person."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="保留数据目录 / keep the data folder.")] = False,
) -> None:
    """演示整个过程 / the whole product at work in about three minutes; exit code 0 only if all of it held."""
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as ending:
        if keep:
            folder = Path(tempfile.mkdtemp(prefix="edge-agent-demo-"))
        else:
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="edge-agent-demo-")))
        venue = ending.enter_context(Venue(folder))
        story = Story(venue, faces)
        ending.callback(story.close)
        told = Telling(Console(highlight=False))
        try:
            is_told = told.tell(story)
            told.summary(story)
            if is_told and not headless:
                told.wait(story)
        except KeyboardInterrupt:
            told.console.print("\n已中断，正在清理 / interrupted, cleaning up")
            raise typer.Exit(130) from None
        if keep:
            told.console.print(f"数据保留在 / kept: {folder}")
        if not told.all_held:
            raise typer.Exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@dataclass
class Telling:
    """Says what goes on, and keeps what came of each step."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    results: list[tuple[Step, bool, str]] = field(default_factory=list)

    @property
    def all_held(self) -> bool:
        return len(self.results) == len(STEPS) and all(held for _, held, _ in self.results)

    def tell(self, story: Story) -> bool:
        """Give whether it could be told to its end."""
        for step in STEPS:
            self.console.print(f"[dim]{self._seconds:5.1f} s[/] … {step.zh} / {step.en}", soft_wrap=True)
            try:
                figures, held = step.act(story), True
            except EdgeAgentError as error:
                figures, held = str(error), False
            self.results.append((step, held, figures))
            self.console.print(f"[dim]{self._seconds:5.1f} s[/] {_mark(held)} {escape(figures)}", soft_wrap=True)
            if step.vital and not held:
                return False
        return True

    def summary(self, story: Story) -> None:
        table = Table("", "步骤 / step", "结果 / in figures")
        for step, held, figures in self.results:
            table.add_row(_mark(held), f"{step.zh}\n[dim]{step.en}[/]", escape(figures))
        self.console.print(table)
        if self.all_held:
            self.console.print(f"全部成立，用时 {self._seconds:.0f} 秒 / all of it held, in {self._seconds:.0f} s")
        else:
            failed = sum(not held for _, held, _ in self.results) or 1
            self.console.print(f"{failed} 步没有成立，日志在 {story.venue.folder}（加 --keep 保留）")
            self.console.print(f"{failed} steps did not hold; logs in {story.venue.folder} (--keep keeps them)")

    def wait(self, story: Story) -> None:
        self.console.print(f"浏览器打开 / open in a browser: [bold]{story.venue.web}[/]")
        for line in story.logins():
            self.console.print(f"  {line}")
        self.console.print("按 Ctrl-C 结束 / press Ctrl-C to end")
        with suppress(KeyboardInterrupt):
            signal.pause()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self.began


def _mark(held: bool) -> str:
    return "[green]✓[/]" if held else "[red]✗[/]"
