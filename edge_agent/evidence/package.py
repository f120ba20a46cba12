"""The package of a class: everything a claim needs in one zip, with the proof that it is what the device recorded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from edge_agent import __version__
from edge_agent.durable import sync_file, sync_folder
from edge_agent.errors import InputError
from edge_agent.evidence import crosschecks, logs
from edge_agent.evidence.archive import Archive
from edge_agent.evidence.chain import stretch, stretch_start
from edge_agent.evidence.keys import SealSigner
from edge_agent.evidence.pages import contact_sheet, cover, verifier
from edge_agent.evidence.pictures import opener
from edge_agent.evidence.record import ClassRecord, read_class
from edge_agent.evidence.scope import Scope, cut, first_fact
from edge_agent.evidence.sheets_pdf import PERSONAL, write_sheets
from edge_agent.evidence.tables import Tables
from edge_agent.evidence.words import SUPPLEMENTS
from edge_agent.evidence.workbook import write_workbook
from edge_agent.model.media import Media
from edge_agent.model.stamp import Stamp, instant
from edge_agent.policies import LoadedPolicy, find_policy
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection, reading
from edge_agent.store.facts import fact_id, read_facts, read_head
from edge_agent.store.files import MediaFiles
from edge_agent.store.outbox import Countersignature, list_countersignatures
from edge_agent.store.seals import StoredSeal, list_seals

FACTS = "proof/facts.jsonl"
_HERE = Path(__file__).parent
_LEAST_PASSWORD = 8


@dataclass(frozen=True)
class Wanted:
    """What to put into a package: the lessons from `since` to `until`, both included, or one lesson, or all.

    `password` is needed for `full_ids`: resident ids leave only encrypted.
    """

    class_id: str
    since: date | None = None
    until: date | None = None
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
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """Where a package comes from: one connection for reading, the media, the device's key and the class's policy."""

    connection: Connection
    files: MediaFiles
    signer: SealSigner
    policy: LoadedPolicy


def make_package(source: Source, wanted: Wanted, out: Path, stamp: Stamp) -> Made:
    """Write the package to `out`, whole or not at all.

    Raises `InputError` for whole resident ids without a password of 8 characters, `NotFoundError` for a class or lesson
    that is not here.
    """
    if wanted.full_ids and len(wanted.password) < _LEAST_PASSWORD:
        raise InputError(
            "password: 含完整证件号须设密码 / whole resident ids leave only in an encrypted package.",
            do="请给出至少 8 位的密码。Give a password of 8 characters or more, or leave --full-ids out.",
        )
    partial = out.with_name(out.name + ".part")
    with reading(source.connection) as connection:
        whole = read_class(connection, wanted.class_id, source.policy, stamp.wall)
        record, scope = cut(whole, since=wanted.since, until=wanted.until, lesson=wanted.lesson)
        archive = Archive(partial, record.at, wanted.password if wanted.full_ids else "")
        try:
            try:
                made = _Maker(source, record, scope, wanted, stamp).write(archive)
            finally:
                archive.close()
            sync_file(partial)
            partial.replace(out)
        except BaseException:
            partial.unlink(missing_ok=True)  # not media: a package that was not finished
            raise
    sync_folder(out.parent)
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
        self._missing: list[Media] = []
        self._judged: set[str] = set()

    def write(self, archive: Archive) -> Made:
        facts = [
            fact
            for fact in read_facts(self._connection, after=self._first - 1, kinds=_READ)
            if self._scope.shows(fact.kind, {"data": fact.data})
        ]
        tables = Tables(self._record, full_ids=self._wanted.full_ids)
        self._add_attendance(archive, tables)
        archive.add("02_抓拍/抓拍.html", contact_sheet(self._record, self._add_snapshots(archive)))
        archive.add("02_抓拍/抓拍清单.xlsx", write_workbook([tables.snapshots()]))
        archive.add("03_录像/录像清单.xlsx", write_workbook([tables.recordings(logs.started(facts))]))
        if self._wanted.with_video:
            self._add_videos(archive)
        archive.add("04_记录/故障、操作与授权记录.xlsx", write_workbook(logs.Logs(self._record, facts).tables()))
        self._add_proof(archive)
        contents = [(each["path"], _WHAT[each["path"]]) for each in archive.files if each["path"] in _WHAT]
        look = opener(self._picture)
        findings = [finding.text for finding in crosschecks.cross_check(self._record, facts, look)]
        page = cover(self._record, scope=self._scope, proof=self._proof(), contents=contents, findings=findings)
        archive.add("00_说明.html", page)
        archive.add("verify.py", (_HERE / "verify.py").read_bytes())
        archive.add("verify.html", verifier())
        self._sign(archive)
        incomplete = sum(each.verdict.value in {"partial", "missing"} for each in self._record.verdicts.values())
        missing = [each.path for each in self._missing]
        return Made("", 0, self._scope.name, len(archive.files), incomplete, missing, findings)

    def _add_attendance(self, archive: Archive, tables: Tables) -> None:
        """Add each sheet before the next is made: a class of 50 has eighty of them, twice."""
        sealed = not self._countersignatures()
        head = f"{self._head.epoch}/{self._head.seq} {self._head.link.hex()}" if sealed else ""
        if any(tables.attendance()):  # before the first lesson there is none, and a workbook without a sheet is none
            archive.add("01_考勤/签到签退表.xlsx", write_workbook(tables.attendance()))
            archive.add("01_考勤/签到签退表.pdf", write_sheets(tables.attendance(), footer=SUPPLEMENTS, head=head))
        if self._record.trainees:
            archive.add("01_考勤/学员考勤表.xlsx", write_workbook(tables.personal()))
            personal = write_sheets(tables.personal(), footer=SUPPLEMENTS, head=head, signed_by=PERSONAL)
            archive.add("01_考勤/学员考勤表.pdf", personal)
        if self._scope.whole:  # of one day nobody can be said to have passed
            archive.add("01_考勤/考勤汇总与台账.xlsx", write_workbook([tables.summary(), tables.ledger()]))
        archive.add("01_考勤/课程一览.xlsx", write_workbook([tables.lessons()]))

    def _add_videos(self, archive: Archive) -> None:
        for own in self._record.recordings.values():
            for segment in own:
                self._add_media(archive, f"03_录像/{Path(segment.path).name}", segment)
        for each in self._record.supplements:
            if filed := media_rows.find(self._connection, each.media):
                self._add_media(archive, f"04_记录/补充材料/{Path(filed.path).name}", filed)

    def _add_snapshots(self, archive: Archive) -> dict[str, str]:
        """Add the pictures and clips; give their paths beside the contact sheet."""
        found = {}
        for media in self._record.snapshots.values():
            at = media.start.astimezone(self._record.policy.policy.zone)
            name = f"{at:%m%d-%H%M%S}-{media.id}{Path(media.path).suffix}"
            if self._add_media(archive, f"02_抓拍/{name}", media):
                found[media.id] = name
        return found

    def _picture(self, media: str) -> Path | None:
        found = self._record.snapshots.get(media)
        return None if found is None else self._files.locate(found.path)

    def _add_media(self, archive: Archive, name: str, media: Media) -> bool:
        path = self._files.locate(media.path)
        if not path.is_file():
            self._missing.append(media)
            return False
        archive.add_file(name, path, media=media.id)
        return True

    def _add_proof(self, archive: Archive) -> None:
        lines = stretch(self._connection, self._first, self._last, self._shows)
        archive.add_lines(FACTS, lines)
        seals = list_seals(self._connection, since=self._first, until=self._last)
        archive.add_lines("proof/seals.jsonl", map(_seal_line, seals))
        archive.add_lines("proof/countersignatures.jsonl", self._countersignatures())
        for policy, content in sorted(self._policies().items()):
            name, _, digest = policy.rpartition("@")
            archive.add(f"proof/policies/{name}-{digest[:12]}.toml", content)

    def _policies(self) -> dict[str, bytes]:
        """Give every policy that judged a fact which the package shows: it may have changed while the class ran."""
        present = self._record.policy
        found = {present.stamp: present.content}
        for stamp in sorted(self._judged - found.keys()):
            content = find_policy(stamp.rpartition("@")[2])
            if content is not None:
                found[stamp] = content
        return found

    def _shows(self, kind: str, body: dict[str, Any]) -> bool:
        shown = self._scope.shows(kind, body)
        if shown and body["policy"]:
            self._judged.add(body["policy"])
        return shown

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

    def _sign(self, archive: Archive) -> None:
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
            "missing_media": [{"media": each.id, "path": each.path, "sha256": each.sha256} for each in self._missing],
            "files": archive.files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        covered = b"edge_agent package v1\n" + hashlib.sha256(text).hexdigest().encode()
        signature = {"key": self._signer.public, "signature": self._signer.sign(covered)}
        archive.finish("manifest.json", text)
        archive.finish("manifest.sig", json.dumps(signature).encode())


def _seal_line(seal: StoredSeal | Countersignature) -> str:
    return json.dumps({"payload": seal.payload, "key": seal.key, "signature": seal.signature}, ensure_ascii=False)


_READ = tuple(dict.fromkeys((*logs.READ, *crosschecks.READ)))
_WHAT = {
    "01_考勤/签到签退表.xlsx": "每个签到单元一张表：时间、方式、课时",
    "01_考勤/签到签退表.pdf": "同上，可打印签字",
    "01_考勤/学员考勤表.xlsx": "每个学员一张表：各次签到签退、课时",
    "01_考勤/学员考勤表.pdf": "同上，可打印签字",
    "01_考勤/考勤汇总与台账.xlsx": "学员汇总、补贴明细台账",
    "01_考勤/课程一览.xlsx": "每节课的结论与说明",
    "02_抓拍/抓拍.html": "全部抓拍，缺失的标红并注明原因",
    "02_抓拍/抓拍清单.xlsx": "每个应抓拍时段的结果与 SHA-256",
    "03_录像/录像清单.xlsx": "计划与实际时段、录制占比、启动方式、缺失与原因",
    "04_记录/故障、操作与授权记录.xlsx": "停电断网、操作人与操作、授权与撤回、补充材料、删除记录",
}
