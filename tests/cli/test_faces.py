"""`edge-agent faces` and `bench faces`: what they print, and how they refuse."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from edge_agent.cli.bench import app as bench
from edge_agent.cli.faces import app
from edge_agent.errors import InputError
from tests.data import astronaut, carphone
from tests.faces.conftest import WEIGHTS, fetched

MODELS = ["--models", str(WEIGHTS)]


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fetched("opencv")
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path / "var"))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for folder, person in [("gallery", "mae"), ("probes", "mae"), ("probes", "nobody")]:
        (tmp_path / folder / person).mkdir(parents=True)
    (tmp_path / "gallery" / "mae" / "a.png").symlink_to(astronaut())
    (tmp_path / "probes" / "mae" / "b.png").symlink_to(astronaut())
    wall = tmp_path / "probes" / "nobody" / "wall.png"
    wall.write_bytes(_wall())
    return tmp_path / "gallery", tmp_path / "probes"


def _wall() -> bytes:

    file = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(file, "PNG")
    return file.getvalue()


def test_eval_prints_each_probe_and_the_figures(folders: tuple[Path, Path]) -> None:
    gallery, probes = folders
    result = CliRunner().invoke(app, ["eval", "--gallery", str(gallery), "--probes", str(probes), "--json", *MODELS])
    printed = json.loads(result.stdout)
    assert printed["probes"] == [
        {
            "probe": str(probes / "mae" / "b.png"),
            "decision": "match",
            "name": "mae",
            "score": pytest.approx(1.0, abs=0.01),
            "margin": 1.0,
        },
        {"probe": str(probes / "nobody" / "wall.png"), "decision": "no_face", "name": "", "score": 0.0, "margin": 0.0},
    ]
    figures = printed["figures"]
    assert (figures["tpir"], figures["fpir"], figures["wrong_names"], figures["no_face"]) == (1.0, 0.0, 0, 1)
    text = CliRunner().invoke(app, ["eval", "--gallery", str(gallery), "--probes", str(probes), *MODELS]).stdout
    assert "found 100.00%" in text


def test_eval_goes_on_past_a_bad_photo_and_names_it(folders: tuple[Path, Path], tmp_path: Path) -> None:
    gallery, probes = folders
    (probes / "mae" / "c.jpg").write_text("no picture")
    result = CliRunner().invoke(app, ["eval", "--gallery", str(gallery), "--probes", str(probes), "--json", *MODELS])
    printed = json.loads(result.stdout)
    assert [row["decision"] for row in printed["probes"]] == ["match", "no_face", "no_face"]
    assert printed["figures"]["unreadable"] == 1
    assert "c.jpg is not a picture" in result.stderr
    result = CliRunner().invoke(app, ["eval", "--gallery", str(tmp_path / "none"), "--probes", str(probes)])
    assert isinstance(result.exception, InputError)


def test_eval_says_who_of_the_gallery_has_no_face(folders: tuple[Path, Path]) -> None:
    gallery, probes = folders
    (gallery / "wall").mkdir()
    (gallery / "wall" / "wall.png").write_bytes(_wall())
    (probes / "mae" / "moving.gif").write_bytes(b"GIF89a")
    command = ["eval", "--gallery", str(gallery), "--probes", str(probes), *MODELS]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert f"{gallery / 'wall'}: no photo shows a face" in result.stderr
    assert "moving.gif is not a picture" in result.stderr
    (gallery / "mae" / "a.png").unlink()
    nobody = CliRunner().invoke(app, command).exception
    assert isinstance(nobody, InputError)
    assert "holds no face" in str(nobody)


def test_eval_takes_folders_as_people_leave_them(tmp_path: Path) -> None:
    """Nested, in Chinese, capital suffixes, other and hidden files, somebody without a usable photo, square photos."""
    gallery, probes = tmp_path / "注册 照片", tmp_path / "probes"
    for folder in (
        gallery / "王 小明" / "2024",
        gallery / "李四",
        gallery / ".thumbs",
        probes / "王 小明",
        probes / "空",
    ):
        folder.mkdir(parents=True)
    large = Image.open(astronaut()).resize((2400, 2400))
    large.save(gallery / "王 小明" / "2024" / "一寸照.JPG", quality=90)
    (gallery / "王 小明" / "说明.txt").write_text("一寸照")
    (gallery / "王 小明" / "._一寸照.jpg").write_bytes(b"a file of another system")
    (gallery / ".thumbs" / "a.png").symlink_to(astronaut())
    (gallery / "李四" / "墙.png").write_bytes(_wall())
    (gallery / "名单.xlsx").write_bytes(b"PK")
    (probes / "王 小明" / "来访.png").symlink_to(astronaut())
    result = CliRunner().invoke(app, ["eval", "--gallery", str(gallery), "--probes", str(probes), "--json", *MODELS])
    printed = json.loads(result.stdout)
    (row,) = printed["probes"]
    assert (row["decision"], row["name"]) == ("match", "王 小明")
    assert printed["figures"]["unreadable"] == 0
    assert set(row) == {"probe", "decision", "name", "score", "margin"}


def test_eval_names_what_it_leaves_out(folders: tuple[Path, Path]) -> None:
    """Photos in nobody's folder and folders without photos: said, and the others are judged all the same."""
    gallery, probes = folders
    for name in ("1.jpg", "2.JPG", "3.jfif", "4.png", "5.webp"):
        (probes / name).symlink_to(astronaut())
    (probes / "readme.txt").write_text("照片")
    (gallery / "一寸照.png").symlink_to(astronaut())
    (gallery / "空").mkdir()
    result = CliRunner().invoke(app, ["eval", "--gallery", str(gallery), "--probes", str(probes), "--json", *MODELS])
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert len(printed["probes"]) == 2
    assert printed["figures"]["unreadable"] == 0
    assert (
        f"{probes}: left out, in nobody's folder (未放入个人文件夹，不计): 1.jpg, 2.JPG, 3.jfif, ...." in result.stderr
    )
    assert f"{gallery}: left out, in nobody's folder (未放入个人文件夹，不计): 一寸照.png." in result.stderr
    assert f"{gallery / '空'}: left out, no photos in it" in result.stderr
    assert "readme" not in result.stderr


def test_eval_and_splits_take_names_that_are_no_text(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of an archive of another system, say: the name is escaped where the terminal takes text alone."""
    gallery, probes = folders
    person = probes / os.fsdecode("王五".encode("gbk"))
    person.mkdir()
    (person / "a.png").symlink_to(astronaut())
    (person / "b.jpg").write_text("no picture")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    for command in (["eval", "--gallery", gallery, "--probes", probes], ["splits", probes, "--splits", "1"]):
        run = [sys.executable, "-m", "edge_agent", "faces", *map(str, command), *MODELS]
        printed = subprocess.run(run, capture_output=True, check=True, stdin=subprocess.DEVNULL)
        assert rb"\udccd" in (printed.stdout + printed.stderr)
        assert b"b.jpg is not a picture" in printed.stderr
        assert b"strangers" in printed.stdout


def test_liveness_gives_a_verdict_and_reasons_a_clip() -> None:
    clip = str(carphone())
    printed = json.loads(CliRunner().invoke(app, ["liveness", clip, "--json", *MODELS]).stdout)
    (row,) = printed["clips"]
    assert row["clip"] == clip
    assert row["verdict"] == "live"
    assert row["windows"] == ["live", "live"]
    assert row["seconds"] == pytest.approx(3.9, abs=0.2)
    assert any(reason.startswith("score=") for reason in row["reasons"])
    asked = CliRunner().invoke(app, ["liveness", clip, "--challenge", "turn", *MODELS])
    assert "no turn_left or turn_right was seen" in asked.stdout


def test_liveness_judges_the_clips_beside_one_that_is_none(tmp_path: Path) -> None:
    text, sound, gone = tmp_path / "text.mp4", tmp_path / "sound.wav", tmp_path / "gone.mp4"
    text.write_text("no video")
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    (tmp_path / "folder").mkdir()
    clips = [str(text), str(sound), str(gone), str(tmp_path / "folder"), str(carphone())]
    result = CliRunner().invoke(app, ["liveness", *clips, "--json", *MODELS])
    assert result.exit_code == InputError.exit_code
    rows = json.loads(result.stdout)["clips"]
    assert [row["clip"] for row in rows] == clips
    assert [row["verdict"] for row in rows] == ["unsure", "unsure", "unsure", "unsure", "live"]
    for words in ("text.mp4 can't be read", "sound.wav has no picture", "gone.mp4: no such file", "folder is a folder"):
        assert words in result.stderr


def test_status_counts_people_and_reset_asks_first() -> None:
    assert json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout) == {
        "people": 0,
        "filing_threshold": 100_000,
    }
    assert isinstance(CliRunner().invoke(app, ["reset"]).exception, InputError)
    assert "清空" in CliRunner().invoke(app, ["reset", "--yes"]).stdout


@pytest.mark.slow
def test_the_bench_has_every_figure_of_its_page() -> None:
    printed = json.loads(CliRunner().invoke(bench, ["faces", "--rounds", "3", "--json", *MODELS]).stdout)
    assert printed["bench"] == "faces"
    figures = printed["figures"]
    assert {"opencv_640x480_ms", "opencv_1280x720_ms", "preview_fps", "ready_s", "room_ms"} <= figures.keys()
    assert figures["room_heads"] == 40
    assert figures["resident_mb"] <= 260
    assert all(ratio > 1 for ratio in printed["ratios"].values())
