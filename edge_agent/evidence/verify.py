"""Verifies an evidence package without the software that made it: `python verify.py PACKAGE.zip [--key FILE]`.

Standard library and `cryptography` alone, so that an auditor can read it whole and run it anywhere. PACKAGE is a zip or
a folder that it was unpacked to (an AES zip is unpacked with 7-Zip first). FILE holds public keys, one a line:
`device HEX` for the venue's device, `centre HEX` for the central server, as the district has them from elsewhere.

Exit code 0: everything is intact and from the named keys. 1: something was changed; each thing is named. 2: consistent,
but the origin is unproven, because no key was given.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_FILES, MOST_RATIO, MOST_TEXT = 200_000, 1_000, 1 << 30
_CHUNK = 1 << 20


@dataclass
class Report:
    """What was found: `faults` break the proof, `notes` are to be known, `checked` counts what held."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    proven: bool = False

    @property
    def exit_code(self) -> int:
        return 1 if self.faults else 0 if self.proven else 2

    def fault(self, text: str) -> None:
        self.faults.append(text)

    def count(self, what: str, number: int = 1) -> None:
        self.checked[what] = self.checked.get(what, 0) + number


@dataclass(frozen=True)
class Keys:
    """Public keys in hex that the auditor trusts."""

    device: frozenset[str] = frozenset()
    centre: frozenset[str] = frozenset()


class Package:
    """The files of a package, by name; tricks in the zip's directory are faults before anything is read."""

    def __init__(self, path: Path, report: Report) -> None:
        self._folder = path if path.is_dir() else None
        self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        self.sizes: dict[str, int] = {}
        if self._zip is not None:
            self._list_zip(self._zip, report)
        elif self._folder is not None:
            for each in sorted(self._folder.rglob("*")):
                if each.is_symlink():
                    report.fault(f"{each.name}: a link, not a file")
                elif each.is_file():
                    self.sizes[each.relative_to(self._folder).as_posix()] = each.stat().st_size

    def _list_zip(self, archive: zipfile.ZipFile, report: Report) -> None:
        infos = archive.infolist()
        if len(infos) > MOST_FILES:
            raise ValueError(f"more than {MOST_FILES} entries")
        for info in infos:
            name = info.filename
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"^[A-Za-z]:", name):
                report.fault(f"{name}: a path that leaves the package")
            elif stat.S_ISLNK(info.external_attr >> 16):
                report.fault(f"{name}: a link, not a file")
            elif name in self.sizes:
                report.fault(f"{name}: stands twice in the zip")
            elif info.flag_bits & 1:
                raise ValueError("the zip is encrypted: unpack it with its password (7-Zip), then verify the folder")
            elif info.file_size > MOST_RATIO * max(1, info.compress_size):
                report.fault(f"{name}: unpacks to {info.file_size} bytes from {info.compress_size}, a zip bomb")
            elif not info.is_dir():
                self.sizes[name] = info.file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a file's content. Raises `ValueError` where the zip's own check fails."""
        try:
            opened = (self._folder / name).open("rb") if self._folder is not None else self._open_member(name)
            with opened as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib_error()) as error:
            raise ValueError(f"{name}: can't be read: {error}") from error

    def _open_member(self, name: str) -> Any:
        if self._zip is None:
            raise ValueError(name)
        return self._zip.open(name)

    def read(self, name: str) -> bytes:
        if self.sizes.get(name, 0) > MOST_TEXT:
            raise ValueError(f"{name}: too large")
        if name not in self.sizes:
            raise ValueError(f"{name} is missing: not an evidence package, or not all of one")
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[Any]:
        """Give the JSON value of each line."""
        if name in self.sizes:
            # split("\n"), not splitlines(): that one also cuts at U+2028, which may stand inside a JSON text.
            for line in self.read(name).decode().split("\n"):
                if line:
                    yield json.loads(line)


def zlib_error() -> type[Exception]:
    import zlib  # noqa: PLC0415 - named where it is needed: the one exception that zipfile doesn't wrap

    return zlib.error


def verify(path: Path, keys: Keys = Keys(), *, receipt: Mapping[str, Any] | None = None) -> Report:
    """Check everything. `receipt` is a countersignature that the auditor has from the centre itself."""
    report = Report()
    try:
        package = Package(path, report)
        manifest = json.loads(package.read(MANIFEST))
        check_files(package, manifest, report)
        chain = check_chain(package, manifest, report)
        device_keys = check_keys(chain, manifest, keys, report)
        check_manifest_signature(package, device_keys, report)
        check_seals(package, chain, device_keys, report)
        centre = check_countersignatures(package, chain, keys, receipt, report)
        check_facts(manifest, chain, report)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, zipfile.BadZipFile, RecursionError) as error:
        report.fault(f"{path.name}: {error}" if str(error) else f"{path.name}: damaged ({type(error).__name__})")
        return report
    report.proven = bool(keys.device) and not report.faults
    if not keys.device:
        report.notes.append("No --key was given: consistent, origin unproven.")
    if not centre:
        report.notes.append("No countersignature of the centre covers it: re-signing by the device can't be excluded.")
    return report


def check_files(package: Package, manifest: Mapping[str, Any], report: Report) -> None:
    """Every file is in the manifest with its digest, and every file of the manifest is there."""
    listed = {each["path"]: each for each in manifest["files"]}
    if len(listed) != len(manifest["files"]):
        report.fault(f"{MANIFEST}: names a file twice")
    for name in sorted(package.sizes.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        report.fault(f"{name}: added, the manifest does not know it")
    for name, each in listed.items():
        if name not in package.sizes:
            report.fault(f"{name}: removed")
            continue
        digest = hashlib.sha256()
        try:
            for chunk in package.chunks(name):
                digest.update(chunk)
        except ValueError as error:
            report.fault(str(error))
            continue
        if digest.hexdigest() != each["sha256"] or package.sizes[name] != each["size"]:
            report.fault(f"{name}: changed")
        else:
            report.count("files")


@dataclass
class Chain:
    """The stretch of the journal: links by place, and the bodies that the package shows."""

    agent: str
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)


def check_chain(package: Package, manifest: Mapping[str, Any], report: Report) -> Chain:
    """Recompute each link from the start; a hole, an exchange or a changed byte breaks the next one that is signed."""
    chain = Chain(manifest["agent"])
    start = manifest["chain"]["start"]
    epoch, seq, link = start["epoch"], start["seq"], bytes.fromhex(start["link"])
    if seq == 0 and link != genesis(chain.agent, epoch):
        report.fault("facts: the start is not this agent's genesis")
    for line in package.lines(manifest["chain"]["file"]):
        if line["e"] != epoch:
            if line["e"] < epoch or line["s"] != 1:
                report.fault(f"fact {line['e']}/{line['s']}: epoch {line['e']} does not follow {epoch}/{seq}")
            epoch, seq, link = line["e"], 0, genesis(chain.agent, line["e"])
        if line["s"] != seq + 1:
            report.fault(f"fact {epoch}/{line['s']}: {epoch}/{seq + 1} is missing or out of order")
        seq = line["s"]
        digest = bytes.fromhex(line["d"]) if "d" in line else hashlib.sha256(line["b"].encode()).digest()
        link = hashlib.sha256(link + seq.to_bytes(8, "big") + digest).digest()
        chain.links[epoch, seq] = link.hex()
        if "b" in line:
            body = json.loads(line["b"])
            if (body["agent"], body["epoch"], body["seq"]) != (chain.agent, epoch, seq):
                report.fault(f"fact {epoch}/{seq}: its body belongs to {body['agent']} {body['epoch']}/{body['seq']}")
            chain.bodies.append(body)
        report.count("facts")
    chain.last = (epoch, seq)
    end = manifest["chain"]["end"]
    if chain.last != (end["epoch"], end["seq"]) or link.hex() != end["link"]:
        report.fault(f"facts: the chain ends at {epoch}/{seq}, not at the manifest's {end['epoch']}/{end['seq']}")
    return chain


def genesis(agent: str, epoch: int) -> bytes:
    return hashlib.sha256(f"edge_agent journal\n{agent}\n{epoch}".encode()).digest()


def check_keys(chain: Chain, manifest: Mapping[str, Any], keys: Keys, report: Report) -> set[str]:
    """Give the device keys to check signatures with: the auditor's, and those they vouch for by rotation."""
    named = set(manifest["keys"])
    trusted = set(keys.device) or named
    vouched = list(manifest["rotations"])
    vouched += [
        body["data"] for body in chain.bodies if body["kind"] == "seal.key" and body["data"]["change"] == "rotated"
    ]
    for _ in vouched:
        for each in vouched:
            text = f"edge_agent seal-key v1\n{each['old_public']}\n{each['public']}".encode()
            if each["old_public"] in trusted and signed_by(each["old_public"], text, bytes.fromhex(each["signature"])):
                trusted.add(each["public"])
    for public in sorted(named - trusted):
        report.fault(f"{MANIFEST}: key {public[:16]}… is not the key given, nor vouched for by it: another device")
    return trusted


def check_manifest_signature(package: Package, device_keys: set[str], report: Report) -> None:
    if SIGNATURE not in package.sizes:
        report.fault(f"{SIGNATURE}: removed")
        return
    given = json.loads(package.read(SIGNATURE))
    text = b"edge_agent package v1\n" + hashlib.sha256(package.read(MANIFEST)).hexdigest().encode()
    if given["key"] not in device_keys:
        report.fault(f"{SIGNATURE}: signed by the unknown key {str(given['key'])[:16]}…")
    elif not signed_by(given["key"], text, bytes.fromhex(given["signature"])):
        report.fault(f"{MANIFEST}: changed, its signature does not hold")
    else:
        report.count("package signature")


def check_seals(package: Package, chain: Chain, device_keys: set[str], report: Report) -> None:
    """Each seal names a head that the chain has; one beyond the chain's end tells that the chain was cut."""
    for seal in package.lines("proof/seals.jsonl"):
        said = json.loads(seal["payload"])
        where = f"seal over {said['epoch']}/{said['seq']}"
        if seal["key"] not in device_keys:
            report.fault(f"{where}: signed by the unknown key {seal['key'][:16]}…")
        elif not signed_by(
            seal["key"], b"edge_agent seal v1\n" + seal["payload"].encode(), bytes.fromhex(seal["signature"])
        ):
            report.fault(f"{where}: its signature does not hold")
        elif compare_head(chain, said, said["seq"], where, report):
            report.count("seals")


def check_countersignatures(
    package: Package, chain: Chain, keys: Keys, receipt: Mapping[str, Any] | None, report: Report
) -> bool:
    """Check the centre's acknowledgements; give whether one of a trusted key covers the chain."""
    covers = False
    centre = {hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]: public for public in keys.centre}
    lines = list(package.lines("proof/countersignatures.jsonl"))
    if receipt is not None:
        lines.append(dict(receipt))
    for line in lines:
        said = json.loads(line["payload"])
        where = f"countersignature over {said['epoch']}/{said['upto']}"
        held = compare_head(chain, said, said["upto"], where, report)
        if line["key"] not in centre:
            if keys.centre:
                report.fault(f"{where}: signed by the unknown key {line['key']}")
            continue
        text = b"edge_agent ack v1\n" + line["payload"].encode()
        if not signed_by(centre[line["key"]], text, base64.b64decode(line["signature"], validate=True)):
            report.fault(f"{where}: its signature does not hold")
        elif held:
            report.count("countersignatures")
            covers = True
    return covers


def compare_head(chain: Chain, said: Mapping[str, Any], seq: int, where: str, report: Report) -> bool:
    epoch, head = said["epoch"], said["head"]
    if said["agent"] != chain.agent:
        report.fault(f"{where}: belongs to another device, {said['agent']}")
    elif (epoch, seq) > chain.last:
        report.fault(f"{where}: the chain was cut, it ends at {chain.last[0]}/{chain.last[1]}")
    elif (epoch, seq) in chain.links and chain.links[epoch, seq] != head:
        report.fault(f"{where}: the chain was altered or signed anew, its link differs")
    else:
        return (epoch, seq) in chain.links
    return False


def check_facts(manifest: Mapping[str, Any], chain: Chain, report: Report) -> None:
    """Media have the digests that facts name, policies those that judged, and untrusted clocks their anchors."""
    digests = {each["media"]: each["sha256"] for each in manifest["files"] if each.get("media")}
    policies = {each["sha256"] for each in manifest["files"] if each["path"].startswith("proof/policies/")}
    anchored = {body["data"]["boot_id"] for body in chain.bodies if body["kind"] == "clock.anchor"}
    missing_policies, doubtful = set(), 0
    named: dict[str, str] = {}
    for body in chain.bodies:
        data = body["data"]
        if "media" in data and "sha256" in data and isinstance(data["media"], str):
            named[data["media"]] = data["sha256"]
        policy = body["policy"].rpartition("@")[2]
        if policy and policy not in policies:
            missing_policies.add(body["policy"])
        if body["clock"]["trust"] == "untrusted" and body["clock"]["boot_id"] not in anchored:
            doubtful += 1
    for media, digest in digests.items():
        if named.get(media) != digest:
            report.fault(f"media {media}: no fact names this content")
        else:
            report.count("media")
    for policy in sorted(missing_policies):
        report.fault(f"policy {policy}: facts were judged by it, the package lacks the file with that digest")
    if doubtful:
        report.notes.append(f"{doubtful} facts were stamped by an untrusted clock that no anchor set right.")


def signed_by(public: str, text: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_keys(path: Path) -> Keys:
    """Read `device HEX` and `centre HEX` lines; a bare HEX line is a device's key."""
    found: dict[str, set[str]] = {"device": set(), "centre": set()}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        kind, public = words if len(words) > 1 else ("device", words[0])
        if kind not in found or not re.fullmatch(r"[0-9a-f]{64}", public):
            raise ValueError(f"{path} line {number}: expected `device HEX` or `centre HEX` with 64 hex digits")
        found[kind].add(public)
    return Keys(frozenset(found["device"]), frozenset(found["centre"]))


VERDICTS: Mapping[int, str] = {
    0: "完好，来源可信 / intact, and from the keys given",
    1: "已被改动或不完整 / changed or incomplete",
    2: "内容一致，来源未证实 / consistent, origin unproven",
}


def show(report: Report, write: Callable[[str], object]) -> None:
    """Say it in plain words."""
    write(VERDICTS[report.exit_code])
    for what, number in report.checked.items():
        write(f"  ✓ {number} {what}")
    for text in report.notes:
        write(f"  · {text}")
    for text in report.faults:
        write(f"  ✗ {text}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an evidence package. 校验证据包。")
    parser.add_argument("package", type=Path)
    parser.add_argument("--key", type=Path, help="public keys, `device HEX` and `centre HEX` lines")
    parser.add_argument("--receipt", type=Path, help="the centre's newest acknowledgement for this device (JSON)")
    options = parser.parse_args(arguments)
    try:
        keys = read_keys(options.key) if options.key else Keys()
        receipt = json.loads(options.receipt.read_text()) if options.receipt else None
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    report = verify(options.package, keys, receipt=receipt)
    show(report, lambda text: sys.stdout.write(text + "\n"))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
