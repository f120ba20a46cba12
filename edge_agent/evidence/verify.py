"""Verifies an evidence package without the software that made it: `python verify.py PACKAGE.zip [--key FILE]`.

Standard library and `cryptography` alone, so that an auditor can read it whole and run it anywhere. PACKAGE is a zip or
a folder that it was unpacked to (an AES zip is unpacked with 7-Zip first). FILE holds public keys, one a line:
`device HEX` for the venue's device, `centre HEX` for the central server, as the district has them from elsewhere.

Exit code 0: everything is intact and from the named keys. 1: something was changed; each thing is named. 2: consistent,
but the origin is unproven: no key was given, or a centre's key whose countersignature the package lacks.

It is one file, longer than those beside it, because it travels alone.

The zip is read here, byte by byte: every byte of it is a file's content, which the manifest covers, or a field that
must say the same in both of the zip's headers. `zipfile` would let pass what lies between, before and after the files.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import stat
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_FILES, MOST_RATIO, SMALL, MOST_TEXT = 200_000, 200, 1 << 20, 1 << 30
DOCUMENTS = (".html", ".xlsx", ".pdf", ".py", ".jsonl", ".toml", ".json")
_CHUNK = 1 << 20
_CENTRAL, _LOCAL, _END = struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H"), struct.Struct("<4s4H2IH")
_END64, _LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_NARROW, _ZIP64 = 0xFFFFFFFF, 1
_TIMES = {0x5455, 0x7875, 0x000A}  # what other programs add when they pack anew: times and owners, no content
_STORED, _DEFLATED = 0, 8
_UTF8, _FLAGS = 0x800, 0x806  # names in UTF-8; bits 1 and 2 say how hard it was packed


class BrokenError(ValueError):
    """The package can't be read on; the text names what and where."""


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


@dataclass(frozen=True)
class Member:
    """A file of the zip; `start` is where its packed bytes begin."""

    method: int
    crc: int
    packed: int
    size: int
    start: int


class Folder:
    """The files of a package that was unpacked."""

    def __init__(self, path: Path, report: Report) -> None:
        self._path = path
        self.sizes: dict[str, int] = {}
        for each in sorted(path.rglob("*")):
            if each.is_symlink() or not (each.is_file() or each.is_dir()):
                report.fault(f"{each.name}: 是链接，不是文件 / a link, not a file")
            elif each.is_file():
                self.sizes[each.relative_to(path).as_posix()] = each.stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        with (self._path / name).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def close(self) -> None:
        """Nothing is open."""


class Zip:
    """The files of a package as a zip. Tricks in its headers are faults before anything is unpacked."""

    flags, methods, extras = _FLAGS, frozenset({_STORED, _DEFLATED}), _TIMES

    def __init__(self, path: Path, report: Report) -> None:
        self._file: BinaryIO = path.open("rb")
        self._length = path.stat().st_size
        self._report = report
        self._members: dict[str, Member] = {}
        self._seen: set[str] = set()
        self._made: dict[str, tuple[int, ...]] = {}
        try:
            self._list()
        except struct.error as error:
            self.close()
            raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged") from error
        except BaseException:
            self.close()
            raise
        self.sizes = {name: member.size for name, member in self._members.items()}  # as they lie

    def close(self) -> None:
        self._file.close()

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        data = self._file.read(size) if start >= 0 and 0 <= size <= self._length else b""
        if len(data) != size:
            raise BrokenError("压缩包不完整 / the zip is cut short")
        return data

    def _list(self) -> None:
        count, size, offset = self._end()
        directory = self._read(offset, size)
        at = 0
        entries: list[tuple[int, int, list[int], str]] = []  # offset, place in the directory, fields, name
        for _ in range(count):
            fields = list(_CENTRAL.unpack_from(directory, at)[1:])
            if directory[at : at + 4] != b"PK\x01\x02":
                raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged")
            name_size, extra_size, comment_size = fields[9:12]
            name_at = at + _CENTRAL.size
            raw = directory[name_at : name_at + name_size]
            if fields[2] & ~self.flags & 1:
                raise BrokenError(
                    "压缩包已加密：请先用密码解压（7-Zip），再校验文件夹"
                    " / the zip is encrypted: unpack it with its password (7-Zip), then verify the folder"
                )
            name = _name(raw, fields[2])
            extra = directory[name_at + name_size : name_at + name_size + extra_size]
            fields[8], fields[7], fields[15] = self._widen(extra, [fields[8], fields[7], fields[15]], name)
            # Programs that add times also say that a file is text.
            if comment_size or fields[12] or fields[13] > bool(extra):
                self._report.fault(f"{name}: 压缩包目录中有多余内容 / the zip's directory says more than it may")
            entries.append((fields[15], at, fields, name))
            at = name_at + name_size + extra_size + comment_size
        if at != size:
            self._report.fault(_stray(size - at, offset + at))
        if entries != sorted(entries, key=lambda entry: entry[0]):
            self._report.notes.append(
                "压缩包内文件的次序不同 / the zip's files lie in another order than it lists them"
            )
        self._walk(entries, offset)

    def _walk(self, entries: list[tuple[int, int, list[int], str]], end: int) -> None:
        """Go through the files as they lie: each begins where the one before ended, the directory after the last."""
        place = 0
        for start, _, fields, name in sorted(entries, key=lambda entry: entry[:2]):
            if start != place:
                self._report.fault(_stray(start - place, min(start, place)))
            place = self._member(start, fields, name)
        if place != end:
            self._report.fault(_stray(end - place, min(end, place)))
        # One program wrote all of it; only a file of more than 2 GB needs another version of the format.
        usual = dict(Counter(self._made.values()).most_common()[::-1])
        likely = {needed: made for needed, *made in usual}
        for name, (needed, *made) in self._made.items():
            if made != likely[needed]:
                self._report.fault(f"{name}: 压缩包中的文件属性被改动 / its attributes in the zip were changed")

    def _end(self) -> tuple[int, int, int]:
        """Give number, size and offset of the directory's entries. It ends the file, without a comment."""
        tail = self._read(self._length - _END.size, _END.size)
        if tail[:4] != b"PK\x05\x06":
            raise BrokenError("结尾不对：不完整，或末尾有多余内容 / not a zip's end: cut short, or more after it")
        _, disk, first, own, count, size, offset, comment = _END.unpack(tail)
        end = self._length - _END.size
        if end >= _LOCATOR.size and self._read(end - _LOCATOR.size, 4) == b"PK\x06\x07":
            _, disk64, at, disks = _LOCATOR.unpack(self._read(end - _LOCATOR.size, _LOCATOR.size))
            end -= _LOCATOR.size + _END64.size
            large = _END64.unpack(self._read(at, _END64.size))
            if at != end or disk64 or disks != 1 or large[:2] != (b"PK\x06\x06", 44) or large[4:6] != (0, 0):
                raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged")
            if any(
                small not in (wide, limit)
                for small, wide, limit in (
                    (own, large[6], 0xFFFF),
                    (count, large[7], 0xFFFF),
                    (size, large[8], _NARROW),
                    (offset, large[9], _NARROW),
                )
            ):
                raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged")
            own, count, size, offset = large[6:]
        if offset + size < end and not (disk or first or comment) and own == count:
            raise BrokenError(_stray(end - offset - size, 0))
        if disk or first or comment or own != count or offset + size != end:
            raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged")
        if count > MOST_FILES:
            raise BrokenError(f"超过 {MOST_FILES} 个文件 / more than {MOST_FILES} entries")
        return count, size, offset

    def _member(self, start: int, fields: list[int], name: str) -> int:
        """Check a file's own header against the directory, note it, and give where it ends."""
        made, needed, flags, method, time, date, crc, packed, size, *_, attributes, _ = fields
        local = _LOCAL.unpack(self._read(start, _LOCAL.size))
        name_size, extra_size = local[9:]
        after = self._read(start + _LOCAL.size, name_size + extra_size)
        own_size, own_packed = self._widen(after[name_size:], [local[8], local[7]], name)
        said = (*local[1:7], own_packed, own_size, _name(after[:name_size], local[2]))
        data = start + _LOCAL.size + name_size + extra_size
        path = PurePosixPath(name)
        if local[0] != b"PK\x03\x04" or said != (needed, flags, method, time, date, crc, packed, size, name):
            self._report.fault(f"{name}: 压缩包中两处文件头不一致 / the zip's two headers disagree on it")
        elif path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or re.match(r"^[A-Za-z]:", name):
            self._report.fault(f"{name}: 路径越出证据包 / a path that leaves the package")
        elif stat.S_ISLNK(attributes >> 16):
            self._report.fault(f"{name}: 是链接，不是文件 / a link, not a file")
        elif name in self._seen:
            self._report.fault(f"{name}: 在压缩包中出现两次 / stands twice in the zip")
        elif size > SMALL and size > MOST_RATIO * packed:
            self._report.fault(f"{name}: 解压炸弹，{packed} 字节解出 {size} / a zip bomb")
        elif flags & ~self.flags or method not in self.methods:
            self._report.fault(f"{name}: 未知的压缩方式 {method} / packed by an unknown method")
        elif name.endswith("/"):
            if size or packed:
                self._report.fault(f"{name}: 文件夹带有内容 / a folder with content")
        else:
            self._members[name] = Member(method, crc, packed, size, data)
            self._made[name] = (needed, made, attributes)
        self._seen.add(name)
        return int(data + packed)

    def _widen(self, extra: bytes, values: list[int], name: str) -> list[int]:
        """Give sizes and offset with those that were too large for 32 bits; a field that nobody knows is a fault."""
        at = 0
        while at < len(extra):
            kind, length = struct.unpack_from("<2H", extra, at)
            content = extra[at + 4 : at + 4 + length]
            if len(content) != length or (kind != _ZIP64 and kind not in self.extras):
                raise BrokenError(f"{name}: 压缩包中有多余内容 / the zip says more of it than it may")
            if kind == _ZIP64:
                wide = [index for index, value in enumerate(values) if value == _NARROW]
                for index, value in zip(wide, struct.unpack(f"<{len(wide)}Q", content), strict=True):
                    values[index] = value
            at += 4 + length
        return values

    def chunks(self, name: str) -> Iterator[bytes]:
        member = self._members[name]
        unpack = zlib.decompressobj(-15) if member.method == _DEFLATED else None
        left, given, crc = member.packed, 0, 0
        self._file.seek(member.start)
        while left and not (unpack and unpack.eof):
            packed = self._file.read(min(_CHUNK, left))
            if not packed:
                break
            left -= len(packed)
            while packed:
                chunk = unpack.decompress(packed, _CHUNK) if unpack else packed
                packed = unpack.unconsumed_tail if unpack else b""
                given, crc = given + len(chunk), zlib.crc32(chunk, crc)
                if given > member.size:
                    break
                yield chunk
        ended = unpack is None or (unpack.eof and not unpack.unused_data)
        if left or not ended or (given, crc) != (member.size, member.crc):
            raise BrokenError(f"{name}: 已损坏，无法读取 / damaged, can't be read")


def _name(raw: bytes, flags: int) -> str:
    """Names are UTF-8; a Windows that packed the package anew wrote them in its own code."""
    if flags & _UTF8:
        return raw.decode()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def _stray(size: int, at: int) -> str:
    if size < 0:
        return f"zip: 文件在 {at} 处重叠 / files overlap at {at}"
    return f"zip: {at} 处有 {size} 字节不属于任何文件 / {size} bytes at {at} belong to no file"


OpenZip = Callable[[Path, Report], Zip]


class Package:
    """The files of a package, by name."""

    def __init__(self, path: Path, report: Report, open_zip: OpenZip = Zip) -> None:
        self._source = Folder(path, report) if path.is_dir() else open_zip(path, report)
        self.sizes, self.close = self._source.sizes, self._source.close
        self.keeps_order = isinstance(self._source, Zip)
        self.reading = path.name  # what is being made sense of, to be named where that fails

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a file's content. Raises `BrokenError` where it is damaged."""
        try:
            yield from self._source.chunks(name)
        except (OSError, zlib.error) as error:
            raise BrokenError(f"{name}: 已损坏，无法读取 / damaged, can't be read") from error

    def read(self, name: str) -> bytes:
        if name not in self.sizes:
            raise BrokenError(
                f"{name}: 缺少，不是（完整的）证据包 / is missing: not an evidence package, or not all of one"
            )
        if self.sizes[name] > MOST_TEXT:
            raise BrokenError(f"{name}: 过大 / too large")
        self.reading = name
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[Any]:
        """Give the JSON value of each line."""
        if name in self.sizes:
            # split("\n"), not splitlines(): that one also cuts at U+2028, which may stand inside a JSON text.
            for line in self.read(name).decode().split("\n"):
                if line:
                    yield json.loads(line)


def verify(
    path: Path, keys: Keys = Keys(), *, receipt: Mapping[str, Any] | None = None, open_zip: OpenZip = Zip
) -> Report:
    """Check everything. `receipt` is a countersignature that the auditor has from the centre itself."""
    report = Report()
    package = None
    try:
        package = Package(path, report, open_zip)
        with closing(package):
            _verify(package, keys, receipt, report)
    except BrokenError as error:
        report.fault(f"{path.name}: {error}")
    except OSError as error:
        report.fault(f"{path.name}: 无法读取 / can't be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        report.fault(f"{package.reading if package else path.name}: 已损坏 / damaged")
    return report


def _verify(package: Package, keys: Keys, receipt: Mapping[str, Any] | None, report: Report) -> None:
    manifest = json.loads(package.read(MANIFEST))
    check_files(package, manifest, report)
    chain = check_chain(package, manifest, report)
    trusted = check_keys(chain, manifest, keys, report)
    check_manifest_signature(package, trusted.present, report)
    check_seals(package, chain, trusted.present | trusted.earlier, report)
    covered = check_countersignatures(package, chain, keys, receipt, report)
    package.reading = manifest["chain"]["file"]
    check_media(manifest, chain, report)
    check_stamps(manifest, chain, report)
    count_taps(chain, report)
    report.proven = bool(keys.device) and bool(covered or not keys.centre) and not report.faults
    if not keys.device:
        report.notes.append(
            "没有给出设备公钥，来源未证实 / No key of the device was given: consistent, origin unproven."
        )
    if covered is None:
        report.notes.append(
            "没有中心回签，不能排除设备重新签名 / No countersignature of the centre covers it: re-signing by the device"
            " can't be excluded."
        )
    elif later := sum(place > covered for place in chain.links):
        report.notes.append(f"最后 {later} 条记录在中心回签之后 / {later} facts follow the newest countersignature.")


def check_files(package: Package, manifest: Mapping[str, Any], report: Report) -> None:
    """Every file is in the manifest with its digest, and every file of the manifest is there."""
    listed = {each["path"]: each for each in manifest["files"]}
    if len(listed) != len(manifest["files"]):
        report.fault(f"{MANIFEST}: 重复列出同一文件 / names a file twice")
    found = [name for name in package.sizes if name in listed]
    if package.keeps_order and found != [name for name in listed if name in package.sizes]:
        report.notes.append(
            "文件的次序与清单不同：重新打包过 / The files lie in another order than listed: packed anew."
        )
    for name in sorted(package.sizes.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        report.fault(f"{name}: 清单中没有，是后加的 / added, the manifest does not know it")
    for name, each in listed.items():
        if name not in package.sizes:
            report.fault(f"{name}: 缺少，已被移除 / removed")
            continue
        digest = hashlib.sha256()
        try:
            for chunk in package.chunks(name):
                digest.update(chunk)
        except BrokenError as error:
            report.fault(str(error))
            continue
        if digest.hexdigest() != each["sha256"] or package.sizes[name] != each["size"]:
            report.fault(f"{name}: 内容已被改动 / changed")
        elif not each.get("media") and not name.endswith(DOCUMENTS):
            report.fault(f"{name}: 没有记录说明它的来源 / no fact names this content")
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
        report.fault("facts: 起点不是本设备的 / the start is not this agent's genesis")
    for line in package.lines(manifest["chain"]["file"]):
        if line["e"] != epoch:
            if line["e"] < epoch or line["s"] != 1:
                report.fault(
                    f"fact {line['e']}/{line['s']}: 次序中断 / epoch {line['e']} does not follow {epoch}/{seq}"
                )
            check_new_epoch(line, (epoch, seq), chain, report)
            epoch, seq, link = line["e"], 0, genesis(chain.agent, line["e"])
        if line["s"] != seq + 1:
            report.fault(
                f"fact {epoch}/{line['s']}: 记录缺失或次序被改动 / {epoch}/{seq + 1} is missing or out of order"
            )
        seq = line["s"]
        digest = bytes.fromhex(line["d"]) if "d" in line else hashlib.sha256(line["b"].encode()).digest()
        link = hashlib.sha256(link + seq.to_bytes(8, "big") + digest).digest()
        chain.links[epoch, seq] = link.hex()
        if "b" in line:
            body = json.loads(line["b"])
            if (body["agent"], body["epoch"], body["seq"]) != (chain.agent, epoch, seq):
                report.fault(
                    f"fact {epoch}/{seq}: 属于别处 / its body belongs to {body['agent']} {body['epoch']}/{body['seq']}"
                )
            chain.bodies.append(body)
        report.count("facts")
    chain.last = (epoch, seq)
    end = manifest["chain"]["end"]
    if chain.last != (end["epoch"], end["seq"]) or link.hex() != end["link"]:
        report.fault(
            f"facts: 记录链末端与清单不符 / the chain ends at {epoch}/{seq}, not at the manifest's"
            f" {end['epoch']}/{end['seq']}"
        )
    return chain


def check_new_epoch(line: Mapping[str, Any], last: tuple[int, int], chain: Chain, report: Report) -> None:
    """An epoch's first fact names the head that a restored database could not continue: what lies between is lost."""
    said = json.loads(line["b"]) if "b" in line else {}
    if said.get("kind") != "epoch.started":
        report.fault(f"fact {line['e']}/{line['s']}: 不是新纪元的首条 / does not start an epoch")
        return
    old = (said["data"]["old_epoch"], said["data"]["old_seq"])
    if old in chain.links and chain.links[old] != said["data"]["old_head"]:
        report.fault(f"fact {line['e']}/1: 与此前的记录不符 / the old head {old[0]}/{old[1]} that it names differs")
    elif None not in old and old > last:
        report.notes.append(
            f"设备从备份恢复，{last[0]}/{last[1]} 之后至 {old[0]}/{old[1]} 的记录不在包中"
            f" / The device was restored from a backup: the facts up to {old[0]}/{old[1]} are not in the package."
        )


def genesis(agent: str, epoch: int) -> bytes:
    return hashlib.sha256(f"edge_agent journal\n{agent}\n{epoch}".encode()).digest()


@dataclass(frozen=True)
class Trusted:
    """Device keys that may sign now, and `earlier` ones: a key in use vouches for the seals of what it replaced."""

    present: set[str]
    earlier: set[str]


def check_keys(chain: Chain, manifest: Mapping[str, Any], keys: Keys, report: Report) -> Trusted:
    """Give the device keys to check signatures with: the auditor's, and those they vouch for."""
    named = set(manifest["keys"])
    trusted = Trusted(set(keys.device) or named, set())
    changes = [*manifest["rotations"], *(body["data"] for body in chain.bodies if body["kind"] == "seal.key")]
    for _ in changes:
        for each in changes:
            text = f"edge_agent seal-key v1\n{each['old_public']}\n{each['public']}".encode()
            if each["old_public"] in trusted.present and signed_by(each["old_public"], text, each["signature"]):
                trusted.present.add(each["public"])
            elif each["public"] in trusted.present | trusted.earlier:
                # The manifest is signed by a present key, and with it the fact that names the predecessor.
                trusted.earlier.add(each["old_public"])
    for public in sorted(named - trusted.present - trusted.earlier):
        report.fault(
            f"{MANIFEST}: 密钥 {public[:16]}… 不是给出的公钥，也无其担保：来自别的设备，或密钥丢失后换过"
            " / is not the key given, nor vouched for by it: another device, or a key that replaced a lost one"
        )
    return trusted


def check_manifest_signature(package: Package, device_keys: set[str], report: Report) -> None:
    if SIGNATURE not in package.sizes:
        report.fault(f"{SIGNATURE}: 缺少，已被移除 / removed")
        return
    raw = package.read(SIGNATURE)
    given = json.loads(raw)
    text = b"edge_agent package v1\n" + hashlib.sha256(package.read(MANIFEST)).hexdigest().encode()
    # Compared as bytes: JSON would pass over another blank, hex over a capital letter.
    if raw != f'{{"key": "{given["key"]}", "signature": "{given["signature"]}"}}'.encode():
        report.fault(f"{SIGNATURE}: 内容已被改动 / changed")
    elif given["key"] not in device_keys:
        report.fault(f"{SIGNATURE}: 由未知密钥签名 / signed by the unknown key {given['key'][:16]}…")
    elif not signed_by(given["key"], text, given["signature"]):
        report.fault(f"{MANIFEST}: 内容已被改动，签名不符 / changed, its signature does not hold")
    else:
        report.count("package signature")


def check_seals(package: Package, chain: Chain, device_keys: set[str], report: Report) -> None:
    """Each seal names a head that the chain has; one beyond the chain's end tells that the chain was cut."""
    for seal in package.lines("proof/seals.jsonl"):
        said = json.loads(seal["payload"])
        where = f"seal over {said['epoch']}/{said['seq']}"
        if seal["key"] not in device_keys:
            report.fault(f"{where}: 由未知密钥签名 / signed by the unknown key {seal['key'][:16]}…")
        elif not signed_by(seal["key"], b"edge_agent seal v1\n" + seal["payload"].encode(), seal["signature"]):
            report.fault(f"{where}: 签名不符 / its signature does not hold")
        elif compare_head(chain, said, said["seq"], where, report):
            report.count("seals")
    if not report.checked.get("seals"):
        report.fault("proof/seals.jsonl: 没有有效的设备签章 / no seal of the device holds")


def check_countersignatures(
    package: Package, chain: Chain, keys: Keys, receipt: Mapping[str, Any] | None, report: Report
) -> tuple[int, int] | None:
    """Check the centre's acknowledgements; give the last fact that one of a trusted key covers."""
    covered: tuple[int, int] | None = None
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
                report.fault(f"{where}: 由未知密钥签名 / signed by the unknown key {line['key']}")
            continue
        text = b"edge_agent ack v1\n" + line["payload"].encode()
        if not signed_by(centre[line["key"]], text, base64.b64decode(line["signature"], validate=True).hex()):
            report.fault(f"{where}: 签名不符 / its signature does not hold")
        elif held:
            report.count("countersignatures")
            covered = max(covered or (0, 0), (said["epoch"], said["upto"]))
    return covered


def compare_head(chain: Chain, said: Mapping[str, Any], seq: int, where: str, report: Report) -> bool:
    epoch, head = said["epoch"], said["head"]
    if said["agent"] != chain.agent:
        report.fault(f"{where}: 属于别的设备 / belongs to another device, {said['agent']}")
    elif (epoch, seq) > chain.last:
        report.fault(f"{where}: 记录链被截断 / the chain was cut, it ends at {chain.last[0]}/{chain.last[1]}")
    elif (epoch, seq) in chain.links and chain.links[epoch, seq] != head:
        report.fault(f"{where}: 记录链被改动或重新签名 / the chain was altered or signed anew, its link differs")
    else:
        return (epoch, seq) in chain.links
    return False


def check_media(manifest: Mapping[str, Any], chain: Chain, report: Report) -> None:
    """Each media file has the digest that a fact names, and each picture that a fact names is there, or gone."""
    digests = {each["media"]: each["sha256"] for each in manifest["files"] if each.get("media")}
    absent = {each["media"] for each in manifest["missing_media"]}
    named: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for body in chain.bodies:
        kind, data = body["kind"], body["data"]
        if kind in {"retention.deleted", "media.lost"}:
            absent.add(data.get("media"))
        elif isinstance(data.get("media"), str) and "sha256" in data:
            named[data["media"]] = data["sha256"]
            if kind in {"snapshot.taken", "clip.kept"}:
                pictures[data["media"]] = data.get("slot")
    for media, digest in digests.items():
        if named.get(media) != digest:
            report.fault(f"media {media}: 没有记录说明它的来源 / no fact names this content")
        else:
            report.count("media")
    for media, slot in pictures.items():
        if media not in digests and media not in absent:
            report.fault(f"media {media}: 抓拍 {slot} 有记录而文件不在包中 / its fact is here, its file is not")
    for each in manifest["missing_media"]:
        report.notes.append(f"导出时设备上已缺 {each['path']} / {each['path']} was missing when the package was made.")


def count_taps(chain: Chain, report: Report) -> None:
    """Count what the facts themselves say, to be compared with the sheets: those are signed by the device alone."""
    wrong = {body["data"].get("names") for body in chain.bodies if body["kind"] == "attendance.corrected"}
    for body in chain.bodies:
        kind = body["kind"]
        if kind in {"attendance.signed_in", "attendance.signed_out"} and f"{body['epoch']}/{body['seq']}" not in wrong:
            report.count("sign-ins" if kind.endswith("in") else "sign-outs")
            if body["data"].get("method") == "manual":
                report.count("by hand")


def check_stamps(manifest: Mapping[str, Any], chain: Chain, report: Report) -> None:
    """The policies that judged are here, and what an untrusted clock stamped has its anchor."""
    policies = {each["sha256"] for each in manifest["files"] if each["path"].startswith("proof/policies/")}
    judged = {body["policy"] for body in chain.bodies if body["policy"]}
    for policy in sorted(each for each in judged if each.rpartition("@")[2] not in policies):
        report.fault(f"policy {policy}: 包中缺少判定所用的政策文件 / the package lacks the file that judged")
    anchored = {body["data"].get("boot_id") for body in chain.bodies if body["kind"] == "clock.anchor"}
    stamps = [body["clock"] for body in chain.bodies]
    if doubtful := sum(each["trust"] == "untrusted" and each["boot_id"] not in anchored for each in stamps):
        report.notes.append(
            f"{doubtful} 条记录产生时时钟不可信且未校准"
            f" / {doubtful} facts were stamped by an untrusted clock that no anchor set right."
        )


def signed_by(public: str, text: bytes, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return bool(re.fullmatch("[0-9a-f]{128}", signature))


def read_keys(path: Path) -> Keys:
    """Read `device HEX` and `centre HEX` lines; a bare HEX line is a device's key."""
    found: dict[str, set[str]] = {"device": set(), "centre": set()}
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        kind, public = words[0] if len(words) > 1 else "device", words[-1].lower()
        if len(words) > 2 or kind not in found or not re.fullmatch(r"[0-9a-f]{64}", public):  # noqa: PLR2004 - two words
            raise ValueError(
                f"{path} 第 {number} 行：应为 device 或 centre 加 64 位十六进制公钥"
                f" / line {number}: expected `device HEX` or `centre HEX` with 64 hex digits"
            )
        found[kind].add(public)
    return Keys(frozenset(found["device"]), frozenset(found["centre"]))


def unread(error: OSError | ValueError) -> str:
    """Say why a file of keys or a receipt was not taken."""
    return f"{error.filename}: 无法读取 / can't be read: {error.strerror}" if isinstance(error, OSError) else str(error)


def read_receipt(path: Path) -> Mapping[str, str]:
    """Read an acknowledgement as the centre signed it: `payload`, `key` and `signature`, all text."""
    try:
        given = json.loads(path.read_text("utf-8-sig"))
        return {name: given[name] + "" for name in ("payload", "key", "signature")}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} 不是中心的回执：应有 payload、key、signature"
            " / is no acknowledgement of the centre: a JSON object of `payload`, `key`, `signature`"
        ) from error


VERDICTS: Mapping[int, str] = {
    0: "完好，来源可信 / intact, and from the keys given",
    1: "已被改动或不完整 / changed or incomplete",
    2: "内容一致，来源未证实 / consistent, origin unproven",
}
CHECKED: Mapping[str, str] = {
    "files": "个文件 / files",
    "facts": "条记录 / facts",
    "package signature": "个清单签名 / package signature",
    "seals": "个设备签章 / seals",
    "countersignatures": "个中心回签 / countersignatures",
    "media": "个媒体文件与记录相符 / media named by facts",
    "sign-ins": "次签到，据记录 / sign-ins, by the facts",
    "sign-outs": "次签退，据记录 / sign-outs, by the facts",
    "by hand": "次手动打卡，据记录 / taps by hand, by the facts",
}


def show(report: Report, write: Callable[[str], object]) -> None:
    """Say it in plain words."""
    write(VERDICTS[report.exit_code])
    for what, number in report.checked.items():
        write(f"  ✓ {number} {CHECKED[what]}")
    for text in report.notes:
        write(f"  · {text}")
    for text in report.faults:
        write(f"  ✗ {text}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an evidence package. 校验证据包。")
    parser.add_argument("package", type=Path, help="the zip, or the folder it was unpacked to")
    parser.add_argument("--key", type=Path, help="public keys, `device HEX` and `centre HEX` lines")
    parser.add_argument("--receipt", type=Path, help="the centre's newest acknowledgement for this device (JSON)")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a Windows console may lack a sign
    try:
        keys = read_keys(options.key) if options.key else Keys()
        receipt = read_receipt(options.receipt) if options.receipt else None
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{unread(error)}\n")
        return 1
    report = verify(options.package, keys, receipt=receipt)
    show(report, lambda text: sys.stdout.write(text + "\n"))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
