"""What is installed: this checkout, or a bundle that was opened; with wheels in it nothing is fetched."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edge_agent.appliance.talk import RefusalError

CHECKOUT = Path(__file__).resolve().parents[2]
"""The folder that `install.sh` lies in."""

# What makes one release differ from another.
CONTENT = ("edge_agent", "config", "models/manifest.toml", "systemd", "pyproject.toml")
WEIGHTS = {".onnx", ".task", ".dat"}  # fetched into models/, and checked by their own sums


@dataclass(frozen=True)
class Source:
    folder: Path

    @property
    def wheels(self) -> Path | None:
        folder = self.folder / "wheels"
        return folder if folder.is_dir() else None

    @property
    def version(self) -> str:
        text = (self.folder / "edge_agent" / "__init__.py").read_text("utf-8")
        found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
        if found is None:
            raise RefusalError(f"{self.folder} 不完整", f"{self.folder} is no edge_agent: it has no version")
        return found[1]

    @cached_property
    def release(self) -> str:
        """Names the release: its version, the Python that runs it, and a digest of its content."""
        digest = hashlib.sha256()
        for path in self.files():
            digest.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        return f"{self.version}-py{sys.version_info[0]}.{sys.version_info[1]}-{digest.hexdigest()[:10]}"

    def files(self) -> list[Path]:
        found = []
        for name in CONTENT:
            path = self.folder / name
            found += [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return sorted(each for each in found if "__pycache__" not in each.parts)
