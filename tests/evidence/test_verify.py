"""Whatever is changed in a package is found and named; an intact one is proven."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.evidence.keys import rotate
from edge_agent.evidence.keystore import FileKeys
from edge_agent.evidence.verify import Keys, read_keys, verify
from edge_agent.model.fact import genesis, next_link
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.simulator.classroom import make_classroom
from tests.evidence.conftest import CENTRE_PUBLIC, Packaged, countersign

Files = dict[str, bytes]


def unpack(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def pack(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_an_intact_package_is_proven(packaged: Packaged) -> None:
    report = verify(packaged.path, packaged.keys)
    assert (report.exit_code, report.faults, report.notes) == (0, [], [])
    assert report.checked["files"] == len(unpack(packaged.path)) - 2, "all but the manifest and its signature"
    assert report.checked["countersignatures"] == 1
    assert report.checked["media"] == 11
    assert [report.checked[each] for each in ("sign-ins", "sign-outs", "by hand")] == [6, 5, 4], "as the cover says"


def test_without_a_key_the_origin_is_unproven(packaged: Packaged) -> None:
    report = verify(packaged.path)
    assert report.exit_code == 2
    assert any("origin unproven" in note for note in report.notes)


def test_a_folder_that_it_was_unpacked_to_is_as_good(packaged: Packaged, tmp_path: Path) -> None:
    with zipfile.ZipFile(packaged.path) as archive:
        archive.extractall(tmp_path)
    assert verify(tmp_path, packaged.keys).exit_code == 0


def test_a_random_byte_of_any_file_is_found_and_named(packaged: Packaged, tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 - a seeded test
    files = unpack(packaged.path)
    for name, content in files.items():
        position = dice.randrange(len(content))
        changed = bytearray(content)
        changed[position] ^= 1 << dice.randrange(8)
        report = verify(pack(tmp_path / "p.zip", {**files, name: bytes(changed)}), packaged.keys)
        assert report.exit_code == 1, f"{name} byte {position}"
        named = {"manifest.json": "manifest", "manifest.sig": "manifest"}.get(name, name)
        assert any(named in fault or "p.zip" in fault for fault in report.faults), report.faults


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda files: files.pop("01_考勤/签到签退表.xlsx"), "签到签退表.xlsx: 缺少"),
        (lambda files: files.update({"05_more.txt": b"new"}), "05_more.txt: 清单中没有"),
        (lambda files: files.update({"04_记录/x": files.pop("04_记录/故障、操作与授权记录.xlsx")}), "removed"),
        (lambda files: files.update({"verify.py": files["verify.py"][:-1]}), "verify.py: 内容已被改动"),
        (lambda files: files.pop("manifest.json"), "manifest.json: 缺少"),
        (lambda files: files.pop("manifest.sig"), "manifest.sig: 缺少"),
        (lambda files: files.update({"manifest.json": b"[]"}), "manifest.json: 已损坏"),
        (lambda files: files.update({"manifest.json": b"{" * 100_000}), "manifest.json: 已损坏"),
    ],
)
def test_files_removed_added_renamed_or_cut_are_named(
    packaged: Packaged, tmp_path: Path, tamper: Callable[[Files], object], said: str
) -> None:
    files = unpack(packaged.path)
    tamper(files)
    report = verify(pack(tmp_path / "p.zip", files), packaged.keys)
    assert report.exit_code == 1
    assert any(said in fault for fault in report.faults), report.faults


def forge(packaged: Packaged, out: Path, change: Callable[[list[dict[str, object]]], object]) -> Path:
    """Alter facts and make all inside the package agree again, with the device's own key: the venue's forgery."""
    files = unpack(packaged.path)
    manifest = json.loads(files["manifest.json"])
    lines = [json.loads(line) for line in files["proof/facts.jsonl"].decode().split("\n") if line]
    change(lines)
    link = bytes.fromhex(manifest["chain"]["start"]["link"])
    links = {}
    for line in lines:
        body = str(line["b"]).encode() if "b" in line else b""
        link = next_link(link, int(str(line["s"])), body) if body else _with_digest(link, line)
        links[line["s"]] = link.hex()
    manifest["chain"]["end"] |= {"seq": lines[-1]["s"], "link": link.hex()}
    seals = []
    for line in files["proof/seals.jsonl"].decode().split("\n"):
        if line:
            said = json.loads(json.loads(line)["payload"])
            said["head"] = links.get(said["seq"], said["head"])
            payload = json.dumps(said)
            signed = packaged.room.signer.sign(b"edge_agent seal v1\n" + payload.encode())
            seals.append(json.dumps({"payload": payload, "key": packaged.room.signer.public, "signature": signed}))
    replaced = {
        "proof/facts.jsonl": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(),
        "proof/seals.jsonl": "\n".join(seals).encode(),
    }
    import hashlib  # noqa: PLC0415 - the forger's tool

    for each in manifest["files"]:
        if each["path"] in replaced:
            content = replaced[each["path"]]
            each |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    covered = b"edge_agent package v1\n" + hashlib.sha256(text).hexdigest().encode()
    signature = {"key": packaged.room.signer.public, "signature": packaged.room.signer.sign(covered)}
    return pack(out, {**files, **replaced, "manifest.json": text, "manifest.sig": json.dumps(signature).encode()})


def _with_digest(link: bytes, line: dict[str, object]) -> bytes:
    from edge_agent.model.fact import link_digest  # noqa: PLC0415 - the forger's tool

    return link_digest(link, int(str(line["s"])), bytes.fromhex(str(line["d"])))


def earlier(lines: list[dict[str, object]]) -> None:
    """Let someone sign in who came too late."""
    line = next(line for line in lines if "attendance.signed_in" in str(line.get("b")))
    line["b"] = str(line["b"]).replace('"method":"face"', '"method":"manual"')


def test_a_forgery_signed_anew_by_the_device_is_exposed_by_the_countersignature(
    packaged: Packaged, tmp_path: Path
) -> None:
    forged = forge(packaged, tmp_path / "p.zip", earlier)
    report = verify(forged, packaged.keys)
    assert report.exit_code == 1
    assert any("countersignature" in fault and "signed anew" in fault for fault in report.faults)


def test_without_countersignatures_the_report_says_that_resigning_cannot_be_excluded(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    room.package(tmp_path / "p.zip")
    report = verify(tmp_path / "p.zip", Keys(frozenset({room.signer.public})))
    assert report.exit_code == 0
    assert any("can't be excluded" in note for note in report.notes)
    pages = unpack(tmp_path / "p.zip")["00_说明.html"].decode()
    assert "不能排除设备重新签名" in pages


def test_a_chain_cut_at_its_end_is_told_by_the_countersigned_head(packaged: Packaged, tmp_path: Path) -> None:
    forged = forge(packaged, tmp_path / "p.zip", lambda lines: lines.__delitem__(slice(-5, None)))
    report = verify(forged, packaged.keys)
    assert any("the chain was cut" in fault for fault in report.faults)


def test_a_receipt_from_the_centre_tells_a_cut_that_the_package_hides(packaged: Packaged) -> None:
    packaged.room.writer.append(OperatorAction(action="after the package"))
    receipt = countersign(packaged.room)
    assert verify(packaged.path, packaged.keys).exit_code == 0
    report = verify(packaged.path, packaged.keys, receipt=receipt)
    assert any("the chain was cut" in fault for fault in report.faults)


@pytest.mark.parametrize("exchange", [(3, 4), (10, 20)])
def test_facts_out_of_order_are_named(packaged: Packaged, tmp_path: Path, exchange: tuple[int, int]) -> None:
    files = unpack(packaged.path)
    lines = files["proof/facts.jsonl"].split(b"\n")
    first, second = exchange
    lines[first], lines[second] = lines[second], lines[first]
    report = verify(pack(tmp_path / "p.zip", {**files, "proof/facts.jsonl": b"\n".join(lines)}), packaged.keys)
    assert any("out of order" in fault for fault in report.faults)


def test_a_package_of_another_device_is_refused(packaged: Packaged, tmp_path: Path) -> None:
    other = make_classroom(tmp_path)
    other.package(tmp_path / "p.zip")
    report = verify(tmp_path / "p.zip", packaged.keys)
    assert any("another device" in fault for fault in report.faults)


def test_a_rotated_key_is_trusted_by_the_old_ones_word(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    old = room.signer.public
    room.signer = rotate(FileKeys(tmp_path / "keys" / "seal.key"), room.writer)
    room.package(tmp_path / "p.zip")
    assert verify(tmp_path / "p.zip", Keys(frozenset({old}))).exit_code == 0
    assert verify(tmp_path / "p.zip", Keys(frozenset({"0" * 64}))).exit_code == 1


def test_zip_tricks_are_refused(packaged: Packaged, tmp_path: Path) -> None:
    files = unpack(packaged.path)
    for trick in ("../escape.txt", "/etc/passwd", "C:\\windows\\x", "a\\..\\b"):
        report = verify(pack(tmp_path / "p.zip", {**files, trick: b"x"}), packaged.keys)
        assert any("leaves the package" in fault for fault in report.faults), trick
    with zipfile.ZipFile(shutil.copy(packaged.path, tmp_path / "p.zip"), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 50_000_000)
    assert any("zip bomb" in fault for fault in verify(tmp_path / "p.zip", packaged.keys).faults)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(shutil.copy(packaged.path, tmp_path / "p.zip"), "a") as archive,
    ):
        archive.writestr("00_说明.html", b"another")
    assert any("stands twice" in fault for fault in verify(tmp_path / "p.zip", packaged.keys).faults)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 1000])
def test_a_file_that_is_no_package_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.zip").write_bytes(content)
    report = verify(tmp_path / "p.zip")
    assert report.exit_code == 1
    assert "p.zip" in report.faults[0]


def test_a_truncated_package_is_named(packaged: Packaged, tmp_path: Path) -> None:
    whole = packaged.path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "p.zip").write_bytes(whole[: int(len(whole) * share)])
        assert verify(tmp_path / "p.zip", packaged.keys).exit_code == 1


def test_the_verifier_inside_runs_alone(packaged: Packaged, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(unpack(packaged.path)["verify.py"])
    (tmp_path / "keys.txt").write_text(
        f"# from the district\ndevice {packaged.room.signer.public}\ncentre {CENTRE_PUBLIC}\n"
    )
    shutil.copy(packaged.path, tmp_path / "p.zip")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "verify.py", "p.zip", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    proven = run("--key", "keys.txt")
    assert (proven.returncode, proven.stdout.splitlines()[0]) == (0, "完好，来源可信 / intact, and from the keys given")
    assert run().returncode == 2
    (tmp_path / "keys.txt").write_text("device tooshort\n")
    wrong = run("--key", "keys.txt")
    assert (wrong.returncode, "line 1" in wrong.stderr) == (1, True)


def test_the_journals_bytes_are_said_a_second_time_alike(packaged: Packaged) -> None:
    from edge_agent.evidence import verify as alone  # noqa: PLC0415 - the module, not the function

    assert alone.genesis("ea-test", 3) == genesis("ea-test", 3)
    assert read_keys_of("aa" * 32) == Keys(frozenset({"aa" * 32}))
    assert packaged.path.exists()


def read_keys_of(text: str) -> Keys:
    import tempfile  # noqa: PLC0415 - one use

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        return read_keys(Path(file.name))
