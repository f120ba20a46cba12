"""Where things lie on a device."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.appliance.talk import RefusalError


@dataclass(frozen=True)
class Layout:
    """Paths below `root`: `/`, or the folder of an image or of a test."""

    root: Path = Path("/")

    @property
    def live(self) -> bool:
        """Whether this is the machine we run on."""
        return self.root == Path("/")

    @property
    def home(self) -> Path:
        return self.root / "opt/edge_agent"

    @property
    def versions(self) -> Path:
        return self.home / "versions"

    @property
    def current(self) -> Path:
        """A link to the release that runs."""
        return self.home / "current"

    @property
    def config(self) -> Path:
        return self.root / "etc/edge_agent/config.toml"

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    @property
    def credentials(self) -> Path:
        """Where systemd (252 and later) looks for what it hands to services; root alone reads it."""
        return self.root / "etc/credstore"

    @property
    def encrypted_credentials(self) -> Path:
        return self.root / "etc/credstore.encrypted"

    @property
    def lock(self) -> Path:
        return self.root / "run/edge-agent-install.lock"

    def placed(self, shipped: Path) -> Path | None:
        """Where a file of `systemd/` goes, by its path in there; None for what is there on condition only."""
        match shipped.parts[0]:
            case "optional":
                return None
            case "sysusers.d" | "tmpfiles.d":
                return self.root / "etc" / shipped
            case "journald.conf.d":
                return self.root / "etc/systemd" / shipped
            case "polkit-1":
                return self.root / "etc" / shipped
            case "bin":
                return self.root / "usr/local" / shipped
            case _:
                return self.units / shipped

    def settings(self) -> dict[str, Any]:
        """The configuration as it is written; what it means is for the agent to check."""
        try:
            return tomllib.loads(self.config.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise RefusalError(
                f"配置文件 {self.config} 无法读取：{error}", f"{self.config} can't be read, mend it: {error}"
            ) from error

    @property
    def provisioned(self) -> bool:
        """Whether a centre knows this device already."""
        return (self.database.parent / "sync" / "identity.json").exists()

    @property
    def database(self) -> Path:
        data = Path(self.settings().get("store", {}).get("data_dir", self.root / "var/lib/edge_agent"))
        return data / "edge_agent.db"
