"""Pictures from outside: bounded before they are decoded, and refused with a reason.

Photos may be anything a phone or a scanner makes; frames are JPEGs from a kiosk's page or camera.
"""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from edge_agent.errors import InputError
from edge_agent.faces.face import Picture

PHOTO_BYTES = 30 << 20
PHOTO_PIXELS = 64_000_000
PHOTO_LONGEST = 1500
"""A face on a photo is no better for having more pixels than this leaves it, and a square one is still a frame."""
FRAME_BYTES = 8 << 20
FRAME_PIXELS = 1920 * 1200
ROOM_PIXELS = 4096 * 2400
"""A snapshot of a camera with eight million pixels, and the strip with its caption."""
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_STILLS = {"JPEG", "MPO"}  # an MPO is a phone's JPEG with a depth map or a second eye's view behind it
_AT_MOST = f"At most {PHOTO_PIXELS // 10**6} million are allowed."
_DO = "Give a still photo as JPEG, PNG, WebP or BMP."


def read_photo(photo: bytes | Path, name: str = "") -> Picture:
    """A photo as a blue-green-red picture, upright, at most 1500 pixels long; `InputError` names the file."""
    name = name or (photo.name if isinstance(photo, Path) else "The picture")
    try:
        data = photo.read_bytes() if isinstance(photo, Path) else photo
    except OSError as error:
        raise InputError(f"{name} can't be read (无法读取): {error.strerror}.", do="Check the file.") from error
    if len(data) > PHOTO_BYTES:
        raise InputError(
            f"{name} has {len(data) >> 20} MB; {PHOTO_BYTES >> 20} are allowed (文件过大).", do="Make it smaller."
        )
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _refuse_unfit(image, name)
            image.draft("RGB", (PHOTO_LONGEST, PHOTO_LONGEST))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((PHOTO_LONGEST, PHOTO_LONGEST))
            rgb = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(
            f"{name} has too many pixels (像素过多).", do=f"At most {PHOTO_PIXELS // 10**6} million."
        ) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not a picture that can be read (不是可读的图片).", do=_DO) from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow's decoders raise for damaged files
        raise InputError(f"{name} is damaged (图片已损坏): {error}.", do="Take or copy it again.") from error
    return cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR).astype(np.uint8)


def _refuse_unfit(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > PHOTO_PIXELS:
        raise InputError(
            f"{name} has {width}x{height} pixels (像素过多).",
            do=f"At most {PHOTO_PIXELS // 10**6} million are allowed.",
        )
    if getattr(image, "is_animated", False) and image.format not in _STILLS:
        raise InputError(f"{name} is animated (动图).", do=_DO)


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")


def frame_size(jpeg: bytes, pixels: int = FRAME_PIXELS) -> tuple[int, int]:
    """Width and height of a whole JPEG of at most `pixels`; only the header is read. Raises `InputError`."""
    if len(jpeg) > FRAME_BYTES:
        raise InputError("The frame is too large (画面过大).", do=f"At most {FRAME_BYTES >> 20} MB.")
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            width, height = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, SyntaxError) as error:
        raise InputError("The frame is not a JPEG (画面不是 JPEG).", do="Send frames as JPEG.") from error
    if width * height > pixels:
        raise InputError(
            f"The frame has {width}x{height} pixels (画面过大).", do=f"At most {pixels / 1e6:.1f} million."
        )
    if b"\xff\xd9" not in jpeg[-64:]:
        raise InputError("The frame is cut short (画面不完整).", do="Send it again.")
    return width, height
