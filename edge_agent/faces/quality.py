"""Is this view of a face good enough, and if not, what is the reason? Limits are measured: docs/faces.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge_agent.faces.answer import Hint
from edge_agent.faces.face import Observation, Subject
from edge_agent.faces.liveness.geometry import LEFT_IRIS, RIGHT_IRIS


class Flaw(StrEnum):
    """Why a picture is no good, the most telling first."""

    NOBODY = "nobody"
    SEVERAL = "several"
    CUT_OFF = "cut_off"
    SMALL = "small"
    LARGE = "large"
    DARK = "dark"
    BRIGHT = "bright"
    FLAT_LIGHT = "flat_light"
    COVERED = "covered"
    TURNED = "turned"
    TILTED = "tilted"
    BLURRED = "blurred"


_ABOUT: Mapping[Flaw, tuple[Hint, str]] = {
    Flaw.NOBODY: (Hint.NOBODY, "No face was found (未检测到人脸)."),
    Flaw.SEVERAL: (Hint.ONE_AT_A_TIME, "There are several faces (多张人脸): one person at a time."),
    Flaw.CUT_OFF: (Hint.BACK, "The face is cut off (人脸不完整): move into the middle."),
    Flaw.SMALL: (Hint.CLOSER, "The face is too small (人脸过小): come closer."),
    Flaw.LARGE: (Hint.BACK, "The face is too near (距离过近): step back."),
    Flaw.DARK: (Hint.MORE_LIGHT, "It is too dark (光线过暗): turn on a light."),
    Flaw.BRIGHT: (Hint.LESS_LIGHT, "It is too bright (光线过亮): turn away from the light."),
    Flaw.FLAT_LIGHT: (Hint.MORE_LIGHT, "The face has no contrast (光线过平): change the light."),
    Flaw.COVERED: (
        Hint.TAKE_OFF_MASK,
        "Mouth or eyes are covered (面部有遮挡): take off mask, scarf or dark glasses.",
    ),
    Flaw.TURNED: (Hint.LOOK_HERE, "The head is turned (请正对镜头): look into the camera."),
    Flaw.TILTED: (Hint.LOOK_HERE, "The head is tilted (请摆正头部): hold it upright."),
    Flaw.BLURRED: (Hint.HOLD_STILL, "The picture is blurred (画面模糊): hold still."),
}
"""What a kiosk hints at, and what an operator reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Limits of a good view: the face's width in pixels and as a share of the frame's, the rest as `Look`, `Detection`.

    `rival` is how large another face may be against the nearest one's area.
    """

    width: float = 50
    widest: float = 0.7
    light: tuple[float, float] = (45, 225)
    contrast: float = 13
    sharpness: float = 2.0
    covered: float = 1.25
    yaw: float = 0.45
    roll: float = 25
    pitch: tuple[float, float] = (0.35, 0.78)
    rival: float = 0.6


KIOSK = Gates()
"""For one frame of many: a bad one is only left out, and what is kept out is looked at in vain. A soft webcam's frames
have a sharpness of 2.3 to 3; of photos blurred to 2 eight in ten are still found, and no more strangers named.
"""

ENROLMENT = Gates(
    width=70,
    widest=0.9,
    light=(60, 215),
    contrast=16,
    sharpness=3.0,
    covered=1.15,
    yaw=0.28,
    roll=15,
    pitch=(0.4, 0.7),
    rival=0.25,
)
"""For a template, which every later decision rests on. Photos blurred to 3 make nobody resemble another, but find three
people in a hundred less.
"""

CARD = Gates(width=60, widest=0.9, light=(60, 225), contrast=12, covered=1.3, yaw=0.28, roll=20, pitch=(0.4, 0.72))
"""The portrait on a card is small and printed; its ghost beside it is smaller still."""


def flaws(observation: Observation, gates: Gates) -> list[Flaw]:
    """What is wrong with the view, the most telling first; empty for a good one."""
    subject = observation.subject
    if subject is None:
        return [Flaw.NOBODY]
    found = [
        (Flaw.SEVERAL, has_rival(observation, gates.rival)),
        (Flaw.CUT_OFF, not subject.face.box.inside(observation.width, observation.height)),
        (Flaw.SMALL, subject.face.box.width < gates.width),
        (Flaw.LARGE, subject.face.box.width > gates.widest * observation.width),
        *_of_look(subject, gates),
    ]
    return [flaw for flaw, true in found if true]


def _of_look(subject: Subject, gates: Gates) -> list[tuple[Flaw, bool]]:
    face, look = subject.face, subject.look
    return [
        (Flaw.DARK, look.light < gates.light[0]),
        (Flaw.BRIGHT, look.light > gates.light[1]),
        (Flaw.TURNED, abs(face.yaw) > gates.yaw or not gates.pitch[0] < face.pitch < gates.pitch[1]),
        (Flaw.TILTED, abs(face.roll) > gates.roll),
        (Flaw.COVERED, look.covered > gates.covered),
        (Flaw.FLAT_LIGHT, look.contrast < gates.contrast),
        (Flaw.BLURRED, look.sharpness < gates.sharpness),
    ]


def has_rival(observation: Observation, share: float) -> bool:
    """Whether another face is nearly as near as the nearest."""
    subject = observation.subject
    return subject is not None and any(other.area > share * subject.face.box.area for other in observation.others)


_PRESENCE, _PRESENCE_TURNED = 6.0, 3.0
"""Of 211 frames of people before a webcam 95 % reach 8.7; the least, of a head that turns, is 4.5."""
_MESH_MISS = 0.5
"""Of the eye distance: 99 % of these frames miss by 0.41 at most."""


def mesh_is_seen(subject: Subject) -> bool:
    """Whether the landmarks lie on a face at all: good enough to see it turn, where both models must agree."""
    return subject.mesh is not None and subject.mesh.presence >= _PRESENCE_TURNED


def mesh_fits(subject: Subject) -> bool:
    """Whether the landmarks lie on this face: by the landmarker's belief, and its irises near the detector's eyes.

    Otherwise eyes and mouth would be read off a shoulder.
    """
    mesh = subject.mesh
    if mesh is None or mesh.presence < _PRESENCE:
        return False
    eyes = subject.face.points[:2]
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    return float(np.linalg.norm(mesh.points[[RIGHT_IRIS, LEFT_IRIS], :2] - eyes, axis=1).max()) < _MESH_MISS * apart


def hint(found: Sequence[Flaw]) -> Hint:
    """What to tell the person; `WAIT` when nothing is wrong."""
    return _ABOUT[found[0]][0] if found else Hint.WAIT


def advice(found: Sequence[Flaw]) -> str:
    """What is wrong and what to do, for whoever takes the pictures."""
    return " ".join(_ABOUT[flaw][1] for flaw in found)
