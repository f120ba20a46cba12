"""Bad pictures: each gets a clear error that names it, and nothing else happens."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_agent.errors import InputError
from edge_agent.faces.face import Picture
from edge_agent.faces.frames import decode_frame, encode_frame
from edge_agent.faces.images import PHOTO_BYTES, PHOTO_LONGEST, frame_size, read_photo


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def photo(portrait: Picture) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(portrait, cv2.COLOR_BGR2RGB))


def huge_png(width: int, height: int) -> bytes:
    """A header that claims many pixels, and hardly any bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_stills_of_every_kind_are_read(photo: Image.Image, kind: str) -> None:
    assert read_photo(saved(photo, kind)).shape == (300, 300, 3)


def test_colours_arrive_in_opencvs_order() -> None:
    red = read_photo(saved(Image.new("RGB", (40, 40), (250, 10, 20)), "PNG"))
    assert red[20, 20].tolist() == [20, 10, 250]


def test_an_exif_turned_photo_is_set_upright(photo: Image.Image) -> None:
    turned = photo.rotate(90, expand=True).crop((0, 0, 200, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    upright = read_photo(saved(turned, "JPEG", exif=exif, quality=95))
    assert upright.shape[:2] == (200, 300)
    shown = np.asarray(turned.rotate(-90, expand=True).convert("L"), np.float32)
    assert np.abs(cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY).astype(np.float32) - shown).mean() < 6


def test_cmyk_and_transparency_and_grey_are_read(photo: Image.Image) -> None:
    assert read_photo(saved(photo.convert("CMYK"), "JPEG")).shape == (300, 300, 3)
    assert read_photo(saved(photo.convert("L"), "PNG")).shape == (300, 300, 3)
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    assert read_photo(saved(clear, "PNG"))[25, 25].tolist() == [255, 255, 255]


def test_a_large_photo_is_made_smaller(photo: Image.Image) -> None:
    assert max(read_photo(saved(photo.resize((3000, 2000)), "JPEG")).shape) == PHOTO_LONGEST


@pytest.mark.parametrize("side", [9_000, 50_000])
def test_a_huge_photo_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(InputError, match="pixels"):
        read_photo(huge_png(side, side), "huge.png")


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(InputError, match="30 are allowed"):
        read_photo(b"\xff" * (PHOTO_BYTES + 1), "large.jpg")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animated_picture_is_refused(photo: Image.Image, kind: str) -> None:
    moving = saved(photo, kind, save_all=True, append_images=[photo.rotate(10)], duration=100)
    with pytest.raises(InputError, match=r"animated|not a picture"):
        read_photo(moving, "moving")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_photo_is_refused(photo: Image.Image, kind: str, share: float) -> None:
    whole = saved(photo, kind)
    with pytest.raises(InputError, match=r"cut\.jpg (is damaged|is not a picture)"):
        read_photo(whole[: int(share * len(whole))], "cut.jpg")


@pytest.mark.parametrize("text", [b"", b"GIF89a", b"not a picture", b"\xff\xd8\xff", "照片".encode(), b"%PDF-1.7"])
def test_what_is_no_picture_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(text)
    with pytest.raises(InputError, match=r"photo\.jpg is"):
        read_photo(path)
    with pytest.raises(InputError):
        frame_size(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jpg can't be read"):
        read_photo(tmp_path / "gone.jpg")


def test_a_frame_must_be_a_whole_jpeg_of_a_cameras_size(portrait: Picture) -> None:
    whole = encode_frame(portrait)
    frame_size(whole)
    assert decode_frame(whole).shape == portrait.shape
    for bad, reason in [
        (whole[: len(whole) // 2], "cut short"),
        (whole[:200], "not a JPEG|cut short"),
        (encode_frame(np.zeros((2000, 2000, 3), np.uint8)), "2000x2000"),
        (saved(Image.new("RGB", (40, 40)), "PNG"), "not a JPEG"),
    ]:
        with pytest.raises(InputError, match=reason):
            frame_size(bad)
    with pytest.raises(InputError, match="can't be decoded"):
        decode_frame(b"\xff\xd8\xff\xe0 nothing")
