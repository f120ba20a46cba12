"""Commands of the centre: believed or not, carried out once, never over what is newer, always answered."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.store import requests
from edge_agent.store.cameras import save_camera
from edge_agent.store.facts import read_head
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import COMMANDS
from edge_agent.sync.contract.signing import Purpose, Signer
from tests.sync.office import CENTRE, Office, Plain, lesson, roster
from tests.sync.world import NOW


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
        ({"command": "timetable", "class_id": "c9", "lessons": [lesson()]}, Code.NOT_FOUND),
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
    letters.append(CENTRE.seal(Purpose.ACK, Plain("jinan", "ea-1", "x", NOW, NOW, "", {"command": "ping"})))
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


_odd = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
_SOUND: dict[str, dict[str, Any]] = {
    "roster": roster(),
    "timetable": {"class_id": "c1", "lessons": [lesson()]},
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
