"""People before a kiosk: frames of a clip, sent as the kiosk's page sends those of its camera.

A living person is a clip played to and fro, so that its loop has no jump; a photo is one frame of it, held in a hand.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from edge_agent.errors import DeviceError, InputError

FPS = 12
"""Frames a second that a kiosk's page sends."""

PHOTOS = 3
_HEIGHT = 480
_SECONDS = 8.0  # of a clip are enough to be known by
_QUALITY = 85

Picture = npt.NDArray[np.uint8]
View = Callable[[int], bytes]
"""What a camera sees at each frame, `FPS` apart, as JPEG."""
Said = dict[str, Any]
"""What the kiosk's page is told to show: `state`, `title`, `text` and more."""


@dataclass(frozen=True)
class Person:
    """Somebody's clip, as pictures `FPS` apart; a small one is enlarged to a camera's 480 lines."""

    name: str
    pictures: Sequence[Picture]

    def living(self, step: int) -> bytes:
        """The picture of that frame."""
        return jpeg(self._picture(step))

    def near(self, step: int, scale: float = 1.6) -> bytes:
        """The same person a step nearer, as an enrolment photo wants a face."""
        picture = self._picture(step)
        height, width = picture.shape[:2]
        large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        top, left = round(height * (scale - 1) / 3), round(width * (scale - 1) / 2)
        return jpeg(np.asarray(large[top : top + height, left : left + width], np.uint8))

    def photo(self, step: int) -> bytes:
        """The middle picture, held up: a hand moves and turns it a little, and what it shows moves as one."""
        picture = self.pictures[len(self.pictures) // 2]
        height, width = picture.shape[:2]
        phase = step / FPS
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.5 * math.sin(phase * 1.7), 1.0)
        turn[:, 2] = turn[:, 2] + np.array((6 * math.sin(phase * 2.3), 4 * math.sin(phase * 3.1)))
        moved = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return jpeg(np.asarray(moved, np.uint8))

    def _picture(self, step: int) -> Picture:
        last = len(self.pictures) - 1
        return self.pictures[last - abs(last - step % (2 * last))]

    def stills(self, count: int) -> list[bytes]:
        """Pictures spread over the clip, to enrol from."""
        places = np.linspace(0, len(self.pictures) - 1, count).astype(int)
        return [jpeg(self.pictures[place]) for place in places]


def read_person(clip: Path) -> Person:
    """Read the first seconds of a clip. Raises `InputError` where it is none."""
    pictures: list[Picture] = []
    try:
        with av.open(str(clip)) as container:
            for frame in container.decode(video=0):
                at = float(frame.time or 0.0)
                if at > _SECONDS:
                    break
                if at * FPS >= len(pictures):
                    pictures.append(_enlarged(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)))
    except (OSError, av.FFmpegError) as error:
        raise InputError(
            f"{clip}: not a video clip: {error} (无法读取).", do="Give clips of a person's face."
        ) from error
    if len(pictures) < FPS:
        raise InputError(f"{clip}: shorter than a second (片段太短).", do="Give a clip of two seconds or more.")
    return Person(clip.parent.name, pictures)


def read_cast(folder: Path) -> tuple[Person, Person | None, list[bytes]]:
    """Read `folder`, which has one folder of clips a person: who lives, a stranger if there is a second person, and
    photos of the first, of another clip if there is one. Raises `InputError`.
    """
    people = [sorted(each.iterdir()) for each in sorted(folder.iterdir()) if each.is_dir()]
    if not people or not all(people):
        raise InputError(f"{folder}: no clips (没有视频).", do="Put clips there, one folder a person.")
    stranger = read_person(people[1][0]) if len(people) > 1 else None
    return read_person(people[0][0]), stranger, read_person(people[0][-1]).stills(PHOTOS)


def jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise InputError("a picture can't be encoded")
    return data.tobytes()


def _enlarged(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    if height >= _HEIGHT:
        return picture
    # Even, as a camera's are: Chromium shows nothing of a camera file whose width is odd, and says nothing either.
    size = (2 * round(width * _HEIGHT / height / 2), _HEIGHT)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


@dataclass(frozen=True)
class KioskPlace:
    """Where a paired kiosk stands: the device's address as http://host:port, and the cookie that it was given."""

    address: str
    cookie: str

    def visit(self, view: View, until: Collection[str], *, seconds: float, began: float) -> list[Said]:
        """Stand before the kiosk until it says one of the states `until`, or for so long; give all that it said.

        A frame is sent when the last was taken in, and no sooner than `FPS` asks. It is the one of that moment after
        `began` (monotonic): before a slow kiosk a person moves no slower. Raises `DeviceError` where the kiosk
        hangs up.
        """
        url = self.address.replace("http", "ws", 1) + "/kiosk/talk"
        try:
            with connect(url, additional_headers={"Cookie": self.cookie}) as line:
                return _talk(line, view, until, seconds, began)
        except (OSError, WebSocketException) as error:
            raise DeviceError(f"the kiosk hung up: {error}") from error


def film(view: View) -> Iterator[bytes]:
    """Give what is seen, frame after frame."""
    return map(view, itertools.count())


def _talk(line: ClientConnection, view: View, until: Collection[str], seconds: float, began: float) -> list[Said]:
    said: list[Said] = []
    deadline, due, waiting, number = time.monotonic() + seconds, 0.0, 0.0, 0
    while (now := time.monotonic()) < deadline:
        if now >= due and now >= waiting:
            line.send(number.to_bytes(4) + view(int((now - began) * FPS)))
            number, due, waiting = number + 1, now + 1 / FPS, now + 1.0  # a frame that was dropped is not taken
        try:
            message = json.loads(line.recv(timeout=max(0.005, min(due - now, 0.05))))
        except TimeoutError:
            continue
        if message["type"] == "taken":
            waiting = 0.0
        elif message["type"] == "said":
            said.append(message)
            if message["state"] in until:
                break
    return said
