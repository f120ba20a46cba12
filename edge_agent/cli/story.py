"""What happens in the demonstration: two lessons of a minute, with everything that may come in between."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from edge_agent.central.keys import signing_key
from edge_agent.cli.within import ask, options, run, take_over
from edge_agent.errors import DeviceError
from edge_agent.faces.fetch import fetch
from edge_agent.faces.manifest import read_manifest, share_folder
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.policies import load_policy
from edge_agent.rules.gaps import gaps
from edge_agent.rules.policy import Policy
from edge_agent.rules.windows import attendance_units
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.serve.kiosk import code_file, open_faces
from edge_agent.simulator import course
from edge_agent.simulator.course import Course
from edge_agent.simulator.operator import Operator
from edge_agent.simulator.process import PATIENCE, Process, listens
from edge_agent.simulator.venue import Venue
from edge_agent.simulator.visitor import KioskPlace, Said, View, read_cast
from edge_agent.store import media, slots, training, verdicts
from edge_agent.store.facts import read_facts, read_head
from edge_agent.store.lessons import list_lessons
from edge_agent.store.outbox import find_acked, read_backlog

TENANT, OPERATOR = "demo", "demo"
CAMERAS = 2
PASSWORD = "demo-Pass-2468"  # noqa: S105 - of a device that lives for three minutes
ADMINISTRATOR = "13800009999"

LEAD = timedelta(seconds=10)
"""From the timetable's import to the first lesson: time to approve the class, to sign in and to find the cameras."""
VISIT = timedelta(seconds=28)
"""So long somebody stands before the kiosk at most, where no window of time says how long."""

WORDS = {"classes": "班级", "teachers": "讲师", "roster": "学员", "timetable": "节课"}
CLIP = "carphone_pristine.mp4"


def expect(held: object, otherwise: str) -> None:
    if not held:
        raise DeviceError(otherwise)


class Story:
    """The steps, in order; each gives its figures and leaves what the next ones need.

    A check that fails raises `EdgeAgentError`.
    """

    def __init__(self, venue: Venue, faces: Path | None) -> None:
        self.venue = venue
        self._faces = faces
        self._open = ExitStack()
        self._broker: Process | None = None
        self._owed = 0
        self._kiosk: KioskPlace
        self._agent: Agent

    def close(self) -> None:
        self._open.close()

    def logins(self) -> Iterator[str]:
        """What somebody needs to look around in a browser."""
        yield f"管理员 / administrator   {ADMINISTRATOR}   {PASSWORD}"
        yield f"讲师 / instructor        {course.TEACHER_PHONE}   {PASSWORD}（导入课表后 / once imported）"
        yield f"打卡终端 / kiosk          {self.venue.web}/kiosk   配对码 / code {self._office.add_kiosk(self._room)}"

    # what stands before the first lesson

    def prepare(self) -> str:
        look = ("--size", "960x540", "--fps", "10", "--kbps", "600", "--seconds", "10", "--no-multicast")
        self._virtual = self.venue.start("cameras", "simulator", "camera", "--count", str(CAMERAS), *look, "--json")
        run("migrate")
        self._services = self.venue.start("agent", "run")
        self._agent = self._open.enter_context(open_agent(self.venue.settings))
        return str(self.venue.folder)

    def open_centre(self) -> str:
        """Without a broker the agent stays offline, which is no fault: everything else goes on."""
        self._keys = self.venue.folder / "central-keys"
        self._broker = self.venue.start_broker()
        if self._broker is None:
            return "未安装 mosquitto，本机保持离线 / mosquitto is not installed: this device stays offline"
        own = {name: str(self.venue.folder / f"central-{name}") for name in ("database", "keys")}
        rest = {name: str(self.venue.folder / f"central-{name}") for name in ("media", "spool")}
        rest |= {"mqtt": self.venue.mqtt, "http": str(self.venue.centre_port)}
        centre = self.venue.start("central", "central", "serve", *options(own | rest))
        centre.wait_until(lambda: listens(self.venue.centre_port), "does not answer")
        token = run("central", "token", TENANT, "--venue", course.ROOM, *options(own))
        return run("provision", "--url", f"http://127.0.0.1:{self.venue.centre_port}", "--token", token)

    def bind_cameras(self) -> str:
        virtual = self._virtual
        virtual.wait_until(lambda: len(virtual.told()) == CAMERAS, "tells no address")
        pictures, self._cameras = [], []
        for name, one in zip(("前方", "后方"), virtual.told(), strict=True):
            label = ("--serial", one["serial"], "--code", one["password"], "--host", one["onvif"].split("/")[2])
            bound = ask("cameras", "bind", "--room", self._room, "--name", name, "--no-multicast", *label)
            pictures += [each["picture"] for each in bound["bound"]]
            self._cameras += [each["camera"]["id"] for each in bound["bound"]]
        expect(len(pictures) == CAMERAS, f"{len(pictures)} cameras bound, not {CAMERAS}")
        looks = "，".join(f"{one['codec']} {one['width']}x{one['height']}" for one in pictures)
        return f"{len(pictures)} 台摄像机 / cameras: {looks}"

    def start_services(self) -> str:
        # Four services, the face engine and the cameras begin at once: the most that this machine does in all.
        answers = Operator(self.venue.web).healthy
        self._services.wait_until(answers, "the kiosk does not answer", seconds=3 * PATIENCE)
        return f"capture, kiosk, sync, upkeep: {self.venue.web}"

    def set_up(self) -> str:
        """The first administrator, by the code that the device shows, adds rooms and kiosks."""
        door = Operator(self.venue.web)
        code = code_file(self.venue.settings).read_text().strip()
        self._office = door.logged_in("/setup", code=code, login=ADMINISTRATOR, name="演示管理员", password=PASSWORD)
        self._room, elsewhere = (self._office.post("/rooms", name=name)["id"] for name in (course.ROOM, "102 教室"))
        self._kiosk, self._elsewhere = (
            KioskPlace(door.address, door.pair(self._office.add_kiosk(room))) for room in (self._room, elsewhere)
        )
        return "1 管理员 / administrator，2 教室 / rooms，2 终端 / kiosks"

    def import_class(self) -> str:
        written = self._take_over("classes", "teachers", "roster")
        with self._agent.reading() as connection:
            (self._class,) = (each.id for each in training.list_classes(connection))
            (self._teacher,) = (each.id for each in training.list_teachers(connection))
            self._trainees = {each.name: each.id for each in training.list_trainees(connection, self._class)}
        return f"{written} / class, teacher, roster imported"

    def enrol(self) -> str:
        """Consent first; then a template of two pictures of another moment than the one that signs in."""
        self._living, self._stranger, stills = read_cast(self._faces or self._fetched_clip())
        trainee = self._trainees[course.LIVING]
        self._office.post(f"/trainees/{trainee}/consents", purpose="recognise", paper="演示-1")
        self._office.post(f"/trainees/{trainee}/identity", accepted=True, reason="证件与本人相符")
        faces = open_faces(self._agent)
        with closing(faces):
            faces.engine.wait_ready()
            photos = [(f"photo {number}", still) for number, still in enumerate(stills, start=1)]
            done = faces.enroller.from_photos(trainee, photos, at=self._now, by=OPERATOR)
        return f"{course.LIVING}：{done.views} 张照片 / photos taken"

    def import_timetable(self) -> str:
        """At last, when all is ready: how long that takes on a slow machine costs nobody a sign-in."""
        written = self._take_over("timetable")
        with self._agent.reading() as connection:
            lessons = list_lessons(connection, class_id=self._class)
        self._units = attendance_units(lessons, self._policy)
        expect(len(self._units) == course.LESSONS, f"{len(self._units)} lessons imported")
        self._office.approve(self._class)
        self._office.appoint(self._teacher, name=course.TEACHER, phone=course.TEACHER_PHONE)
        self._instructor = Operator(self.venue.web).first_login(course.TEACHER_PHONE, PASSWORD)
        begins = self._units[0].teaching.start.astimezone(self._policy.zone)
        return f"{written}；{begins:%H:%M:%S} 上课 / timetable imported; it begins then"

    # the lessons

    def sign_in(self) -> str:
        return self._visit(self._living.living, "signed_in", within=self._units[0].sign_in)

    def sign_in_by_hand(self) -> str:
        return self._by_hand(0, "in", "signed_in")

    def cut_off(self) -> str:
        self._wait_for(self._units[0].teaching.start + timedelta(seconds=5))
        if self._broker is None:
            return "本来离线 / offline anyway"
        self._broker.stop(signal.SIGKILL)
        return "上课 5 秒后 / 5 s into the lesson"

    def hold_up_photo(self) -> str:
        return self._visit(self._living.photo, "refused")

    def send_stranger(self) -> str:
        """Somebody else; where there is but one clip, the same person where no class has him on its roster."""
        if self._stranger is None:
            return self._visit(self._living.living, "unknown", kiosk=self._elsewhere)
        return self._visit(self._stranger.living, "unknown")

    def reconnect(self) -> str:
        if self._broker is None:
            return "离线 / offline"
        owed = self._backlog()
        expect(owed, "nothing was kept while the network was away")
        self._broker.start()
        self._owed = owed
        return f"积压 {owed} 条 / {owed} facts are owed"

    def change_lessons(self) -> str:
        by_face = self._visit(self._living.living, "both", within=self._units[0].sign_out)
        return f"{by_face}；{self._by_hand(1, 'in', 'signed_out', 'signed_in')}"

    def catch_up(self) -> str:
        """The device comes back after a pause of its own choice, which grows with the outage."""
        if self._broker is None:
            return "离线 / offline"
        self._until(lambda: self._backlog() < self._owed, "nothing is sent", seconds=2 * PATIENCE)
        return f"还剩 {self._backlog()} 条 / left to send"

    def sign_out(self) -> str:
        by_face = self._visit(self._living.living, "signed_out", within=self._units[1].sign_out)
        return f"{by_face}；{self._by_hand(1, 'out', 'signed_out')}"

    # what remains of them

    def review_media(self) -> str:
        """Each camera must have both lessons without a gap that the policy would call one."""
        taught = Span(self._units[0].teaching.start, self._units[-1].teaching.end)
        tolerance = self._policy.recording.gap_tolerance
        self._wait_for(taught.end)

        def missing() -> list[Span]:
            files = self._media(MediaKind.RECORDING)
            every = [(Span(file.start, file.end) for file in files if file.camera == one) for one in self._cameras]
            return [gap.span for spans in every for gap in gaps(taught, spans, tolerance=tolerance)]

        self._until(lambda: not missing(), "the cameras did not record all of it")
        with self._agent.reading() as connection:
            states = [each for unit in self._units for each in slots.of_lesson(connection, *unit.lessons)]
        missed = [each.id for each in states if each.state != "taken"]
        expect(states and not missed, f"snapshots missed: {', '.join(missed) or 'all'}")
        files = self._media(MediaKind.RECORDING)
        size = sum(each.size for each in files) / 1e6
        return f"{len(files)} 段录像 {size:.1f} MB，{len(states)} 张抓拍 / recordings without a gap, snapshots"

    def await_verdicts(self) -> str:
        self._wait_for(self._units[-1].sign_out.end)

        def given() -> dict[str, verdicts.Given]:
            with self._agent.reading() as connection:
                return {each.lesson: each for each in verdicts.list_given(connection, class_id=self._class)}

        self._until(lambda: len(given()) == course.LESSONS, "a lesson has no verdict")
        judged = [given()[lesson] for unit in self._units for lesson in unit.lessons]
        told = "，".join(f"{each.verdict} {' '.join(each.reasons)}".strip() for each in judged)
        expect(all(each.verdict == "complete" for each in judged), told)
        return f"{len(judged)} 节课证据完整 / lessons complete"

    def await_sync(self) -> str:
        if self._broker is None:
            return f"离线，{self._backlog()} 条待传 / offline, {self._backlog()} facts wait"
        self._until(lambda: self._backlog() == 0, "facts are not sent")

        def waiting() -> list[Media]:
            with self._agent.reading() as connection:
                return media.unconfirmed(connection, [MediaKind.SNAPSHOT], limit=100)

        self._until(lambda: not waiting(), "snapshots are not confirmed")
        with self._agent.reading() as connection:
            facts = read_head(connection).seq
        pictures = len(self._media(MediaKind.SNAPSHOT))
        return f"{facts} 条事实，{pictures} 张抓拍，积压 0 / facts, snapshots, none owed"

    def export(self) -> str:
        self._package = self.venue.folder / "package.zip"
        made = ask("export", "--class", course.CODE, "--out", str(self._package))
        expect(not made["incomplete"] and not made["missing_media"], f"incomplete: {made}")
        return f"{made['files']} 个文件，{made['size'] / 1e6:.1f} MB / files"

    def verify(self) -> str:
        with self._agent.reading() as connection:
            (*_, device) = (fact.data["public"] for fact in read_facts(connection, kinds=("seal.key",)))
        keys = self.venue.folder / "keys.txt"
        known = f"device {device}\n"
        if self._broker is not None:  # a centre that was never reached has signed nothing that could be asked for
            known += f"centre {signing_key(self._keys).public.public_bytes_raw().hex()}\n"
        keys.write_text(known)
        report = ask("verify", str(self._package), "--key", str(keys))
        return "校验通过 / holds: " + ", ".join(f"{count} {what}" for what, count in report["checked"].items())

    # how it is done

    @property
    def _now(self) -> datetime:
        return self._agent.clock.stamp().wall

    def _wait_for(self, moment: datetime) -> None:
        while (left := (moment - self._now).total_seconds()) > 0:
            time.sleep(min(left, 1.0))

    def _until(self, held: Callable[[], bool], otherwise: str, *, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not held():
            expect(time.monotonic() < deadline, otherwise)
            time.sleep(0.2)

    def _visit(self, view: View, wanted: str, *, kiosk: KioskPlace | None = None, within: Span | None = None) -> str:
        """Stand before a kiosk until it says what is wanted, or as long as it counts; give its words."""
        within = within or Span(self._now, self._now + VISIT)
        self._wait_for(within.start)
        began = time.monotonic()
        heard: list[Said] = []
        # Somebody who is asked for a movement that the clip doesn't show steps back and comes again.
        turned_away = set() if wanted == "refused" else {"challenge", "refused"}
        while (left := (within.end - self._now).total_seconds()) > 0:
            heard += (kiosk or self._kiosk).visit(view, {wanted, *turned_away}, seconds=left, began=began)
            if heard and heard[-1]["state"] == wanted:
                words = " ".join(filter(None, (heard[-1]["title"], heard[-1]["text"])))
                return f"“{words}”，{time.monotonic() - began:.1f} s"
        raise DeviceError(f"the kiosk said {[each['state'] for each in heard]}, not {wanted}")

    def _by_hand(self, unit: int, direction: str, *wanted: str) -> str:
        """The instructor signs everybody who gave no consent; each must hear `wanted`."""
        covered = self._units[unit]
        trainees = [self._trainees[name] for name in course.BY_HAND]
        form = {"unit": covered.id, "direction": direction, "trainees": trainees, "reason": "未同意人脸识别"}
        replies: list[dict[str, Any]] = self._instructor.post(
            f"/lessons/{covered.lessons[0]}/attendance", **form, visit=secrets.token_hex(8)
        )
        for trainee in trainees:
            said = [each["said"] for each in replies if each["trainee"] == trainee]
            expect(said == list(wanted), f"by hand: {said}, not {list(wanted)}")
        return f"手动 {len(trainees)} 人 / {len(trainees)} by hand"

    def _take_over(self, *kinds: str) -> str:
        """Import tables whose lessons begin shortly from now; give how many rows of each are new."""
        tables = Course((self._now + LEAD).astimezone(self._policy.zone).replace(microsecond=0)).write(
            self.venue.folder
        )
        return "，".join(f"{take_over(kind, tables[kind])} {WORDS[kind]}" for kind in kinds)

    @property
    def _policy(self) -> Policy:
        return load_policy(self.venue.settings.policy).policy

    def _backlog(self) -> int:
        with self._agent.reading() as connection:
            return read_backlog(connection, find_acked(connection)).count

    def _media(self, kind: MediaKind) -> list[Media]:
        with self._agent.reading() as connection:
            return list(media.present(connection, kind))

    def _fetched_clip(self) -> Path:
        """Give a folder of one person, out of a package."""
        folder = share_folder() / "demo"
        for _ in fetch((read_manifest().named(CLIP),), folder / "person"):
            pass
        return folder
