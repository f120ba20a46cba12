"""How a device becomes an agent of the centre, and how a broken one is replaced: tokens, certificates, revocations."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge_agent.central import registry
from edge_agent.central.authority import Authority, Revoked, read_request
from edge_agent.central.database import Database, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import Provisioned, ProvisionRequest
from edge_agent.sync.contract.topics import Address

TOKEN_LIFE = timedelta(days=7)


def make_token(tx: Tx, tenant: str, *, agent: str, venue: str, now: datetime, life: timedelta = TOKEN_LIFE) -> str:
    """Give a token that enrols one device; with `agent` it becomes that agent, in the place of the box that broke."""
    Address(tenant, agent or "ea-new")
    token = secrets.token_urlsafe(18)
    tx.run(
        "INSERT INTO tokens(token, tenant, agent, venue, expires) VALUES (%s, %s, %s, %s, %s)",
        (_digest(token), tenant, agent, venue, to_micros(now + life)),
    )
    return token


class Enrolment:
    """`authority` is opened when it is first needed: a worker without HTTP never reads its key."""

    def __init__(
        self, database: Database, authority: Callable[[], Authority], *, mqtt: str, http: str, keys: list[str]
    ) -> None:
        self._database = database
        self._authority = authority
        self._mqtt = mqtt
        self._http = http
        self._keys = keys

    def provision(self, request: ProvisionRequest, now: datetime) -> Provisioned:
        """Use up the token, take the key and certify it. Raises `RefusedError`, and the token stays good then."""
        public = read_request(request.csr).public_bytes_raw().hex()
        with self._database.write() as tx:
            address, venue, named = self._use(tx, request, public, now)
            known = registry.find(tx, address)
            if known is not None and known.public != public and not named:
                raise RefusedError(
                    Code.NOT_OWNER,
                    f"{address.agent} is an agent of this centre already, with another key.",
                    do="Ask for a token that names it, if this box replaces it.",
                )
            number = registry.enrol(tx, address, public=public, venue=venue or (known.venue if known else ""), now=now)
            _revoke_certificates(tx, number, now)
            certificate = self._certify(tx, number, request.csr, address.agent, now)
            held = tx.row("SELECT 1 FROM heads WHERE agent = %s AND upto > 0", (number,))
        return Provisioned(
            tenant=address.tenant,
            agent=address.agent,
            mqtt=self._mqtt,
            http=self._http,
            keys=self._keys,
            certificate=certificate,
            authority=self._authority().pem,
            replaces=held is not None,
        )

    def renew(self, agent: AgentRow, csr: str, now: datetime) -> str:
        """Certify the agent's own key once more. Raises `RefusedError` for another key: that takes a token."""
        if read_request(csr).public_bytes_raw().hex() != agent.public:
            raise RefusedError(Code.INVALID, "csr: another key than this agent's.", do="Provision the device anew.")
        with self._database.write() as tx:
            return self._certify(tx, agent.number, csr, agent.address.agent, now)

    def revoke(self, address: Address, now: datetime) -> bool:
        """From now on nothing of this agent counts; False for an unknown one."""
        with self._database.write() as tx:
            agent = registry.find(tx, address)
            if agent is None:
                return False
            _revoke_certificates(tx, agent.number, now)
            return registry.revoke(tx, address, now=now)

    def revocations(self, now: datetime) -> str:
        with self._database.read() as tx:
            rows = tx.rows(
                "SELECT serial, revoked FROM certificates WHERE revoked IS NOT NULL AND expires > %s", (to_micros(now),)
            )
        return self._authority().revocations((Revoked(int(serial), from_micros(at)) for serial, at in rows), now)

    def _use(self, tx: Tx, request: ProvisionRequest, public: str, now: datetime) -> tuple[Address, str, bool]:
        """Use up the token; the same device may ask again, if the answer got lost on its way."""
        row = tx.row(
            "UPDATE tokens SET used = %s WHERE token = %s AND used IN ('', %s) AND expires > %s"
            " RETURNING tenant, agent, venue",
            (public, _digest(request.token), public, to_micros(now)),
        )
        if row is None:
            raise RefusedError(
                Code.BAD_SIGNATURE,
                "This token is unknown, used or expired (令牌无效).",
                do="Ask the centre for another.",
            )
        tenant, agent, venue = row
        if agent and request.agent and agent != request.agent:
            raise RefusedError(
                Code.WRONG_AGENT,
                f"The token is for {agent}, this device is {request.agent}.",
                do="Provision an empty device, or ask for a token without a name.",
            )
        return Address(tenant, agent or request.agent or f"ea-{public[:12]}"), venue, bool(agent)

    def _certify(self, tx: Tx, number: int, csr: str, agent: str, now: datetime) -> str:
        certificate: x509.Certificate = self._authority().certify_agent(csr, agent, now)
        tx.run(
            "INSERT INTO certificates(serial, agent, issued, expires) VALUES (%s, %s, %s, %s)",
            (str(certificate.serial_number), number, to_micros(now), to_micros(certificate.not_valid_after_utc)),
        )
        return certificate.public_bytes(Encoding.PEM).decode()


def _revoke_certificates(tx: Tx, number: int, now: datetime) -> None:
    tx.run("UPDATE certificates SET revoked = %s WHERE agent = %s AND revoked IS NULL", (to_micros(now), number))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
