"""Golden packages, one good and many broken: every verifier must say the same of each."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.evidence.keys import SealSigner
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.simulator.classroom import Classroom, make_classroom
from tests.evidence.conftest import CENTRE_PUBLIC, Packaged, countersign
from tests.evidence.test_verify import Files, earlier, forge, pack, unpack


@dataclass(frozen=True)
class Case:
    """`code` is the exit code to expect, `named` stands in a fault (or, of a good one, nothing does)."""

    name: str
    path: Path
    code: int
    named: str = ""
    keys: str = ""
    receipt: Mapping[str, str] | None = None


def key_file(packaged: Packaged) -> str:
    return f"device {packaged.room.signer.public}\ncentre {CENTRE_PUBLIC}\n"


def golden(packaged: Packaged, folder: Path) -> list[Case]:
    files, keys = unpack(packaged.path), key_file(packaged)
    picture = next(name for name in files if name.endswith(".jpg"))
    whole = packaged.path.read_bytes()
    raw = {
        "before": (b"more" + whole, "不属于任何文件"),
        "after": (whole + b"more", "结尾不对"),
        "between": (_stray_bytes(whole), "不属于任何文件"),
        "two headers": (b"verify.pY".join(whole.rsplit(b"verify.py", 1)), "文件头不一致"),
        "comment": (whole[:-2] + b"\x05\x00hello", "结尾不对"),
        "cut short": (whole[: len(whole) * 2 // 3], "结尾不对"),
        "not a zip": (b"no zip" * 100, "结尾不对"),
    }
    tampered: dict[str, tuple[Files, str]] = {
        "picture": ({**files, picture: files[picture][:-1] + b"x"}, f"{picture}: 内容已被改动"),
        "longer": ({**files, picture: files[picture] + b"x"}, f"{picture}: 内容已被改动"),
        "removed": ({name: content for name, content in files.items() if name != picture}, f"{picture}: 缺少"),
        "added": ({**files, "more.txt": b"x"}, "more.txt: 清单中没有"),
        "renamed": ({("x.jpg" if name == picture else name): data for name, data in files.items()}, "x.jpg: 清单中"),
        "swapped": ({**files, picture: files["00_说明.html"], "00_说明.html": files[picture]}, "00_说明.html: 内容"),
        "facts": (_replaced(files, "proof/facts.jsonl", b'"method', b'"Method'), "proof/facts.jsonl: 内容已被改动"),
        "seal": (_replaced(files, "proof/seals.jsonl", b'"signature": "', b'"signature": "00'), "seal over"),
        "unsigned": ({name: data for name, data in files.items() if name != "manifest.sig"}, "manifest.sig: 缺少"),
        "blank": (_replaced(files, "manifest.sig", b": ", b":\t"), "manifest.sig: 内容已被改动"),
        "manifest": (_replaced(files, "manifest.json", b"JN-2026-001", b"JN-2026-009"), "manifest.json: 内容已被改动"),
        "no manifest": ({name: data for name, data in files.items() if name != "manifest.json"}, "manifest.json: 缺少"),
        "no facts": (_listed(files, "proof/facts.jsonl", b"no JSON\n"), "proof/facts.jsonl: 已损坏"),
        "no seals": (_listed(files, "proof/seals.jsonl", b"[]\n"), "proof/seals.jsonl: 已损坏"),
        "no object": ({**files, "manifest.json": b"[]"}, "manifest.json: 已损坏"),
        "no signature": ({**files, "manifest.sig": b"signed"}, "manifest.sig: 已损坏"),
        "escape": ({**files, "../x.txt": b"x"}, "路径越出证据包"),
        "forged key": (_resigned(files), "不是给出的公钥"),
    }
    cases = [Case("intact", packaged.path, 0, keys=keys), Case("no key", packaged.path, 2)]
    cases.append(Case("packed anew", pack(folder / "anew.zip", dict(reversed(files.items()))), 0, keys=keys))
    for name, (content, named) in raw.items():
        (folder / f"{name}.zip").write_bytes(content)
        cases.append(Case(name, folder / f"{name}.zip", 1, named, keys))
    for name, (changed, named) in tampered.items():
        cases.append(Case(name, pack(folder / f"{name}.zip", changed), 1, named, keys))
    cases.append(Case("duplicate", _twice(packaged.path, folder / "twice.zip"), 1, "出现两次", keys))
    cases.append(Case("bomb", _bomb(files, folder / "bomb.zip"), 1, "解压炸弹", keys))
    cases.append(Case("lying bomb", _lying_bomb(files, folder / "lying.zip"), 1, "z.html: 清单中没有", keys))
    cases += _forgeries(packaged, folder, keys)
    return cases


def _forgeries(packaged: Packaged, folder: Path, keys: str) -> list[Case]:
    """What the holder of the device's own key, or of another device, can make."""
    signed_anew = forge(packaged, folder / "anew-signed.zip", earlier)
    cut = forge(packaged, folder / "cut.zip", lambda lines: lines.__delitem__(slice(-5, None)))
    other = _venue(folder / "other")
    other.package(folder / "other.zip")
    other.writer.close()
    late = _venue(folder / "late")
    countersign(late)
    late.package(folder / "late.zip")
    late.writer.append(OperatorAction(action="after the package"))
    receipt = countersign(late)
    late.writer.close()
    late_keys = f"device {late.signer.public}\ncentre {CENTRE_PUBLIC}\n"
    return [
        Case("signed anew", signed_anew, 1, "重新签名", keys),
        Case("chain cut", cut, 1, "记录链被截断", keys),
        Case("other device", folder / "other.zip", 1, "不是给出的公钥", keys),
        Case("before the receipt", folder / "late.zip", 0, keys=late_keys),
        Case("receipt", folder / "late.zip", 1, "记录链被截断", late_keys, receipt),
        Case("no countersignature", folder / "other.zip", 2, keys=f"device {other.signer.public}\ncentre {'ab' * 32}"),
    ]


def _venue(folder: Path) -> Classroom:
    folder.mkdir()
    return make_classroom(folder)


def _replaced(files: Files, name: str, old: bytes, new: bytes) -> Files:
    assert old in files[name], name
    return {**files, name: files[name].replace(old, new, 1)}


def _listed(files: Files, name: str, content: bytes) -> Files:
    """Exchange a file, and its digest in the manifest with it."""
    manifest = json.loads(files["manifest.json"])
    for each in manifest["files"]:
        if each["path"] == name:
            each |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return {**files, name: content, "manifest.json": json.dumps(manifest, ensure_ascii=False, indent=1).encode()}


def _resigned(files: Files) -> Files:
    """Sign manifest and seals with a key that the forger made."""
    forger = SealSigner(Ed25519PrivateKey.generate())
    manifest = json.loads(files["manifest.json"])
    manifest["keys"] = [forger.public]
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    covered = b"edge_agent package v1\n" + hashlib.sha256(text).hexdigest().encode()
    signature = json.dumps({"key": forger.public, "signature": forger.sign(covered)}).encode()
    return {**files, "manifest.json": text, "manifest.sig": signature}


def _stray_bytes(whole: bytes) -> bytes:
    """Put bytes that no header knows before the directory, and say so at the end."""
    end = bytearray(whole[-22:])
    size, offset = struct.unpack_from("<2I", end, 12)
    struct.pack_into("<2I", end, 12, size, offset + 4)
    return whole[:offset] + b"more" + whole[offset:-22] + bytes(end)


def _twice(path: Path, out: Path) -> Path:
    """Add a file under a name that is there already."""
    pack(out, {**unpack(path), "verify.htmX": b"another"})
    out.write_bytes(out.read_bytes().replace(b"verify.htmX", b"verify.html"))
    return out


def _bomb(files: Files, out: Path) -> Path:
    with zipfile.ZipFile(pack(out, files), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.html", b"\0" * 50_000_000)
    return out


def _lying_bomb(files: Files, out: Path) -> Path:
    """A member that unpacks to more than both of its headers say."""
    with zipfile.ZipFile(pack(out, files), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.html", b"\0" * 5_000_000)
    whole, said = out.read_bytes(), struct.pack("<I", 5_000_000)
    assert whole.count(said) == 2
    out.write_bytes(whole.replace(said, struct.pack("<I", 900_000)))
    return out
