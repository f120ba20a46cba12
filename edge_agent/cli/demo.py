"""`edge-agent demo`: the whole product at work, as a story in steps, each with its own check."""

from __future__ import annotations

import signal
import tempfile
import time
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Column, Table

from edge_agent.cli.story import Story
from edge_agent.errors import EdgeAgentError, InputError
from edge_agent.settings import has_screen
from edge_agent.simulator.venue import Venue

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Step:
    """`act` gives what was done, in figures, or raises. Without a `vital` one nothing after it can be shown.

    `chapter` is said before it where one begins; `counts` has its figures stand in the summary.
    """

    zh: str
    en: str
    act: Callable[[Story], str]
    vital: bool = False
    chapter: str = ""
    counts: bool = False


STEPS = (
    Step("数据目录与数据库", "data folder, database", Story.prepare, vital=True, chapter="准备 / setting up"),
    Step("中心服务与登记", "the centre, enrolment there", Story.open_centre),
    Step("四个服务", "the four services", Story.start_services, vital=True),
    Step("管理员、教室、打卡终端", "administrator, rooms, kiosks", Story.set_up, vital=True),
    Step("按序列号和验证码绑定摄像机", "cameras, by serial and code", Story.bind_cameras, vital=True, counts=True),
    Step("班级、讲师、名册", "class, teacher, roster", Story.import_class, vital=True, counts=True),
    Step("单独同意与人脸登记", "consent and enrolment of a face", Story.enrol),
    Step("课表与审核", "timetable, the class approved", Story.import_timetable, vital=True, counts=True),
    Step("真人签到", "a living person signs in", Story.sign_in, chapter="上课 / two lessons of a minute", counts=True),
    Step("讲师手动签到", "others, by the instructor's hand", Story.sign_in_by_hand),
    Step("课中断网", "the network fails in mid-lesson", Story.cut_off),
    Step("举照片冒充，被拒绝", "a photo held up is refused", Story.hold_up_photo, counts=True),
    Step("陌生人，未识别", "a stranger is not recognised", Story.send_stranger, counts=True),
    Step("网络恢复", "the network returns", Story.reconnect),
    Step("课间一次打卡：签退又签到", "one visit: out of one, into the next", Story.change_lessons, counts=True),
    Step("断网期间的记录补传", "what happened meanwhile is sent", Story.catch_up, counts=True),
    Step("下课签退", "sign-out after the last lesson", Story.sign_out),
    Step("录像与抓拍", "recordings, snapshots", Story.review_media, chapter="证据 / the evidence", counts=True),
    Step("逐课结论", "a verdict on each lesson", Story.await_verdicts, counts=True),
    Step("全部送达中心", "everything is at the centre", Story.await_sync, counts=True),
    Step("证据包", "the evidence package", Story.export, counts=True),
    Step("独立校验", "its verification", Story.verify, counts=True),
)


INTRODUCTION = """\
[bold]edge_agent 演示 / demonstration[/]
一个虚拟的培训点：程序是真的，摄像机和中心是虚拟的，学员来自视频。
两节一分钟的课，约三分钟，每一步都核对结果。
[dim]A virtual venue: the real programs, virtual cameras, a person from a clip.
Two lessons of a minute; about three minutes; every step is checked.[/]"""


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="不等待浏览器 / end by itself, for tests.")] = False,
    faces: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="视频，每人一个文件夹 / clips, one folder a person."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="保留数据目录 / keep the data folder.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="数据放在这个新目录并保留 / a new folder for the data, which is kept.")
    ] = None,
) -> None:
    """演示整个过程 / the whole product at work in about three minutes; exit code 0 only if all of it held."""
    for ending_signal in (signal.SIGTERM, signal.SIGINT):  # a shell's background job is begun with SIGINT ignored
        signal.signal(ending_signal, _interrupt)
    with ExitStack() as ending:
        keep, folder = keep or folder is not None, _make_folder(ending, folder, keep=keep)
        venue = ending.enter_context(Venue(folder))
        story = Story(venue, faces)
        ending.callback(story.close)
        told = Telling(Console(highlight=False), headless)
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


def _make_folder(ending: ExitStack, wanted: Path | None, *, keep: bool) -> Path:
    """Give an empty folder, which goes at the end unless it is kept. Raises `InputError` where something is in it."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        if any(wanted.iterdir()):
            raise InputError(f"{wanted}: not empty (目录不是空的).", do="Name a new folder, or remove that one.")
        return wanted.resolve()
    if keep:
        return Path(tempfile.mkdtemp(prefix="edge-agent-demo-"))
    return Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="edge-agent-demo-")))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@dataclass
class Telling:
    """Says what goes on, and keeps what came of each step."""

    console: Console
    headless: bool
    began: float = field(default_factory=time.monotonic)
    results: list[tuple[Step, bool, str]] = field(default_factory=list)

    @property
    def all_held(self) -> bool:
        return len(self.results) == len(STEPS) and all(held for _, held, _ in self.results)

    def tell(self, story: Story) -> bool:
        """Give whether it could be told to its end."""
        self.console.print(INTRODUCTION, soft_wrap=True)
        for step in STEPS:
            if step.chapter:
                self.console.print(f"\n[bold]{step.chapter}[/]")
            with self._at_work(f"{step.zh} / {step.en}"):
                try:
                    figures, held = step.act(story), True
                except EdgeAgentError as error:
                    figures, held = str(error), False
            self.results.append((step, held, figures))
            title = f"{_mark(held)} {step.zh} [dim]{step.en}[/] [cyan]{self._seconds:.0f} s[/]"
            self.console.print(title, soft_wrap=True)
            self._detail(escape(figures), style="" if held else "red")
            if step.act is Story.set_up and held:
                self._invite(story)
            if step.vital and not held:
                return False
        return True

    def summary(self, story: Story) -> None:
        table = Table.grid(Column(), Column(overflow="fold"), Column(overflow="fold"), padding=(0, 2, 0, 0))
        for step, held, figures in self.results:
            if step.counts or not held:
                table.add_row(_mark(held), step.zh, escape(figures))
        title = f"全部成立，用时 {self._seconds:.0f} 秒 / all of it held, in {self._seconds:.0f} s"
        if not self.all_held:
            failed = sum(not held for _, held, _ in self.results) or 1
            title = f"{failed} 步没有成立 / {failed} steps did not hold"
        style = "green" if self.all_held else "red"
        self.console.print()
        self.console.print(Panel(table, title=f"[bold]{title}[/]", border_style=style, padding=(1, 2)))
        if not self.all_held:
            where = f"日志在 / logs in {story.venue.folder}（--keep 保留 / --keep keeps them）"
            self.console.print(where, soft_wrap=True)

    def wait(self, story: Story) -> None:
        self.console.print("演示环境继续运行，可以随便看看 / it all runs on, for you to look around:")
        self._addresses(story)
        self.console.print("按 Ctrl-C 结束并清理 / press Ctrl-C to end and clean up")
        with suppress(KeyboardInterrupt):
            signal.pause()

    def _invite(self, story: Story) -> None:
        """Somebody who watches may look on in a browser."""
        if self.headless:
            return
        self._addresses(story)
        if has_screen():
            webbrowser.open(f"{story.venue.web}/kiosk")

    def _addresses(self, story: Story) -> None:
        self._detail(f"浏览器打开 / open in a browser: [bold blue]{story.venue.web}[/]")
        for line in story.logins():
            self._detail(line)

    def _detail(self, text: str, style: str = "") -> None:
        """A line below a step's: on a terminal wrapped between words, elsewhere whole, for whoever searches a log."""
        if self.console.is_terminal:
            self.console.print(Padding(text, (0, 0, 0, 5)), style=style)
        else:
            self.console.print(f"     {text}", style=style, soft_wrap=True)

    def _at_work(self, text: str) -> AbstractContextManager[object]:
        """A line that moves while a step takes its time; where nobody watches, nothing."""
        return self.console.status(text) if self.console.is_terminal else nullcontext()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self.began


def _mark(held: bool) -> str:
    return "  [green]✓[/]" if held else "  [red]✗[/]"
