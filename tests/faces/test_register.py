"""What is laid over each other is the face: the background beside one that is turned away tells nothing of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from edge_agent.faces.face import Mesh, Picture, floats
from edge_agent.faces.liveness.geometry import OVAL
from edge_agent.faces.liveness.register import Reference
from tests.faces.conftest import on_wall
from tests.faces.eye import Eye


def turned(mesh: Mesh, degrees: float) -> Mesh:
    """The head turned about its vertical axis, on a patch of noise: only where its points are matters here."""
    middle, angle = mesh.points.mean(axis=0), np.radians(degrees)
    x, y, z = (mesh.points - middle).T
    points = floats(np.stack([x * np.cos(angle) + z * np.sin(angle), y, z * np.cos(angle) - x * np.sin(angle)], axis=1))
    noise = np.random.default_rng(4).normal(128, 400, mesh.patch.shape)
    patch = np.clip(cv2.GaussianBlur(noise, (0, 0), 3), 0, 255).astype(np.uint8)
    return replace(mesh, points=floats(points + middle), patch=patch)


def before_another_wall(mesh: Mesh) -> Mesh:
    """The same face, all around it inverted."""
    outside = np.full(mesh.patch.shape, 1, np.uint8)
    cv2.fillConvexPoly(outside, mesh.in_patch()[list(OVAL)].astype(np.int32), 0)
    return replace(mesh, patch=np.where(outside, 255 - mesh.patch, mesh.patch).astype(np.uint8))


def test_a_background_that_changes_beside_a_turned_face_is_no_mouth_that_moves(portrait: Picture) -> None:
    subject = Eye().look(0.0, on_wall(portrait)).subject
    assert subject is not None
    assert subject.mesh is not None
    mesh = turned(subject.mesh, 45)
    motion = Reference(mesh).lay_over(before_another_wall(mesh))
    assert motion is not None
    assert motion.mouth[0] * motion.mouth[1] < 0.1
    assert motion.eyes[0] * motion.eyes[1] < 0.1
