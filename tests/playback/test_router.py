"""What the routes answer, and refuse."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from edge_agent.model.media import MediaKind
from tests.playback.theatre import START, Theatre, segment, theatre

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return segment(tmp_path_factory.mktemp("segments"), seconds=10, size="320x180")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Theatre]:
    with theatre(tmp_path) as house:
        yield house


@pytest.fixture
def client(house: Theatre) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=house.url) as client:
        yield client


@pytest.mark.parametrize("indexed", [True, False])
def test_the_list_is_closed_and_its_ranges_make_up_the_files(
    house: Theatre,
    client: httpx.Client,
    source: Path,
    indexed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    first, second = house.add(source, [START, START + MINUTE], indexed=indexed)
    lines = client.get("/lessons/A/k1/index.m3u8").text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF")]
    assert sum(lengths) == pytest.approx(20, abs=0.1)
    assert max(lengths) <= int(next(line for line in lines if "TARGETDURATION" in line).rpartition(":")[2])
    whole = source.read_bytes()
    for identifier in (first, second):
        address = f"../../../segments/{identifier}.mp4"
        (header,) = re.findall(rf'MAP:URI="{re.escape(address)}",BYTERANGE="(\d+)@0"', "\n".join(lines))
        ranges = [line[17:] for line, uri in itertools.pairwise(lines) if uri == address and "@" in line]
        spans = [tuple(int(number) for number in each.split("@")) for each in ranges]
        assert spans[0][1] == int(header)
        assert all(offset + size == after for (size, offset), (_, after) in itertools.pairwise(spans))
        assert sum(spans[-1]) == len(whole)
        begin = spans[1][1]
        got = client.get(f"/segments/{identifier}.mp4", headers={"Range": f"bytes={begin}-{begin + 99}"})
        assert (got.status_code, got.content) == (206, whole[begin : begin + 100])


def test_cameras_gaps_and_pieces_are_told(house: Theatre, client: httpx.Client, source: Path) -> None:
    house.add(source, [START, START + MINUTE])
    house.add(source, [START], camera="k2")
    house.note_gap(START + timedelta(seconds=10), START + MINUTE)
    told = client.get("/lessons/A").json()
    assert [camera["id"] for camera in told["cameras"]] == ["k1", "k2"]
    assert [piece["at"] for piece in told["pieces"]] == pytest.approx([0, 10], abs=0.1)
    assert told["gaps"][0]["cause"] == "refused"
    assert (told["running"], told["downloads"], told["codecs"]) == (False, 1, ["h264"])
    assert len(client.get("/lessons/A", params={"camera": "k2"}).json()["pieces"]) == 1


def test_pictures_are_keyframes_of_the_size_asked_for(house: Theatre, client: httpx.Client, source: Path) -> None:
    (identifier,) = house.add(source, [START])
    picture = client.get(f"/segments/{identifier}/picture.jpg", params={"at": 4.2, "width": 160})
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content == client.get(f"/segments/{identifier}/picture.jpg?at=4.2&width=160").content


def test_a_recording_that_changed_its_size_is_downloaded_in_runs(
    house: Theatre, client: httpx.Client, source: Path, tmp_path: Path
) -> None:
    house.add(source, [START])
    other = segment(tmp_path, seconds=4, size="160x90")
    house.add(other, [START + MINUTE])
    assert client.get("/lessons/A").json()["downloads"] == 2
    made = client.post("/lessons/A/k1/download?run=1").json()
    assert made["total"] == 1
    assert made["name"].endswith("-k1-2.mp4")
    assert client.post("/lessons/A/k1/download?run=2").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/lessons/Z",
        "/lessons/A/k9/index.m3u8",
        "/segments/none.mp4",
        "/segments/none/picture.jpg",
        "/downloads/none",
        "/router.py",
        "/..%2Frouter.py",
    ],
)
def test_what_is_not_there_is_not_found(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("lost", ["header", "length", "codecs", "parts", "codec", "width"])
def test_what_a_row_lost_is_read_from_its_file(house: Theatre, client: httpx.Client, source: Path, lost: str) -> None:
    house.add(source, [START], without=lost)
    told = client.get("/lessons/A")
    assert told.status_code == 200
    [piece] = told.json()["pieces"]
    assert piece["parts"]
    assert piece["codecs"].startswith("avc1.")
    assert client.get("/lessons/A/k1/index.m3u8").status_code == 200
    for path in house.files.walk(MediaKind.RECORDING):
        house.files.delete(path)
    assert client.get("/lessons/A").status_code == 200


def test_a_file_that_vanished_is_named(house: Theatre, client: httpx.Client, source: Path) -> None:
    (identifier,) = house.add(source, [START])
    for path in house.files.walk(MediaKind.RECORDING):
        house.files.delete(path)
    assert "文件缺失" in client.get(f"/segments/{identifier}.mp4").json()["title"]
    assert client.get(f"/segments/{identifier}/picture.jpg").status_code == 404
    made = client.post("/lessons/A/k1/download").json()
    while made["state"] == "waiting":
        made = client.get(f"/downloads/{made['id']}").json()
    assert (made["state"], "文件缺失" in made["error"]) == ("failed", True)
