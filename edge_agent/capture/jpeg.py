"""A picture as JPEG."""

from __future__ import annotations

import cv2

from edge_agent.capture.keyframe import Picture


def encode_jpeg(picture: Picture, quality: int = 88) -> bytes:
    done, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise ValueError(f"no JPEG of a picture of shape {picture.shape}")
    return data.tobytes()
