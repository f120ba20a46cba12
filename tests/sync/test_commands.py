"""Commands of the centre: believed or not, carried out once, never over what is newer, always answered."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.clock import SettableClock
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.kinds.plan import LessonSaved, PolicyLoaded
from edge_agent.model.kinds.system import CommandReceived
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import ClassState, Owner, Trainee, TrainingClass
from edge_agent.policies import load_policy, policy_folder, use_policies_of
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.store import lessons, requests, training
from edge_agent.store import media as media_rows
from edge_agent.store.cameras import save_camera
from edge_agent.store.facts import read_facts, read_head
from edge_agent.store.outbox import next_document
from edge_agent.store.uploads import Wanted, next_upload
from edge_agent.sync.commands.capture import MediaWishes
from edge_agent.sync.commands.desk import CommandDesk
from edge_agent.sync.commands.device import DeviceSettings
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import COMMANDS
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.identity import Identity
from edge_agent.sync.release import Releases
from tests.sync import witness
from tests.sync.world import NOW, Device

CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))


class Office:
    """The desk of one device, and the centre that commands it."""

    def __init__(self, device: Device, agent: Agent, clock: SettableClock) -> None:
        self.device, self.agent, self.clock = device, agent, clock
        self.reader = agent.connect()
        public = CENTRE.public.public_bytes_raw().hex()
        identity = Identity(tenant="jinan", agent="ea-1", mqtt="mqtt://x", http="http://x", keys=[public])
        device.folder.write(identity)
        self.held = identity.verifier()
        self.releases = Releases(device.root, device.root / "upgrade.keys")
        self.desk = CommandDesk(
            device.address,
            self._verifier,
            writer=agent.writer,
            reader=self.reader,
            wishes=MediaWishes(lambda kind: agent.settings.media.rule(kind).upload),
            settings=DeviceSettings(device.root, device.folder, self.releases, self.held),
        )
        self.count = 0

    def _verifier(self) -> Verifier:
        identity = self.device.folder.read()
        assert identity is not None
        return identity.verifier()

    def send(self, command: str, *, signer: Signer = CENTRE, **options: Any) -> Result:
        """Send a command and give its answer; what is carried out is what the contract's document describes."""
        letter = self.letter(command, signer=signer, **options)
        result = self.desk.receive(letter)
        witness.check(self.device.address.topic(Channel.RES), msgspec.json.encode(result))
        if result.result in {"done", "taken"}:
            witness.check(self.device.address.topic(Channel.CMD), letter)
        return result

    def letter(
        self,
        command: str,
        *,
        signer: Signer = CENTRE,
        identifier: str = "",
        agent: str = "ea-1",
        tenant: str = "jinan",
        life: timedelta = timedelta(hours=1),
        age: timedelta = timedelta(0),
        **args: Any,
    ) -> bytes:
        self.count += 1
        now = self.clock.stamp().wall - age
        named = identifier or f"cmd-{self.count}"
        plain = _Plain(tenant, agent, named, now, now + life, "li", {"command": command, **args})
        return signer.seal(Purpose.COMMAND, plain)

    def said(self) -> list[tuple[str, str]]:
        facts = read_facts(self.reader, kinds=(CommandReceived.KIND,))
        return [(fact.data["command"], fact.data["result"]) for fact in facts]


class _Plain(msgspec.Struct):
    """A command as somebody might write it, right or wrong."""

    tenant: str
    agent: str
    id: str
    issued: datetime
    expires: datetime
    by: str
    args: dict[str, Any]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    device, clock = Device(tmp_path / "device"), SettableClock(NOW)
    with open_agent(device.settings, clock=clock) as agent:
        office = Office(device, agent, clock)
        yield office
        office.reader.close()


def _trainee(name: str) -> str:
    return f"t-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _roster(revision: int = 1, *names: str, **changes: Any) -> dict[str, Any]:
    trainees = [
        {"id": _trainee(name), "name": name, "document": f"37010219900307{number:04}"}
        for number, name in enumerate(names or ("王伟", "李娜"))
    ]
    return {
        "class_id": "c1",
        "code": "JN-2026-001",
        "name": "焊工初级",
        "category": "technical",
        "opens": "2026-03-02",
        "closes": "2026-03-20",
        "required_periods": 40,
        "revision": revision,
        "trainees": trainees,
        **changes,
    }


def _lesson(identifier: str = "L1", revision: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": identifier, "date": "2026-03-03", "start": "08:30:00", "periods": 2, "revision": revision} | changes


def test_a_ping_is_answered_and_put_on_the_record(office: Office) -> None:
    result = office.send("ping")
    assert (result.result, result.data["epoch"], result.data["trust"]) == ("done", 1, "synced")
    assert office.said() == [("ping", "done")]


def test_the_same_id_is_carried_out_once_and_answered_again(office: Office) -> None:
    letter = office.letter("ping", identifier="once")
    assert office.desk.receive(letter) == office.desk.receive(letter)
    assert len(office.said()) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"command": "make_tea"}, Code.UNSUPPORTED),
        ({"command": "ping", "loudly": True}, Code.MALFORMED),
        ({"command": "record.stop", "lesson": "L1"}, Code.MALFORMED),
        ({"command": "ping", "life": timedelta(seconds=-1)}, Code.EXPIRED),
        ({"command": "ping", "life": timedelta(days=30)}, Code.INVALID),
        ({"command": "association", "lesson": "L9", "cameras": []}, Code.NOT_FOUND),
        ({"command": "snapshot", "camera": "none"}, Code.NOT_FOUND),
        ({"command": "media", "media": ["m1"]}, Code.NOT_FOUND),
        ({"command": "timetable", "class_id": "c9", "lessons": [_lesson()]}, Code.NOT_FOUND),
        ({"command": "policy", "id": "x", "toml": "", "sha256": "0" * 64}, Code.HASH_DIFFERS),
    ],
)
def test_what_can_not_be_done_is_refused_with_code_and_reason(
    office: Office, options: dict[str, Any], code: Code
) -> None:
    before = read_head(office.reader).seq
    result = office.send(**options)
    assert (result.code, bool(result.reason)) == (code, True)
    assert result.result == ("expired" if code is Code.EXPIRED else "refused")
    assert read_head(office.reader).seq == before + 1  # the refusal itself and nothing else


def test_only_the_centres_key_commands_and_only_this_agent(office: Office) -> None:
    stranger = Signer(Ed25519PrivateKey.generate())
    letters = [
        office.letter("ping", signer=stranger),
        office.letter("ping", agent="ea-2"),
        office.letter("ping", tenant="qingdao"),
    ]
    letters += [b"{}", b"\xff"]
    letters.append(CENTRE.seal(Purpose.ACK, _Plain("jinan", "ea-1", "x", NOW, NOW, "", {"command": "ping"})))
    codes = []
    for letter in letters:
        with pytest.raises(RefusedError) as caught:
            office.desk.receive(letter)
        codes.append(caught.value.code)
    assert codes == [
        Code.BAD_SIGNATURE,
        Code.WRONG_AGENT,
        Code.WRONG_AGENT,
        Code.MALFORMED,
        Code.MALFORMED,
        Code.BAD_SIGNATURE,
    ]
    assert office.said() == []


def test_a_roster_makes_the_class_and_its_trainees(office: Office) -> None:
    result = office.send("roster", **_roster())
    assert (result.result, result.data["trainees"]) == ("done", 2)
    stored = training.get_class(office.reader, "c1")
    assert (stored.owner, stored.state, stored.revision) == (Owner.CENTRE, ClassState.APPROVED, 1)
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "李娜"}
    assert next_document(office.reader) is None  # the centre made it: it need not go back
    assert office.send("roster", **_roster(2, "王伟", "赵敏")).data["left"] == 1
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "赵敏"}


def test_what_is_as_new_or_newer_is_not_overwritten(office: Office) -> None:
    office.send("roster", **_roster(3))
    assert office.send("roster", **_roster(3, "别人")).data == {"known": True}
    stale = office.send("roster", **_roster(2, "别人"))
    assert (stale.code, "revision 3" in stale.reason) == (Code.STALE, True)
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "李娜"}


def test_a_class_of_the_venue_is_not_the_centres_to_rewrite(office: Office) -> None:
    ours = TrainingClass("c1", "JN-2026-001", "焊工", "technical", date(2026, 3, 2), date(2026, 3, 20), 40, revision=5)
    office.agent.writer.run(lambda tx: training.save_class(tx, ours, by="a"))
    assert office.send("roster", **_roster(4)).code is Code.NOT_OWNER
    assert office.send("roster", **_roster(9)).code is Code.NOT_OWNER
    assert office.send("roster", **_roster(9, class_id="c2")).code is Code.INVALID
    assert training.get_class(office.reader, "c1") == ours


def test_two_rows_of_one_person_and_a_trainee_of_another_class_are_refused(office: Office) -> None:
    twice = _roster()
    twice["trainees"][1]["document"] = twice["trainees"][0]["document"]
    assert "trainees[].document" in office.send("roster", **twice).reason
    office.send("roster", **_roster())
    assert office.send("roster", **_roster(class_id="c2", code="JN-2")).code is Code.INVALID


def test_a_timetable_is_stored_whole_or_not_at_all(office: Office) -> None:
    office.send("roster", **_roster())
    first = office.send("timetable", class_id="c1", lessons=[_lesson("L1", room="r1"), _lesson("L2", 3)])
    assert first.data["saved"] == ["L1", "L2"]
    assert training.list_rooms(office.reader) == {"r1": "r1"}
    mixed = [_lesson("L1", 2, start="10:00:00"), _lesson("L2", 2, start="14:00:00")]
    refused = office.send("timetable", class_id="c1", lessons=mixed)
    assert (refused.code, "lesson L2 stands at revision 3" in refused.reason) == (Code.STALE, True)
    assert lessons.get_lesson(office.reader, "L1").start.hour == 8
    moved = office.send("timetable", class_id="c1", lessons=[mixed[0], _lesson("L2", 3)])
    assert moved.data == {"saved": ["L1"], "known": 1}
    stored = lessons.get_lesson(office.reader, "L1")
    assert (stored.start.hour, stored.revision) == (10, 2)
    *_, fact = read_facts(office.reader, kinds=(LessonSaved.KIND,))
    assert (fact.data["change"], fact.data["owner"], fact.data["confirmed"], fact.by) == (
        "moved",
        "centre",
        True,
        "centre:li",
    )


def test_an_edit_at_the_venue_counts_until_the_centre_speaks(office: Office) -> None:
    office.send("roster", **_roster())
    office.send("timetable", class_id="c1", lessons=[_lesson("L1", 4)])
    stored = lessons.get_lesson(office.reader, "L1")
    edited = replace(stored, subject="安全")
    office.agent.writer.run(lambda tx: lessons.save_lesson(tx, edited, change="edited", by="a"))
    owned = lessons.find_owned(office.reader, "L1")
    assert owned is not None
    assert (owned.owner, owned.revision, owned.confirmed) == (Owner.CENTRE, 5, False)
    office.send("confirm", document="lesson", id="L1", revision=5, accepted=True)
    owned = lessons.find_owned(office.reader, "L1")
    assert owned is not None
    assert owned.confirmed
    office.agent.writer.run(
        lambda tx: lessons.save_lesson(tx, replace(edited, revision=5, subject="电焊"), change="edited", by="a")
    )
    overruled = office.send("timetable", class_id="c1", lessons=[_lesson("L1", 6, subject="气焊")])
    assert overruled.data["saved"] == ["L1"]
    assert lessons.get_lesson(office.reader, "L1").subject == "气焊"


def test_the_districts_teachers_come_by_revision(office: Office) -> None:
    teachers = [{"id": "p1", "name": "张老师", "full_time": True}]
    assert office.send("teachers", revision=7, teachers=teachers).data == {"teachers": 1}
    assert office.send("teachers", revision=7, teachers=[]).data == {"known": True}
    assert office.send("teachers", revision=6, teachers=[]).code is Code.STALE
    assert [teacher.name for teacher in training.list_teachers(office.reader)] == ["张老师"]


def test_cameras_are_associated_and_recordings_asked_for(office: Office) -> None:
    office.send("roster", **_roster())
    office.send("timetable", class_id="c1", lessons=[_lesson()])
    camera = Camera("cam1", "前", CameraKind.RTSP, "r1", "rtsp://x")
    office.agent.writer.run(lambda tx: save_camera(tx, camera))
    assert office.send("association", lesson="L1", cameras=["cam1"]).data == {"revision": 2}
    assert office.send("association", lesson="L1", cameras=["cam2"]).code is Code.NOT_FOUND
    span: dict[str, Any] = {"start": NOW, "end": NOW + timedelta(hours=2)}
    assert office.send("record.start", lesson="L1", camera="cam1", **span).result == "done"
    assert [each.camera for each in lessons.recordings_by_hand(office.reader, NOW)] == ["cam1"]
    assert office.send("record.stop", lesson="L1", camera="cam1").result == "done"
    assert lessons.recordings_by_hand(office.reader, NOW) == []
    past: dict[str, Any] = {"start": NOW - timedelta(hours=3), "end": NOW - timedelta(hours=1)}
    assert office.send("record.start", lesson="L1", camera="cam1", **past).code is Code.INVALID


def test_of_two_commands_about_one_thing_the_later_counts_in_whatever_order_they_come(office: Office) -> None:
    office.send("roster", **_roster())
    office.send("timetable", class_id="c1", lessons=[_lesson()])
    for name in ("cam1", "cam2"):
        camera = Camera(name, name, CameraKind.RTSP, "r1", "rtsp://x")
        office.agent.writer.run(lambda tx, camera=camera: save_camera(tx, camera))  # type: ignore[misc]  # mypy can't infer a default
    minute = timedelta(minutes=1)
    span: dict[str, Any] = {"start": NOW, "end": NOW + timedelta(hours=2)}
    start = office.letter("record.start", lesson="L1", camera="cam1", age=minute, **span)
    assert office.send("record.stop", lesson="L1", camera="cam1").result == "done"
    late = office.desk.receive(start)
    assert (late.result, late.code, "counts already" in late.reason) == ("refused", Code.STALE, True)
    assert lessons.recordings_by_hand(office.reader, NOW) == []
    assert office.send("record.start", lesson="L1", camera="cam2", age=minute, **span).result == "done"
    assert office.send("association", lesson="L1", cameras=["cam1"]).result == "done"
    assert office.send("association", lesson="L1", cameras=["cam2"], age=minute).code is Code.STALE
    assert lessons.get_lesson(office.reader, "L1").cameras == ("cam1",)


def test_an_association_does_not_undo_what_the_venue_changed_since(office: Office) -> None:
    office.send("roster", **_roster())
    office.send("timetable", class_id="c1", lessons=[_lesson()])
    office.agent.writer.run(lambda tx: save_camera(tx, Camera("cam1", "前", CameraKind.RTSP, "r1", "rtsp://x")))
    office.agent.writer.run(lambda tx: lessons.associate(tx, "L1", ["cam1"], by="a"))
    refused = office.send("association", lesson="L1", cameras=[], revision=1)
    assert (refused.code, "revision 2" in refused.reason) == (Code.STALE, True)
    assert office.send("association", lesson="L1", cameras=[], revision=2).result == "done"


def test_an_older_policy_does_not_overwrite_a_newer_one(office: Office) -> None:
    text = (policy_folder() / "jinan-2024.toml").read_text()

    def send(content: str, **options: Any) -> Result:
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        return office.send("policy", id="jinan-2024", toml=content, sha256=sha256, **options)

    assert send(text + "# new\n").result == "done"
    assert send(text + "# old\n", age=timedelta(days=1), life=timedelta(days=2)).code is Code.STALE
    use_policies_of(office.device.root)
    assert load_policy("jinan-2024").sha256 == hashlib.sha256((text + "# new\n").encode()).hexdigest()


def test_the_log_level_changes_for_a_while(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert office.send("log_level", level="debug", minutes=1).result == "done"
        assert logging.getLogger().level == logging.DEBUG
        assert office.send("log_level", level="warning", minutes=1).result == "done"
        assert logging.getLogger().level == logging.WARNING


def test_what_another_service_does_is_answered_when_it_has(office: Office) -> None:
    office.agent.writer.run(lambda tx: save_camera(tx, Camera("cam1", "前", CameraKind.RTSP, "r1", "rtsp://x")))
    letter = office.letter("snapshot", camera="cam1")
    taken = office.desk.receive(letter)
    assert taken.result == "taken"
    assert office.desk.receive(letter).result == "taken"
    assert office.desk.poll() == []
    (request,) = office.agent.writer.run(lambda tx: requests.take(tx, ("snapshot",)))
    assert request.args == {"camera": "cam1", "lesson": ""}
    office.agent.writer.run(lambda tx: requests.answer(tx, request.id, {"media": "m1"}))
    (done,) = office.desk.poll()
    assert (done.id, done.result, done.data) == (taken.id, "done", {"media": "m1"})
    assert office.desk.poll() == []
    assert office.desk.receive(letter) == done
    assert office.said() == [("snapshot", "done")]


def test_a_service_that_does_not_answer_fails_the_command(office: Office) -> None:
    office.send("doctor")
    office.clock.advance(3600)
    (failed,) = office.desk.poll()
    assert (failed.result, failed.code) == ("failed", Code.FAILED)
    assert office.said() == [("doctor", "failed")]


def _media(office: Office, kind: MediaKind) -> str:
    stored = office.agent.files.store(kind, ".x", b"x", NOW)
    media = Media(media_rows.new_media_id(), kind, stored.path, stored.sha256, stored.size, NOW, NOW)
    office.agent.writer.run(lambda tx: media_rows.add(tx, media))
    return media.id


def test_files_are_sent_on_request_but_never_those_that_never_leave(office: Office) -> None:
    recording, card = _media(office, MediaKind.RECORDING), _media(office, MediaKind.CARD)
    wanted = [Wanted(MediaKind.RECORDING, all=False)]
    assert next_upload(office.reader, wanted, NOW) is None
    result = office.send("media", media=[recording, "gone"])
    assert result.data == {"requested": 1, "missing": ["gone"]}
    upload = next_upload(office.reader, wanted, NOW)
    assert upload is not None
    assert (upload.media.id, upload.headers) == (recording, None)
    assert "never leave" in office.send("media", media=[card]).reason
    office.send("media.presigned", uploads=[{"media": recording, "url": "http://s3/x", "headers": {"a": "b"}}])
    upload = next_upload(office.reader, wanted, NOW)
    assert upload is not None
    assert (upload.url, upload.headers) == ("http://s3/x", {"a": "b"})


def test_a_policy_of_the_centre_is_checked_kept_and_found_first(office: Office) -> None:
    text = (policy_folder() / "jinan-2024.toml").read_text().replace('id = "jinan-2024"', 'id = "jinan-2027"')
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert office.send("policy", id="jinan-2027", toml=text, sha256=sha256).result == "done"
    use_policies_of(office.device.root)
    assert load_policy("jinan-2027").sha256 == sha256
    (fact,) = read_facts(office.reader, kinds=(PolicyLoaded.KIND,))
    assert fact.data == {"policy": "jinan-2027", "sha256": sha256, "source": "centre"}
    broken = text.replace("periods", "perdiods")
    refused = office.send("policy", id="jinan-2027", toml=broken, sha256=hashlib.sha256(broken.encode()).hexdigest())
    assert refused.code is Code.INVALID
    other = office.send("policy", id="other", toml=text, sha256=sha256)
    assert other.code is Code.INVALID


def test_the_centres_key_is_rotated_by_the_old_one(office: Office) -> None:
    new = Signer(Ed25519PrivateKey.generate())
    public = new.public.public_bytes_raw().hex()
    assert office.send("trust_key", public=public).result == "done"
    assert office.send("ping", signer=new).result == "done"
    assert office.send("trust_key", signer=new, public=public, retire=[CENTRE.key]).result == "done"
    with pytest.raises(RefusedError):
        office.send("ping")
    # Who speaks with the centre at that moment, and the uploads, hold the same verifier.
    office.held.verify(Purpose.CONFIRMATION, new.sign(Purpose.CONFIRMATION, _nothing))
    with pytest.raises(RefusedError):
        office.held.verify(Purpose.CONFIRMATION, CENTRE.sign(Purpose.CONFIRMATION, _nothing))


_nothing = msgspec.defstruct("Nothing", [])()


_odd = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
_SOUND: dict[str, dict[str, Any]] = {
    "roster": _roster(),
    "timetable": {"class_id": "c1", "lessons": [_lesson()]},
    "teachers": {"revision": 1, "teachers": [{"id": "p1", "name": "张老师", "full_time": True}]},
    "association": {"lesson": "L1", "cameras": ["cam1"]},
    "record.start": {"lesson": "L1", "camera": "cam1", "start": NOW, "end": NOW + timedelta(hours=1)},
    "policy": {"id": "x", "toml": "id = 1", "sha256": hashlib.sha256(b"id = 1").hexdigest()},
    "confirm": {"document": "lesson", "id": "L1", "revision": 1, "accepted": True},
    "media.presigned": {"uploads": [{"media": "m1", "url": "http://s3/x"}]},
    "trust_key": {"public": "0" * 64, "retire": ["x"]},
    "upgrade": {"version": "9", "sha256": "0" * 64},
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_command_it_is_answered(office: Office, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(_SOUND)))
    args = dict(_SOUND[name])
    for field in data.draw(st.lists(st.sampled_from(sorted(args)), max_size=2)):
        args[field] = data.draw(_odd)
    if isinstance(args.get("lessons"), list):
        args["lessons"] = [
            each | _odd_field(data, each) if isinstance(each, dict) else each for each in args["lessons"]
        ]
    result = office.send(name, **args)
    assert result.result in {"done", "refused", "taken"}, result


def _odd_field(data: st.DataObject, row: dict[str, Any]) -> dict[str, Any]:
    return {data.draw(st.sampled_from([*sorted(row), "end", "break_minutes", "kind"])): data.draw(_odd)}


def test_every_command_of_the_contract_is_carried_out(office: Office) -> None:
    assert set(office.desk._jobs) == set(COMMANDS.values())


def test_old_answers_are_forgotten_after_every_copy_has_expired(office: Office) -> None:
    office.send("ping")
    office.clock.advance(13 * 86_400)
    office.desk.forget()
    assert office.reader.execute("SELECT count(*) FROM commands").fetchone()[0] == 1
    office.clock.advance(2 * 86_400)
    office.desk.forget()
    assert office.reader.execute("SELECT count(*) FROM commands").fetchone()[0] == 0


def test_no_name_and_no_document_of_a_trainee_stands_in_a_fact(office: Office) -> None:
    office.send("roster", **_roster())
    bodies = b"".join(fact.body for fact in read_facts(office.reader))
    assert "王伟".encode() not in bodies
    assert b"37010219900307" not in bodies
    assert isinstance(training.get_trainee(office.reader, _trainee("王伟")), Trainee)
