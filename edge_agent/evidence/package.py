"""The package of a class: everything a claim needs in one zip, with the proof that it is what the device recorded."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyzipper  # type: ignore[import-untyped] # it ships no types

from edge_agent import __version__
from edge_agent.errors import InputError
from edge_agent.evidence import logs
from edge_agent.evidence.chain import stretch, stretch_start
from edge_agent.evidence.crosschecks import cross_check
from edge_agent.evidence.keys import SealSigner
from edge_agent.evidence.pages import contact_sheet, cover, verifier
from edge_agent.evidence.record import ClassRecord, read_class
from edge_agent.evidence.scope import Scope, cut, first_fact
from edge_agent.evidence.sheets_pdf import write_sheets
from edge_agent.evidence.tables import Tables
from edge_agent.evidence.words import SUPPLEMENTS
from edge_agent.evidence.workbook import write_workbook
from edge_agent.model.media import Media
from edge_agent.model.stamp import Stamp, instant
from edge_agent.policies import LoadedPolicy
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection, reading
from edge_agent.store.facts import fact_id, read_facts, read_head
from edge_agent.store.files import MediaFiles
from edge_agent.store.outbox import Countersignature, list_countersignatures
from edge_agent.store.seals import StoredSeal, list_seals

FACTS = "proof/facts.jsonl"
_HERE = Path(__file__).parent
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """What to put into a package. `password` is needed for `full_ids`: resident ids leave only encrypted."""

    class_id: str
    day: date | None = None
    lesson: str = ""
    with_video: bool = False
    full_ids: bool = False
    password: str = ""


@dataclass
class Made:
    """A finished package: its digest, and what a reader must know."""

    sha256: str
    size: int
    scope: str
    files: int
    incomplete: int
    missing_media: list[str] = field(default_factory=list)


class _Archive:
    """A zip that notes each file's digest for the manifest as it is written. Names are UTF-8: they unzip right."""

    def __init__(self, path: Path, password: str) -> None:
        self.files: list[dict[str, Any]] = []
        encryption = pyzipper.WZ_AES if password else None
        self._zip = pyzipper.AESZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, encryption=encryption)
        self._zip.setpassword(password.encode() or None)

    def add(self, name: str, content: bytes, **more: str) -> None:
        self._zip.writestr(name, content)
        self._note(name, hashlib.sha256(content).hexdigest(), len(content), more)

    def add_lines(self, name: str, lines: Iterable[str]) -> int:
        """Write line by line: a long journal never lies in memory at once."""
        digest, size, count = hashlib.sha256(), 0, 0
        with self._zip.open(name, "w", force_zip64=True) as stream:
            for line in lines:
                data = line.encode() + b"\n"
                stream.write(data)
                digest.update(data)
                size += len(data)
                count += 1
        self._note(name, digest.hexdigest(), size, {})
        return count

    def add_file(self, name: str, path: Path, **more: str) -> None:
        """Store a media file as it is; it is compressed already."""
        digest, size = hashlib.sha256(), 0
        info = self._zip.zipinfo_cls.from_file(path, name)
        info.compress_type = zipfile.ZIP_STORED
        with path.open("rb") as source, self._zip.open(info, "w", force_zip64=True) as stream:
            while chunk := source.read(_CHUNK):
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self._note(name, digest.hexdigest(), size, more)

    def finish(self, name: str, content: bytes) -> None:
        """Write a file that the manifest doesn't list: itself and its signature."""
        self._zip.writestr(name, content)

    def close(self) -> None:
        self._zip.close()

    def _note(self, name: str, sha256: str, size: int, more: dict[str, str]) -> None:
        self.files.append({"path": name, "sha256": sha256, "size": size, **more})


@dataclass(frozen=True)
class Source:
    """Where a package comes from: one connection for reading, the media, the device's key and the class's policy."""

    connection: Connection
    files: MediaFiles
    signer: SealSigner
    policy: LoadedPolicy


def make_package(source: Source, wanted: Wanted, out: Path, stamp: Stamp) -> Made:
    """Write the package to `out`, whole or not at all.

    Raises `InputError` for whole resident ids without a password, `NotFoundError` for a class or lesson not here.
    """
    if wanted.full_ids and not wanted.password:
        raise InputError(
            "password: whole resident ids leave only in an encrypted package (含完整证件号须设密码).",
            do="Give a password of 8 characters or more, or leave --full-ids out.",
        )
    partial = out.with_name(out.name + ".part")
    with reading(source.connection) as connection:
        whole = read_class(connection, wanted.class_id, source.policy, stamp.wall)
        record, scope = cut(whole, day=wanted.day, lesson=wanted.lesson)
        archive = _Archive(partial, wanted.password if wanted.full_ids else "")
        try:
            made = _Maker(source, record, scope, wanted, stamp).write(archive)
        except BaseException:
            archive.close()
            partial.unlink(missing_ok=True)  # not media: a package that was not finished
            raise
        archive.close()
    partial.replace(out)
    with out.open("rb") as stream:
        made.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    made.size = out.stat().st_size
    return made


class _Maker:
    def __init__(self, source: Source, record: ClassRecord, scope: Scope, wanted: Wanted, stamp: Stamp) -> None:
        connection = source.connection
        self._connection, self._files, self._signer = connection, source.files, source.signer
        self._record, self._scope, self._wanted, self._stamp = record, scope, wanted, stamp
        self._head = read_head(connection)
        self._first = first_fact(connection, scope)
        self._last = fact_id(self._head.epoch, self._head.seq)
        self._missing: list[str] = []

    def write(self, archive: _Archive) -> Made:
        tables = Tables(self._record, full_ids=self._wanted.full_ids)
        attendance = list(tables.attendance())
        facts = [
            fact
            for fact in read_facts(self._connection, after=self._first - 1)
            if self._scope.shows(fact.kind, {"data": fact.data})
        ]
        zone = self._record.policy.policy.zone
        names = {trainee.id: trainee.name for trainee in self._record.trainees}
        recordings = tables.recordings()
        head = "" if self._countersignatures() else f"{self._head.epoch}/{self._head.seq} {self._head.link.hex()}"
        archive.add("01_考勤/签到签退表.xlsx", write_workbook(attendance))
        archive.add("01_考勤/签到签退表.pdf", write_sheets(attendance, footer=SUPPLEMENTS, head=head))
        if self._scope.whole:  # of one day nobody can be said to have passed
            archive.add("01_考勤/考勤汇总与台账.xlsx", write_workbook([tables.summary(), tables.ledger()]))
        archive.add("01_考勤/课程一览.xlsx", write_workbook([tables.lessons()]))
        archive.add("02_抓拍/抓拍.html", contact_sheet(self._record, self._add_snapshots(archive)))
        archive.add("02_抓拍/抓拍清单.xlsx", write_workbook([tables.snapshots()]))
        archive.add("03_录像/录像清单.xlsx", write_workbook([recordings]))
        if self._wanted.with_video:
            for own in self._record.recordings.values():
                for segment in own:
                    self._add_media(archive, f"03_录像/{Path(segment.path).name}", segment)
            for each in self._record.supplements:
                if filed := media_rows.find(self._connection, each.media):
                    self._add_media(archive, f"04_记录/补充材料/{Path(filed.path).name}", filed)
        logged = [
            logs.outages(facts, zone),
            logs.actions(facts, zone),
            logs.consents(facts, zone, lambda trainee: names.get(trainee, trainee)),
            logs.supplements(self._record.supplements, zone),
            logs.deletions(facts, zone),
        ]
        archive.add("04_记录/故障、操作与授权记录.xlsx", write_workbook(logged))
        self._add_proof(archive)
        proof = self._proof()
        contents = [(each["path"], _WHAT[each["path"]]) for each in archive.files if each["path"] in _WHAT]
        findings = [finding.text for finding in cross_check(self._record, facts)]
        page = cover(self._record, scope=self._scope, proof=proof, contents=contents, findings=findings)
        archive.add("00_说明.html", page)
        archive.add("verify.py", (_HERE / "verify.py").read_bytes())
        archive.add("verify.html", verifier())
        self._sign(archive)
        incomplete = sum(each.verdict.value in {"partial", "missing"} for each in self._record.verdicts.values())
        return Made("", 0, self._scope.name, len(archive.files), incomplete, self._missing)

    def _add_snapshots(self, archive: _Archive) -> dict[str, str]:
        """Add the pictures and clips; give their paths beside the contact sheet."""
        found = {}
        for media in self._record.snapshots.values():
            at = media.start.astimezone(self._record.policy.policy.zone)
            name = f"{at:%m%d-%H%M%S}-{media.id}{Path(media.path).suffix}"
            if self._add_media(archive, f"02_抓拍/{name}", media):
                found[media.id] = name
        return found

    def _add_media(self, archive: _Archive, name: str, media: Media) -> bool:
        path = self._files.locate(media.path)
        if not path.is_file():
            self._missing.append(media.path)
            return False
        archive.add_file(name, path, media=media.id)
        return True

    def _add_proof(self, archive: _Archive) -> None:
        lines = stretch(self._connection, self._first, self._last, self._scope.shows)
        archive.add_lines(FACTS, lines)
        seals = list_seals(self._connection, since=self._first, until=self._last)
        archive.add_lines("proof/seals.jsonl", map(_seal_line, seals))
        archive.add_lines("proof/countersignatures.jsonl", self._countersignatures())
        policy = self._record.policy
        archive.add(f"proof/policies/{policy.policy.id}-{policy.sha256[:12]}.toml", policy.content)

    def _countersignatures(self) -> list[str]:
        return list(map(_seal_line, list_countersignatures(self._connection, since=self._first, until=self._last)))

    def _keys(self) -> list[str]:
        """Every key that signed within the stretch, the present one last."""
        seals = list_seals(self._connection, since=self._first, until=self._last)
        return list(dict.fromkeys([*(seal.key for seal in seals), self._signer.public]))

    def _proof(self) -> dict[str, Any]:
        countersigned = self._countersignatures()
        newest = json.loads(json.loads(countersigned[-1])["payload"]) if countersigned else {}
        return {
            "agent": self._head.agent,
            "keys": self._keys(),
            "end": {"epoch": self._head.epoch, "seq": self._head.seq, "link": self._head.link.hex()},
            "countersigned": len(countersigned),
            "countersigned_upto": f"{newest.get('epoch')}/{newest.get('upto')}" if newest else "",
        }

    def _sign(self, archive: _Archive) -> None:
        rotations = [dict(fact.data) for fact in read_facts(self._connection, kinds=("seal.key",))]
        manifest = {
            "format": 1,
            "software": __version__,
            "agent": self._head.agent,
            "class": self._record.training.code,
            "scope": self._scope.name,
            "made": instant(self._stamp.wall),
            "trust": self._stamp.trust.value,
            "chain": {
                "file": FACTS,
                "start": asdict(stretch_start(self._connection, self._first)),
                "end": self._proof()["end"],
            },
            "keys": self._keys(),
            "rotations": [each for each in rotations if each["change"] == "rotated"],
            "missing_media": self._missing,
            "files": archive.files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        covered = b"edge_agent package v1\n" + hashlib.sha256(text).hexdigest().encode()
        signature = {"key": self._signer.public, "signature": self._signer.sign(covered)}
        archive.finish("manifest.json", text)
        archive.finish("manifest.sig", json.dumps(signature).encode())


def _seal_line(seal: StoredSeal | Countersignature) -> str:
    return json.dumps({"payload": seal.payload, "key": seal.key, "signature": seal.signature}, ensure_ascii=False)


_WHAT = {
    "01_考勤/签到签退表.xlsx": "每个签到单元一张表：时间、方式、课时",
    "01_考勤/签到签退表.pdf": "同上，可打印签字",
    "01_考勤/考勤汇总与台账.xlsx": "学员汇总、补贴明细台账",
    "01_考勤/课程一览.xlsx": "每节课的结论与说明",
    "02_抓拍/抓拍.html": "全部抓拍，缺失的标红并注明原因",
    "02_抓拍/抓拍清单.xlsx": "每个应抓拍时段的结果与 SHA-256",
    "03_录像/录像清单.xlsx": "计划与实际时段、录制占比、缺失与原因",
    "04_记录/故障、操作与授权记录.xlsx": "停电断网、操作人与操作、授权与撤回、补充材料、删除记录",
}
