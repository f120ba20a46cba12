"""The kiosk service: pages and API for kiosks, staff and trainees."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent import allocator
from edge_agent.checkin.room import note_pictures
from edge_agent.faces.answer import LivenessPolicy
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, on_record, open_agent
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.store import law, sessions
from edge_agent.store.accounts import Role, list_accounts
from edge_agent.store.database import Connection
from edge_agent.store.provisional import count_waiting
from edge_agent.web.app import create_app
from edge_agent.web.mdns import Responder
from edge_agent.web.server import Port, Servers
from edge_agent.web.site import Site
from edge_agent.web.tls import Authority, find_names

if TYPE_CHECKING:
    from edge_agent.faces.kiosk import KioskFaces

CODE_LASTS = timedelta(days=30)
RETIRE_SECONDS = 20.0
"""How often templates that may no longer be kept are looked for: a withdrawal must be carried out within 60 s."""

HEADS_SECONDS = 5.0
"""How often a snapshot's heads are counted: a lesson has three snapshots, and a kiosk's frames go first."""

_HOUR, _MINUTE = 3600.0, 60.0

log = logging.getLogger(__name__)


class KioskService:
    """The servers and the housekeeping of a tick."""

    def __init__(self, agent: Agent, site: Site) -> None:
        self._agent, self._site = agent, site
        self._faces: KioskFaces | None = None
        self._reader = agent.connect()
        self._switch_faces()
        self._due: dict[str, float] = {}
        web = agent.settings.web
        names = find_names(web.name)
        self._authority = Authority(agent.settings.store.data_dir / "tls")
        self._tls = self._authority.context(names, site.now().wall) if web.tls_port else None
        app = create_app(site, names=frozenset({names.local, names.host}), tls_port=web.tls_port or None)
        ports = [Port(web.host, web.port), *([Port(web.host, web.tls_port, self._tls)] if self._tls else [])]
        self._servers = Servers(app, site.live, ports)
        self._servers.start()
        # A sealed venue tells its name to nobody: tablets there use the address, or its own name server.
        named = self._tls is not None and not agent.settings.sealed
        self._responder = Responder(lambda: find_names(web.name)) if named else None
        log.info("Serving on http://127.0.0.1:%d and https://%s:%d", web.port, names.local, web.tls_port)

    def tick(self) -> None:
        site = self._site
        if not self._servers.alive:
            raise RuntimeError("the web server's thread ended")  # the watchdog restarts the service
        if count_waiting(self._reader):
            site.desk.settle()
        note_pictures(site.writer, self._reader, site.now().wall)
        self._switch_faces()
        if self._is_due("faces", RETIRE_SECONDS):
            self._forget()
        if self._is_due("tidy", _HOUR):
            site.writer.run(sessions.drop_expired)
        if self._tls is not None and self._is_due("names", _MINUTE):
            self._authority.renew(self._tls, find_names(self._agent.settings.web.name), site.now().wall)
        if self._faces is not None and self._is_due("heads", HEADS_SECONDS):
            self._faces.count_heads(self._reader)

    def close(self) -> None:
        if self._responder is not None:
            self._responder.close()
        self._servers.stop()
        self._site.readers.close()
        self._reader.close()
        if self._faces is not None:
            self._faces.close()

    def _forget(self) -> None:
        """Delete the templates that may no longer be kept; those of a device that recognises nobody any more, too."""
        site, folder = self._site, self._agent.settings.store.data_dir / "faces"
        today = site.now().wall.astimezone(site.policies(site.settings.policy).policy.zone).date()
        if self._faces is not None:
            self._faces.retire(self._reader, today)
        elif (folder / "faces.db").exists():
            import_module("edge_agent.faces.retire").retire_at(folder, self._reader, site.writer, today)

    def _switch_faces(self) -> None:
        """Begin or end recognition as the registered assessment says; kiosks that talk then begin anew."""
        lawful = may_recognise(self._site.settings, self._reader)
        if lawful == (self._faces is not None):
            return
        before, self._faces = self._faces, open_faces(self._agent) if lawful else None
        self._site.recognise(self._faces)
        log.info(
            "Recognition of faces is %s.",
            "on" if lawful else "off: no impact assessment is registered (未登记影响评估)",
        )
        if before is not None:
            before.close()

    def _is_due(self, job: str, every: float) -> bool:
        now = self._site.clock.boottime()
        if now < self._due.get(job, 0.0):
            return False
        self._due[job] = now + every
        return True


def code_file(settings: Settings) -> Path:
    """Where the first run's code is noted, for whoever stands at the device: mode 0600."""
    return settings.store.data_dir / "first-run-code"


def may_recognise(settings: Settings, connection: Connection) -> bool:
    """Say whether recognition is wanted and lawful; else everybody is signed in by hand."""
    faces = settings.faces
    return faces.enabled and law.registered(connection, configured=faces.impact_assessment) != ""


def open_faces(agent: Agent) -> KioskFaces:
    """Start the face engine. Imported now: where nobody is recognised the service does without 40 MB of it."""
    settings = agent.settings.faces
    weights_folder = import_module("edge_agent.faces.manifest").weights_folder
    made: KioskFaces = import_module("edge_agent.faces.kiosk").KioskFaces(
        models=weights_folder(settings.models_dir, agent.settings.store.data_dir),
        gallery=agent.settings.store.data_dir / "faces",
        engine=settings.engine,
        policy=LivenessPolicy(settings.liveness),
        clock=agent.clock,
        writer=agent.writer,
        connect=agent.connect,
        locate=agent.files.locate,
    )
    return made


def make_first_code(agent: Agent) -> str | None:
    """Give the first run's code, made anew; None once there is an administrator."""
    with agent.reading() as connection:
        if list_accounts(connection, Role.ADMINISTRATOR):
            return None
    code = agent.writer.run(lambda tx: sessions.make_code(tx, "first_run", lasts=CODE_LASTS))
    file = code_file(agent.settings)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(f"{code}\n")
    return code


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    allocator.keep_small()
    with open_agent(settings) as agent, on_record(agent, "kiosk"):
        if make_first_code(agent) is not None:
            log.info("First run: the code is in %s", code_file(settings))
        service = KioskService(agent, Site(settings, agent.clock, agent.writer, agent.files, cache(load_policy)))
        Ticker(service.tick).run()
        service.close()
