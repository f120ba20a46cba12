"""The engines by name, each loaded alone: the libraries of the other stay out of memory, or needn't be there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge_agent.faces.backend import Backend
from edge_agent.faces.names import EngineName


def load_backend(engine: EngineName, weights: Mapping[str, Path]) -> Backend:
    """The engine over verified weights; each library is imported only here. Raises `DeviceError`."""
    if engine == "dlib":
        from edge_agent.faces.dlib_backend import DlibBackend  # noqa: PLC0415 - an optional library

        return DlibBackend(weights)
    from edge_agent.faces.opencv_backend import OpenCVBackend  # noqa: PLC0415 - loads nothing of it for the other engine

    return OpenCVBackend(weights)
