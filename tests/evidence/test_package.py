"""What a package holds: numbers that equal the rules' own, masked ids, pages that open, sheets that programs read."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import openpyxl
import pypdf
import pytest
import pyzipper  # type: ignore[import-untyped] # it ships no types
from typer.testing import CliRunner

from edge_agent.cli.main import app
from edge_agent.errors import InputError, NotFoundError
from edge_agent.evidence.locked import LockedZip
from edge_agent.evidence.package import Wanted
from edge_agent.evidence.pages import contact_sheet
from edge_agent.evidence.record import read_class
from edge_agent.evidence.sheets_pdf import write_sheets
from edge_agent.evidence.tables import Cell, Table, Tables
from edge_agent.evidence.verify import Keys, verify
from edge_agent.model.media import MediaKind
from edge_agent.policies import keep_policy, load_policy
from edge_agent.rules.replay import Case, replay
from edge_agent.simulator.classroom import FIRST_DAY, POLICY, make_classroom
from tests.evidence.conftest import Packaged
from tests.evidence.test_verify import unpack
from tests.looking import look

_UTF8_CSV = "csv:Text - txt - csv (StarCalc):44,34,76"


def rows(content: bytes, sheet: int = 0, *, head: int = 2) -> list[dict[str, object]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    lines = list(book.worksheets[sheet].iter_rows(min_row=head, values_only=True))
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]


def test_the_sheets_numbers_equal_the_rules_replay_of_the_same_taps(packaged: Packaged) -> None:
    record = read_class(look(packaged.room.database), "C", POLICY, packaged.room.clock.wall)
    summary = rows(unpack(packaged.path)["01_考勤/考勤汇总与台账.xlsx"], head=3)
    for trainee, line in zip(record.trainees, summary, strict=True):
        taps = tuple(sorted(tap.at for tap in record.taps if tap.trainee == trainee.id))
        replayed = replay(Case(tuple(record.lessons), taps, ()), POLICY.policy)
        assert line["姓名"] == trainee.name
        assert line["计入课时"] == replayed.credit
    assert [line["计入课时"] for line in summary] == [4, 2, 4]


def test_holes_are_named_with_their_causes(packaged: Packaged) -> None:
    files = unpack(packaged.path)
    snapshots = rows(files["02_抓拍/抓拍清单.xlsx"])
    assert [(line["结果"], line["原因"]) for line in snapshots].count(("缺失", "设备离线")) == 1
    recordings = rows(files["03_录像/录像清单.xlsx"])
    assert recordings[0]["录制占比"] == "99.63%"
    assert "设备无响应" in str(recordings[0]["缺失与原因"])
    assert recordings[1]["录制占比"] == "100.00%"
    cover = files["00_说明.html"].decode()
    assert "录像缺失 08:30:00 至 08:30:20（设备无响应）" in cover
    assert "11 / 12" in cover
    assert "补充市职业技能培训监管平台" in cover
    assert "补贴申报期限 2027-04-01，还有 394 天" in cover


def test_workbooks_print_across_a4_with_their_headings_on_every_page(packaged: Packaged) -> None:
    for name, content in unpack(packaged.path).items():
        if name.endswith(".xlsx"):
            for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
                setup = sheet.page_setup
                assert (setup.paperSize, setup.orientation, setup.fitToHeight) == (9, "landscape", 0), name
                assert sheet.print_title_rows, name


def test_a_package_made_during_a_lesson_calls_nothing_missing_that_is_being_judged(packaged: Packaged) -> None:
    record = read_class(look(packaged.room.database), "C", POLICY, packaged.room.clock.wall)
    slot = record.owed(record.lessons[0])[0]

    def listed(seconds: int) -> tuple[Cell, Cell, bool, bool]:
        early = replace(record, slots={}, snapshots={}, at=slot.window.end + timedelta(seconds=seconds))
        table = Tables(early).snapshots()
        row = dict(zip(table.columns, table.rows[0], strict=True))
        page = contact_sheet(early, {}).decode()
        return row["结果"], row["原因"], 0 in table.bad, "1 个缺失" in page

    assert listed(0) == ("未到时间", "", False, False)
    assert listed(100) == ("判定中", "", False, False)
    assert listed(200) == ("缺失", "录制服务尚未说明原因", True, True)


def test_ids_are_masked_and_other_classes_are_digests(packaged: Packaged) -> None:
    everything = b"".join(unpack(packaged.path).values())
    for name, content in unpack(packaged.path).items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                everything += b"".join(book.read(each) for each in book.namelist())
    assert b"3701021990010" not in everything
    assert b"370102**********0X" in everything
    facts = [json.loads(line) for line in unpack(packaged.path)["proof/facts.jsonl"].decode().split("\n") if line]
    assert any("d" in line for line in facts), "the other class's facts are there as digests"
    assert not any("JN-2026-002" in line.get("b", "") for line in facts)


def test_a_class_has_a_package_before_its_first_lesson_and_before_its_roster(tmp_path: Path) -> None:
    room = make_classroom(tmp_path, days=0)
    room.package(tmp_path / "before.zip")
    names = set(unpack(tmp_path / "before.zip"))
    assert "01_考勤/签到签退表.xlsx" not in names
    assert {"01_考勤/学员考勤表.xlsx", "01_考勤/考勤汇总与台账.xlsx", "01_考勤/课程一览.xlsx"} <= names
    room.writer.run(lambda tx: tx.execute("DELETE FROM trainees WHERE class_id = 'C'"))
    room.package(tmp_path / "empty.zip")
    assert "01_考勤/学员考勤表.xlsx" not in unpack(tmp_path / "empty.zip")
    for name in ("before", "empty"):
        report = verify(tmp_path / f"{name}.zip", Keys(frozenset({room.signer.public})))
        assert (report.exit_code, report.faults) == (0, [])


def test_whole_ids_leave_only_encrypted(packaged: Packaged, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="password"):
        packaged.room.package(tmp_path / "p.zip", Wanted("C", full_ids=True))
    assert list(tmp_path.iterdir()) == []
    packaged.room.package(tmp_path / "p.zip", Wanted("C", full_ids=True, password="correct horse"))
    report = verify(tmp_path / "p.zip", packaged.keys)
    assert any("encrypted" in fault for fault in report.faults)
    opened = verify(tmp_path / "p.zip", packaged.keys, open_zip=partial(LockedZip, password="correct horse"))
    assert (opened.exit_code, opened.faults) == (0, [])
    other = verify(tmp_path / "p.zip", packaged.keys, open_zip=partial(LockedZip, password="battery staple"))
    assert (other.exit_code, len(other.faults)) == (1, 1)
    assert "密码不对" in other.faults[0]
    with pyzipper.AESZipFile(tmp_path / "p.zip") as archive:
        archive.setpassword(b"wrong")
        with pytest.raises(RuntimeError, match="password"):
            archive.read("01_考勤/考勤汇总与台账.xlsx")
        archive.setpassword(b"correct horse")
        archive.extractall(tmp_path / "unpacked")
    assert verify(tmp_path / "unpacked", packaged.keys).exit_code == 0
    summary = rows((tmp_path / "unpacked/01_考勤/考勤汇总与台账.xlsx").read_bytes(), head=3)
    assert summary[0]["身份证号"] == "37010219900100000X"


def test_a_day_and_a_lesson_have_packages_of_their_own(packaged: Packaged, tmp_path: Path) -> None:
    packaged.room.package(tmp_path / "lesson.zip", Wanted("C", lesson="L0b", with_video=True))
    report = verify(tmp_path / "lesson.zip", packaged.keys)
    assert report.exit_code == 0
    assert report.checked["media"] == 7, "six snapshots and the recording"
    packaged.room.package(tmp_path / "day.zip", Wanted("C", since=FIRST_DAY, until=FIRST_DAY))
    assert verify(tmp_path / "day.zip", packaged.keys).exit_code == 0
    with pytest.raises(NotFoundError, match="没有课程"):
        packaged.room.package(tmp_path / "none.zip", Wanted("C", until=FIRST_DAY - timedelta(1)))
    assert not (tmp_path / "none.zip").exists()


def test_a_part_of_a_class_says_nothing_of_who_passed(packaged: Packaged, tmp_path: Path) -> None:
    packaged.room.package(tmp_path / "lesson.zip", Wanted("C", lesson="L0b"))
    files = unpack(tmp_path / "lesson.zip")
    assert "01_考勤/考勤汇总与台账.xlsx" not in files
    cover = files["00_说明.html"].decode()
    assert "达标学员" not in cover
    assert "签到 / 签退</span><b>3 / 3</b>" in cover, "the other lesson's taps are not counted"


@pytest.mark.parametrize("name", ["jinan-2024", "fixed-clock-daily", "random-3plus2"])
def test_every_policy_makes_a_package_that_holds(name: str, tmp_path: Path) -> None:
    room = make_classroom(tmp_path, policy=load_policy(name))
    room.package(tmp_path / "p.zip")
    keys = Keys(frozenset({room.signer.public}))
    report = verify(tmp_path / "p.zip", keys)
    assert (report.exit_code, report.faults) == (0, [])
    files = unpack(tmp_path / "p.zip")
    filled = [line for line in rows(files["02_抓拍/抓拍清单.xlsx"]) if line["结果"] == "已抓拍"]
    assert report.checked["media"] == len(filled) == {"random-3plus2": 10}.get(name, 11)
    assert all(line["SHA-256"] for line in filled)
    clips = [file for file in files if file.startswith("02_抓拍/") and file.endswith(".mp4")]
    assert len(clips) == (6 if name == "random-3plus2" else 0)
    assert files["02_抓拍/抓拍.html"].decode().count("<video") == len(clips)
    credited = [line["计入课时"] for line in rows(files["01_考勤/考勤汇总与台账.xlsx"], head=3)]
    assert credited == ([4, 0, 4] if name == "fixed-clock-daily" else [4, 2, 4])
    room.package(tmp_path / "lesson.zip", Wanted("C", lesson="L0b"))
    report = verify(tmp_path / "lesson.zip", keys)
    assert (report.exit_code, report.faults) == (0, [])
    taps = unpack(tmp_path / "lesson.zip")["proof/facts.jsonl"].count(b"attendance.signed_")
    assert taps == (5 if name == "fixed-clock-daily" else 6), "the taps that its sheet stands on"


def test_names_are_marked_as_utf8_for_windows(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.path) as archive:
        chinese = [info for info in archive.infolist() if not info.filename.isascii()]
    assert chinese
    assert all(info.flag_bits & 0x800 for info in chinese)


def test_a_lost_picture_is_listed_by_name(packaged: Packaged, tmp_path: Path) -> None:
    path = next(packaged.room.files.walk(MediaKind.SNAPSHOT))
    kept = packaged.room.files.locate(path).rename(tmp_path / "kept.jpg")
    made = packaged.room.package(tmp_path / "p.zip")
    kept.rename(packaged.room.files.locate(path))
    assert made.missing_media == [path]
    [gone] = json.loads(unpack(tmp_path / "p.zip")["manifest.json"])["missing_media"]
    assert gone["path"] == path
    report = verify(tmp_path / "p.zip", packaged.keys)
    assert report.exit_code == 0
    assert any(path in note for note in report.notes)


def test_the_pdf_has_the_names_and_lines_to_sign(packaged: Packaged) -> None:
    reader = pypdf.PdfReader(io.BytesIO(unpack(packaged.path)["01_考勤/签到签退表.pdf"]))
    text = "".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) == 2
    for word in ("学员00", "07:45:00", "09:29:06", "授课教师签字", "手动", "补充市职业技能培训监管平台"):
        assert word in text


def pages_of(trainees: int, name: str) -> list[str]:
    columns = ["序号", "姓名", "身份证号", "签到时间", "备注"]
    lines: list[list[Cell]] = [
        [number, name, "370102**********0X", "07:45:00", ""] for number in range(1, trainees + 1)
    ]
    content = write_sheets([Table("s", "签到签退表", columns, lines)], footer="补充", head="1/226 ab")
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_a_class_of_fifty_fits_one_page_with_its_signatures() -> None:
    [page] = pages_of(50, "阿卜杜热合曼·买买提艾力·吐尔逊江")
    assert page.count("370102**********0X\n") == page.count("07:45:00\n") == 50, "no id and no time is broken"
    assert "授课教师签字" in page


def test_a_longer_sheet_repeats_its_head() -> None:
    first, second = pages_of(70, "学员")
    assert "身份证号" in first
    assert "身份证号" in second


@pytest.mark.slow
def test_the_workbooks_open_in_libreoffice(packaged: Packaged, tmp_path: Path) -> None:
    books = {Path(name).stem: data for name, data in unpack(packaged.path).items() if name.endswith(".xlsx")}
    for name, content in books.items():
        (tmp_path / f"{name}.xlsx").write_bytes(content)
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    assert soffice is not None, "install.sh test installs libreoffice-calc"
    command = [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", _UTF8_CSV]
    sources = [str(path) for path in tmp_path.glob("*.xlsx")]
    subprocess.run([*command, "--outdir", str(tmp_path), *sources], check=True, capture_output=True)
    assert len(books) == 7
    for name, said in (
        ("签到签退表", "09:29:00"),
        ("学员考勤表", "07:45:00"),
        ("考勤汇总与台账", "370102**********0X"),
        ("课程一览", "部分缺失"),
        ("抓拍清单", "设备离线"),
        ("录像清单", "99.63%"),
        ("故障、操作与授权记录", "设备无响应"),
    ):
        assert said in (tmp_path / f"{name}.csv").read_text(), name


def test_a_policy_that_changed_while_the_class_ran_goes_along_in_both_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.policies._local", [tmp_path / "policies"])
    (tmp_path / "policies").mkdir()
    file = tmp_path / "policies" / "jinan-2024.toml"
    file.write_bytes(POLICY.content + b"# as it was\n")
    before = load_policy("jinan-2024")
    keep_policy(before)
    room = make_classroom(tmp_path, policy=before)
    file.write_bytes(POLICY.content + b"# as it is now\n")
    room.policy = load_policy("jinan-2024")
    room.package(tmp_path / "p.zip")
    report = verify(tmp_path / "p.zip", Keys(frozenset({room.signer.public})))
    assert (report.exit_code, report.faults) == (0, [])
    kept = [content for name, content in unpack(tmp_path / "p.zip").items() if name.startswith("proof/policies/")]
    assert sorted(kept) == sorted([before.content, room.policy.content])
    (tmp_path / "policies" / "kept" / f"{before.sha256}.toml").unlink()
    room.package(tmp_path / "p.zip")
    report = verify(tmp_path / "p.zip", Keys(frozenset({room.signer.public})))
    assert any("缺少判定所用的政策文件" in fault for fault in report.faults), "an honest hole is named"


def test_a_place_that_takes_no_package_is_named_and_nothing_is_left(
    packaged: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(packaged.room.database.parent))
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "folder", Path("/proc/package.zip")):
        result = CliRunner().invoke(app, ["export", "--class", "C", "--out", str(place)])
        assert result.exit_code == 4
        assert str(place) in result.stderr
        assert "无法读写" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
