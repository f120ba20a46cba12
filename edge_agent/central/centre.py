"""What one process of the centre holds; any number of them run side by side on the same database, keys and media."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_agent.central.addresses import open_database, open_store
from edge_agent.central.authority import Authority
from edge_agent.central.digest.digester import Digester
from edge_agent.central.enrolment import Enrolment
from edge_agent.central.keys import person_key, signing_key
from edge_agent.central.uploads import Uploads
from edge_agent.central.work.tables import TableReader
from edge_agent.clock import Clock, SystemClock, host_keeps_time
from edge_agent.sync.contract.signing import Verifier


@dataclass(frozen=True, slots=True)
class Config:
    """Where everything is.

    `database`, `mqtt` and `media` are addresses, `keys` the folder of the centre's own keys, `spool` the folder of
    unfinished uploads, shared by all workers that one name stands for. Port 0 takes a free one; None serves no HTTP.
    `names` are host names under which people open its pages, `zone` is their time zone, `sms` where messages to
    trainees go: an http(s) address, `command:PROGRAM ARGUMENTS`, or a folder.
    `agents_mqtt` and `agents_http` are the broker and this centre as agents see them; empty: as this process does.
    """

    database: str
    mqtt: str
    media: str
    keys: Path
    spool: Path
    http: int | None = None
    host: str = "127.0.0.1"
    ca: str | None = None
    agents_mqtt: str = ""
    agents_http: str = ""
    names: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    sms: str = "central-messages"


def _without_login(mqtt: str) -> str:
    """The worker's own login is not the agents'."""
    scheme, _, rest = mqtt.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


class Centre:
    """Opens the database, the keys and the store."""

    def __init__(self, config: Config, *, clock: Clock | None = None, tables: TableReader | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock(kernel=host_keeps_time)
        self.signer = signing_key(config.keys)
        self.database = open_database(config.database)
        self.store = open_store(config.media)
        self.tables = tables
        self.digester = Digester(self.database, person_key(config.keys))
        self.verifier = Verifier([self.signer.public])
        self.uploads = Uploads(self.database, self.store, config.spool, self.signer, self.clock)

        self.enrolment = Enrolment(
            self.database,
            self.authority,
            mqtt=config.agents_mqtt or _without_login(config.mqtt),
            http=config.agents_http or f"http://{config.host}:{config.http}",
            keys=[self.signer.public.public_bytes_raw().hex()],
        )

    def authority(self) -> Authority:
        return Authority(self.config.keys, self.clock.stamp().wall)

    def close(self) -> None:
        self.database.close()
