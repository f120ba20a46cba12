"""The sync service: talks to the central server, and to nobody else. Everything else goes on when it is dead."""

from __future__ import annotations

import logging
import threading
from functools import partial

from edge_agent import allocator
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, on_record, open_agent
from edge_agent.serve.errands import Errands
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.store.database import keep_small
from edge_agent.store.outages import OutageLog
from edge_agent.sync.commands.capture import MediaWishes
from edge_agent.sync.commands.desk import CommandDesk
from edge_agent.sync.commands.device import DeviceSettings
from edge_agent.sync.contract.http import bearer
from edge_agent.sync.contract.messages import State
from edge_agent.sync.contract.signing import Verifier
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.documents import DocumentSender
from edge_agent.sync.enrol import CentreClient
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.order import Order
from edge_agent.sync.release import Fetcher, Releases
from edge_agent.sync.renewal import Renewal
from edge_agent.sync.session import Session
from edge_agent.sync.state import read_state
from edge_agent.sync.throttle import Throttle
from edge_agent.sync.tus import TusClient
from edge_agent.sync.uplink import Uplink
from edge_agent.sync.upload import Uploader
from edge_agent.sync.web import Web

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""How soon a new fact is noticed."""

_GRACE_SECONDS = 2.0
_KILOBIT = 125  # bytes
_FORGET_SECONDS = 86_400.0


class Sync:
    """Facts and messages on the ticking thread, media on one of their own."""

    def __init__(self, agent: Agent, identity: Identity, folder: IdentityFolder) -> None:
        self._agent = agent
        self._identity = identity
        self._folder = folder
        self._reader = keep_small(agent.connect())
        self._verifier = identity.verifier()
        self._order = _order(agent.settings)
        self._uplink = Uplink(identity, folder, self._start_session)
        self._dispatcher = Dispatcher(agent.writer, self._reader, self._publish_batch)
        self._outages = OutageLog("sync", agent.writer, self._reader)
        self._documents = DocumentSender(agent.writer, self._reader, partial(self._uplink.publish, Channel.DOC))
        releases = Releases(agent.settings.store.data_dir, agent.settings.sync.upgrade_keys)
        self._desk = CommandDesk(
            identity.address,
            self._verifier_in_force,
            writer=agent.writer,
            reader=self._reader,
            wishes=MediaWishes(lambda kind: agent.settings.media.rule(kind).upload),
            settings=DeviceSettings(agent.settings.store.data_dir, folder, releases, self._verifier),
        )
        self._forget_due = 0.0
        self._stopping = threading.Event()
        fetcher = Fetcher(releases, Web(), agent.clock, self._stopping)
        self._errands = Errands(agent.writer, {"upgrade": fetcher.fetch}, name="releases")
        self._media = threading.Thread(target=self._upload, args=(folder,), name="media", daemon=True)
        self._media.start()

    def tick(self) -> None:
        """Take what arrives and send what is due, until the next tick is."""
        now = self._agent.clock.boottime()
        end = now + TICK_SECONDS
        while now < end:
            self._uplink.step(now, end - now)
            now = self._agent.clock.boottime()
        self._outages.update(self._uplink.trouble)
        self._errands.tick(self._reader)
        if now >= self._forget_due:
            self._forget_due = now + _FORGET_SECONDS
            self._desk.forget()

    def close(self) -> None:
        self._stopping.set()
        self._uplink.close()
        self._dispatcher.persist(self._agent.clock.boottime(), force=True)
        self._reader.close()
        # It may hang in a question that a dead server never answers; what it would lose, it asks for again.
        self._media.join(_GRACE_SECONDS)
        self._errands.close(_GRACE_SECONDS)

    def _verifier_in_force(self) -> Verifier:
        """Read the centre's keys again: the device may have been provisioned anew."""
        self._verifier.trust((self._folder.read() or self._identity).public_keys())
        return self._verifier

    def _publish_batch(self, message: bytes) -> None:
        self._uplink.publish(Channel.EV, message)

    def _start_session(self, identifier: str) -> Session:
        return Session(
            identifier,
            self._identity.address,
            dispatcher=self._dispatcher,
            verifier=self._verifier,
            publisher=self._uplink,
            state=self._state,
            commands=self._desk,
            documents=self._documents,
            sealed=self._agent.settings.sealed,
        )

    def _state(self, session: str, *, hello: bool) -> State:
        clock = self._agent.clock
        wanted = self._order(clock.stamp().wall)
        return read_state(self._reader, clock, self._dispatcher.acked, wanted, session, hello=hello)

    def _upload(self, folder: IdentityFolder) -> None:
        agent, signer = self._agent, folder.signer()

        def authorize() -> str:
            return bearer(signer, self._identity.address, agent.clock.stamp().wall)

        ca = folder.authority if folder.authority.exists() else None
        client = TusClient(self._identity.http, authorize, ca=ca)
        centre = CentreClient(self._identity.http, ca=ca, authorize=authorize)
        renewal = Renewal(folder, centre, agent.clock)
        with agent.reading() as reader:
            Uploader(
                self._identity.address,
                self._verifier,
                client,
                writer=agent.writer,
                reader=keep_small(reader),
                files=agent.files,
                choose=self._order,
                throttle=Throttle(agent.settings.sync.upload_kbps * _KILOBIT, agent.clock.boottime, self._stopping),
                stopping=self._stopping,
            ).run(between=renewal.tick)
        client.close()
        centre.close()


class Unprovisioned:
    """Waits for `edge-agent provision`: nothing is sent, nothing is lost."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._folder = IdentityFolder(agent.settings.store.data_dir)
        self._sync: Sync | None = None
        self._told = False

    def tick(self) -> None:
        if self._sync is not None:
            self._sync.tick()
        elif (identity := self._folder.read()) is not None:
            self._sync = Sync(self._agent, identity, self._folder)
        elif not self._told:
            self._told = True
            log.warning("no centre is known yet; run: edge-agent provision --url URL --token TOKEN")

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()


def _order(settings: Settings) -> Order:
    return Order(settings.media, settings.sync, load_policy(settings.policy).policy.zone)


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    # A batch is packed from 64 KiB, a thousand times for 100,000 facts: 3 MB less, and no CPU that could be measured.
    allocator.keep_small(pieces=32 << 10, arenas=1)
    with open_agent(settings) as agent, on_record(agent, "sync"):
        service = Unprovisioned(agent)
        Ticker(service.tick, interval=TICK_SECONDS).run()
        service.close()
