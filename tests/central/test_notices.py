"""一键通知: one message to each trainee, whatever dies, through each kind of gateway."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Semaphore, Thread

import pytest

from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.work import notices
from edge_agent.central.work.notices import Message, MessageError, Messenger, Program, open_gateway
from edge_agent.errors import InputError
from edge_agent.model.kinds.plan import TraineeNotified
from tests.central.browsing import Person
from tests.central.city import NAMES, City
from tests.sync.world import eventually


class Recorder:
    """A gateway that fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise MessageError("busy")
        self.sent.append(message)


def states(city: City) -> dict[str, int]:
    with city.centre.database.read() as tx:
        return {state: int(count) for state, count in tx.rows("SELECT state, count(*) FROM notices GROUP BY state")}


def drain(city: City, gateway: notices.Gateway, rounds: int = 30) -> None:
    messenger = Messenger(city.centre.database, city.clock, gateway)
    for _ in range(rounds):
        messenger.step()


def test_who_was_asked_for_gets_one_message(city: City) -> None:
    gateway = Recorder()
    drain(city, gateway)
    place = city.places[0]
    place.say(TraineeNotified(class_id="c1", trainees=("ea-1-c1-t0", "ea-1-c1-t7")), by="admin")
    place.send()
    city.digest()
    drain(city, gateway)
    assert states(city) == {"sent": 5}
    assert len({message.key for message in gateway.sent}) == len(gateway.sent) == 5
    first = next(message for message in gateway.sent if NAMES[0] in message.text)
    assert (first.phone, "养老护理员初级 2026-3 期" in first.text, "2026-02-23" in first.text) == (
        "13800138000",
        True,
        True,
    )
    assert NAMES[7] in gateway.sent[-1].text


def test_a_class_page_asks_for_those_who_were_not_asked_for(city: City) -> None:
    person = Person(city, Role.ADMINISTRATOR)
    path = "/api/v1/venues/1/classes/c1/notices"
    assert person.send("POST", path).json()["id"] == "8"
    assert person.send("POST", path).json()["id"] == "0"
    gateway = Recorder()
    drain(city, gateway)
    assert len(gateway.sent) == 12
    assert "已发送" in person.get("/messages").text


def test_a_gateway_that_fails_is_tried_again_later_and_not_for_ever(city: City) -> None:
    gateway = Recorder(failures=4)
    drain(city, gateway)
    assert states(city) == {"waiting": 4}
    city.clock.advance(200)
    drain(city, gateway)
    assert states(city) == {"sent": 4}
    place = city.places[0]
    place.say(TraineeNotified(class_id="c1", trainees=("ea-1-c1-t9",)))
    place.send()
    city.digest()
    broken = Recorder(failures=10_000)
    for _ in range(12):
        drain(city, broken, 1)
        city.clock.advance(3700)
    assert states(city) == {"sent": 4, "failed": 1}
    with city.centre.database.write() as tx:
        assert notices.try_again(tx, Scope("tenant", "quancheng")) == 0
        assert notices.try_again(tx, Scope()) == 1
    drain(city, gateway)
    assert states(city) == {"sent": 5}


def test_a_process_that_dies_between_sending_and_writing_sends_the_same_key(city: City) -> None:
    class Dies(Recorder):
        def send(self, message: Message) -> None:
            super().send(message)
            raise KeyboardInterrupt

    gateway = Dies()
    with pytest.raises(KeyboardInterrupt):
        drain(city, gateway, 1)
    held, again = gateway.sent[0].key, Recorder()
    drain(city, again)
    assert len(again.sent) == 3
    assert held not in {message.key for message in again.sent}, "whoever took it may still be at it"
    city.clock.advance(130)
    drain(city, again)
    assert (len(again.sent), again.sent[-1].key) == (4, held)


def test_a_slow_gateway_of_one_process_leaves_the_rest_to_another_and_nobody_gets_two(city: City) -> None:
    """What one has not begun when its time is over, the other takes."""
    other = Recorder()

    class Slow(Recorder):
        def send(self, message: Message) -> None:
            super().send(message)
            city.clock.advance(50)
            if len(self.sent) == 3:
                Messenger(city.centre.database, city.clock, other).step()

    slow = Slow()
    drain(city, slow)
    keys = [message.key for message in (*slow.sent, *other.sent)]
    assert (len(keys), len(set(keys))) == (4, 4)


def test_a_message_that_waited_long_for_its_roster_has_all_its_tries_left(empty: City) -> None:
    place = empty.add("一号教室")
    place.training("c1", "育婴员")
    place.say(TraineeNotified(class_id="c1", trainees=("ea-1-c1-t0",)))
    place.send()
    empty.digest()
    for _ in range(60):  # an hour, a try a minute
        drain(empty, Recorder(), 1)
        empty.clock.advance(61)
    place.roster("c1", ["王小明"])
    place.send()
    empty.digest()
    drain(empty, Recorder(failures=1))
    assert states(empty) == {"waiting": 1}
    empty.clock.advance(61)  # "a minute at first", says docs/central.md
    drain(empty, Recorder())
    assert states(empty) == {"sent": 1}


def test_a_try_under_a_clock_that_was_ahead_holds_nothing_back_once_it_is_put_right(city: City) -> None:
    city.clock.step(400 * 86_400)
    drain(city, Recorder(failures=4))
    assert states(city) == {"waiting": 4}
    city.clock.step(-400 * 86_400)
    drain(city, Recorder())
    assert states(city) == {"sent": 4}


def test_a_fault_in_a_gateway_does_not_end_the_sending(city: City) -> None:
    sent, faults = Semaphore(0), iter([ValueError("a fault")])

    class Faulty(Recorder):
        def send(self, message: Message) -> None:
            for fault in faults:
                raise fault
            super().send(message)
            sent.release()

    messenger = Messenger(city.centre.database, city.clock, Faulty())
    messenger.start()
    assert sent.acquire(timeout=30)
    messenger.stop()


def test_who_is_told_to_stop_finishes_one_message_and_leaves_the_rest(city: City) -> None:
    class Stopped(Recorder):
        def send(self, message: Message) -> None:
            super().send(message)
            messenger._stopping.set()

    gateway = Stopped()
    messenger = Messenger(city.centre.database, city.clock, gateway)
    assert messenger.step() == len(gateway.sent) == 1
    drain(city, Recorder())
    assert states(city) == {"sent": 4}, "nothing was held that was not tried"


def test_without_a_number_or_a_roster_nothing_is_sent(empty: City) -> None:
    place = empty.add("一号教室")
    place.training("c1", "育婴员")
    ids = place.roster("c1", ["王小明"])
    place.say(TraineeNotified(class_id="c1", trainees=(*ids, "unknown")))
    place.send()
    empty.digest()
    with empty.centre.database.write() as tx:
        tx.run("UPDATE people SET content = %s", ('{"trainee": "x", "name": "王小明", "document": "1"}',))
    gateway = Recorder()
    drain(empty, gateway)
    assert states(empty) == {"no_phone": 1, "waiting": 1}
    assert gateway.sent == []


def test_the_folder_keeps_one_file_for_a_message(tmp_path: Path) -> None:
    gateway = open_gateway(str(tmp_path / "out"))
    for text in ("一", "二"):
        gateway.send(Message("k1", "138", text))
    (file,) = (tmp_path / "out").iterdir()
    assert json.loads(file.read_text()) == {"key": "k1", "phone": "138", "text": "二"}


def test_a_program_gets_the_message_on_its_input(tmp_path: Path) -> None:
    script = tmp_path / "send.py"
    script.write_text(
        "import sys, pathlib\ntext = sys.stdin.read()\n"
        "if 'bad' in text: sys.exit('no credit')\n"
        f"pathlib.Path({str(tmp_path / 'got')!r}).write_text(text)\n"
    )
    gateway = open_gateway(f"command:{sys.executable} {script}")
    gateway.send(Message("k1", "138", "您好; rm -rf / $(reboot)"))
    assert json.loads((tmp_path / "got").read_text())["text"] == "您好; rm -rf / $(reboot)"
    with pytest.raises(MessageError, match="no credit"):
        gateway.send(Message("k2", "138", "bad"))
    with pytest.raises(MessageError, match="nothing-here"):
        Program("nothing-here").send(Message("k3", "138", "x"))
    with pytest.raises(InputError):
        open_gateway("command:")


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_TIMEOUT", 2.0)
    script, told = tmp_path / "send.sh", tmp_path / "pid"
    script.write_text(f"sleep 600 & echo $! > {told}\nwait\n")
    with pytest.raises(MessageError, match="no end after 2 s"):
        open_gateway(f"command:sh {script}").send(Message("k1", "138", "您好"))
    child = Path("/proc", told.read_text().strip(), "stat")
    assert eventually(lambda: not child.exists() or ") Z " in child.read_text())


@contextmanager
def web(status: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A gateway on the web."""
    got: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["Idempotency-Key"], body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sms", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_posted_to_with_an_idempotency_key() -> None:
    with web(200) as (url, got):
        open_gateway(url).send(Message("k1", "138", "您好"))
    ((key, body),) = got
    assert (key, json.loads(body)["phone"]) == ("k1", "138")
    for status in (302, 400, 500, 503):  # a page that a redirect leads to takes no message
        with web(status) as (url, _), pytest.raises(MessageError, match=str(status)):
            open_gateway(url).send(Message("k1", "138", "您好"))
    with pytest.raises(MessageError, match="does not answer"):
        open_gateway(url).send(Message("k1", "138", "您好"))
