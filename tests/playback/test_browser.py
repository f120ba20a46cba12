"""The player in Chromium: recordings by HLS and by Media Source Extensions, downloads, codecs it can't decode."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page

from tests.playback.theatre import START, Theatre, segment, theatre

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return segment(tmp_path_factory.mktemp("segments"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Theatre]:
    with theatre(tmp_path) as house:
        yield house


def open_player(page: Page, house: Theatre, query: str = "") -> None:
    page.goto(f"{house.url}/player.html?lesson=A{query}")
    page.wait_for_function("window.playback !== undefined")


def seek(page: Page, seconds: float) -> None:
    """Seek and wait until the picture is there."""
    page.evaluate("(to) => { playback.video.currentTime = to }", seconds)
    page.wait_for_function("(to) => !playback.video.seeking && playback.video.readyState >= 2", arg=seconds)


@pytest.mark.parametrize("how", ["", "&hls=0"])
def test_a_lesson_of_45_minutes_is_opened_and_sought(page: Page, house: Theatre, source: Path, how: str) -> None:
    house.add(source, [START + number * MINUTE for number in range(45)])
    open_player(page, house, how)
    page.wait_for_function("playback.video.readyState >= 1")
    assert page.evaluate("playback.video.duration") == pytest.approx(45 * 60, abs=2)
    seek(page, 40 * 60 + 7)
    assert page.evaluate("playback.video.currentTime") == pytest.approx(40 * 60 + 7, abs=1)
    assert page.evaluate("playback.video.videoWidth") == 640
    assert page.evaluate("playback.video.error") is None
    assert page.evaluate("playback.wall.textContent") == "08:40:07"


@pytest.mark.parametrize("how", ["", "&hls=0"])
def test_it_plays_over_the_end_of_a_file_and_over_a_gap(page: Page, house: Theatre, source: Path, how: str) -> None:
    house.add(source, [START, START + MINUTE, START + 5 * MINUTE])
    house.note_gap(START + 2 * MINUTE, START + 5 * MINUTE)
    open_player(page, house, how)
    for end, wall in ((60, "08:01:"), (120, "08:05:")):
        seek(page, end - 1)
        page.evaluate("playback.video.play()")
        page.wait_for_function("(to) => playback.video.currentTime > to", arg=end + 0.5)
        assert page.evaluate("playback.wall.textContent").startswith(wall)
        page.evaluate("playback.video.pause()")
    assert page.locator(".playback-strip button.gap").count() == 1


def test_a_running_lesson_goes_on_where_the_list_had_ended(page: Page, house: Theatre, source: Path) -> None:
    house.add(source, [START])
    open_player(page, house)
    seek(page, 59)
    house.add(source, [START + MINUTE])
    page.evaluate("playback.video.play()")
    page.wait_for_function("playback.video.currentTime > 60.5")


def test_the_strip_shows_pictures_and_seeks(page: Page, house: Theatre, source: Path) -> None:
    house.add(source, [START, START + MINUTE], indexed=False)
    open_player(page, house)
    shots = page.locator(".playback-strip img")
    page.wait_for_function("[...document.querySelectorAll('.playback-strip img')].every((one) => one.naturalWidth)")
    assert shots.count() == 12
    shots.nth(6).click(position={"x": 2, "y": 5})
    page.wait_for_function("playback.video.currentTime >= 60 && !playback.video.seeking")


def test_a_download_is_one_file_that_any_player_opens(page: Page, house: Theatre, source: Path, tmp_path: Path) -> None:
    house.add(source, [START + number * MINUTE for number in range(3)])
    open_player(page, house)
    with page.expect_download() as caught:
        page.click("#download")
    target = tmp_path / "download.mp4"
    caught.value.save_as(target)
    assert caught.value.suggested_filename.endswith("-k1.mp4")
    with av.open(str(target)) as container:
        assert float(container.duration or 0) / av.time_base == pytest.approx(180, abs=0.5)
        times = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
    assert len(times) == 1800
    assert times == sorted(times)
    assert b"moov" in target.read_bytes()[:4096], "the index is in front: it can be played while it is fetched"


def test_h265_that_can_not_be_decoded_is_told_and_shown_in_pictures(page: Page, house: Theatre, tmp_path: Path) -> None:
    house.add(segment(tmp_path, seconds=8, encoder="libx265"), [START])
    open_player(page, house)
    assert "H.265" in page.inner_text("[role=status]")
    page.wait_for_function("document.querySelector('.playback-picture').naturalWidth > 0")
    assert page.is_visible("#download")


def test_nothing_recorded_is_said(page: Page, house: Theatre) -> None:
    open_player(page, house)
    assert page.inner_text("[role=status]") == "还没有录像。"
