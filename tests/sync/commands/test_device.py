"""Policies, keys and the log level, as the centre sets them."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.model.kinds.plan import PolicyLoaded
from edge_agent.policies import load_policy, policy_folder, use_policies_of
from edge_agent.store.facts import read_facts
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Purpose, Signer
from tests.sync.office import CENTRE, Office


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
