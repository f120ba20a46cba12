"""One process of the centre: a receiver on the broker, the HTTP side, and what has to be done now and then."""

from __future__ import annotations

import logging
import signal
import threading

from edge_agent.central.app import HttpServer, create_app
from edge_agent.central.broker import Broker, Usher
from edge_agent.central.centre import Centre, Config
from edge_agent.central.ingest import Ingest
from edge_agent.central.work.notices import Messenger, open_gateway
from edge_agent.central.work.tables import TableReader
from edge_agent.central.worker import Worker
from edge_agent.errors import EdgeAgentError

log = logging.getLogger(__name__)

_TIDY_SECONDS = 600.0


class Service:
    """Starts and stops the parts. Who serves pages also keeps what they show up to date, and sends messages."""

    def __init__(self, config: Config, *, tables: TableReader | None = None) -> None:
        self.centre = Centre(config, tables=tables)
        broker = Broker(config.mqtt, config.ca)
        self.usher = Usher(broker, self.centre.clock)
        ingest = Ingest(self.centre.database, self.centre.signer, show_out=self.usher.show_out)
        self.worker = Worker(broker, ingest, self.centre.clock)
        self.messenger = Messenger(self.centre.database, self.centre.clock, open_gateway(config.sms))
        self.http = None if config.http is None else HttpServer(create_app(self.centre), config.host, config.http)

    def start(self) -> None:
        self.usher.start()
        self.worker.start()
        if self.http is not None:
            self.http.start()
            self.centre.digester.start(lambda: self.worker.busy)
            self.messenger.start()
            log.info("serving on http://%s:%d", self.centre.config.host, self.http.port)

    def tidy(self) -> None:
        try:
            self.centre.uploads.expire()
        except EdgeAgentError as error:
            log.warning("can't tidy up: %s", error)

    def stop(self) -> None:
        if self.http is not None:
            self.http.stop()
            self.messenger.stop()
            self.centre.digester.stop()
        self.worker.stop()
        self.usher.stop()
        self.centre.close()


def run(config: Config, *, tables: TableReader | None = None) -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    service = Service(config, tables=tables)
    service.start()
    while not stopping.wait(_TIDY_SECONDS):
        service.tidy()
    service.stop()
