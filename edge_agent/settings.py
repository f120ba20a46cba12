"""Typed configuration: the only reader of configuration files and of the environment.

One TOML file (`$EDGE_AGENT_CONFIG`, else `/etc/edge_agent/config.toml`, else none), overridden by environment
variables such as `EDGE_AGENT_STORE__DATA_DIR`. `docs/configuration.md` lists every key; a test holds both together.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from edge_agent.errors import InputError
from edge_agent.mistakes import describe
from edge_agent.model.media import MediaKind, UploadPolicy

DEFAULT_FILE = Path("/etc/edge_agent/config.toml")
_LEAST_KBPS = 16


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Store(Section):
    data_dir: Path = Field(default=Path("var"), description="Database, keys and notes; media lie in media/ below it.")
    media_dir: Path | None = Field(default=None, description="Media folder, when it is on another disk.")
    ballast_bytes: int = Field(default=1 << 20, ge=0, description="Released so that a full disk can still commit.")

    @property
    def metrics(self) -> Path:
        """What `upkeep` measures, for Prometheus."""
        return self.data_dir / "metrics.prom"

    @property
    def database(self) -> Path:
        return self.data_dir / "edge_agent.db"

    @property
    def media(self) -> Path:
        return self.media_dir or self.data_dir / "media"

    @property
    def live_socket(self) -> Path:
        return self.data_dir / "live.sock"


class ClockSettings(Section):
    kept_by_host: bool = Field(
        default=False, description="In a container or virtual machine the host keeps the time: take it as synchronised."
    )
    drift_ppm: float = Field(default=100.0, gt=0, description="Bound of the boot clock's drift during holdover.")
    rtc_ppm: float = Field(default=25.0, gt=0, description="Bound of the real-time clock's drift while off.")
    holdover_limit: float = Field(default=30.0, gt=0, description="Seconds of error above which time is untrusted.")


class MediaRule(Section):
    """What becomes of one kind of media. A policy's years are a floor under `min_keep_days` that no setting lowers."""

    upload: UploadPolicy = Field(description="all, on_request or never.")
    min_keep_days: int = Field(ge=0, description="Before that nothing is deleted, whatever the disk says.")
    keep_days: int = Field(ge=1, description="After that it is deleted, once it is confirmed where it must be.")


class MediaSettings(Section):
    """DESIGN: space is reserved for check-in, then snapshots, then video; the oldest recordings give way first."""

    recording: MediaRule = MediaRule(upload=UploadPolicy.ON_REQUEST, min_keep_days=30, keep_days=400)
    snapshot: MediaRule = MediaRule(upload=UploadPolicy.ALL, min_keep_days=1827, keep_days=2200)
    clip: MediaRule = MediaRule(upload=UploadPolicy.ALL, min_keep_days=1827, keep_days=2200)
    checkin: MediaRule = MediaRule(upload=UploadPolicy.ALL, min_keep_days=0, keep_days=90)
    card: MediaRule = MediaRule(upload=UploadPolicy.NEVER, min_keep_days=0, keep_days=90)
    supplement: MediaRule = MediaRule(upload=UploadPolicy.ALL, min_keep_days=1827, keep_days=2200)
    export: MediaRule = MediaRule(upload=UploadPolicy.NEVER, min_keep_days=0, keep_days=30)
    support: MediaRule = MediaRule(upload=UploadPolicy.ON_REQUEST, min_keep_days=0, keep_days=30)

    def rule(self, kind: MediaKind) -> MediaRule:
        found: MediaRule = getattr(self, kind.value)
        return found


class DiskSettings(Section):
    reserve_checkin_mb: int = Field(default=200, ge=0, description="Kept free for check-in when all else has stopped.")
    reserve_snapshot_mb: int = Field(default=500, ge=0, description="Kept free for snapshots when video has stopped.")
    substream_below_mb: int = Field(
        default=2000, ge=0, description="Below so much free space the substream is recorded instead of the main one."
    )
    forecast_days: int = Field(default=5, ge=1, description="Teaching days ahead for which a full disk is foretold.")


class ArchiveSettings(Section):
    folder: Path | None = Field(
        default=None, description="Where an archive disk or a NAS is mounted; copies that were read back count."
    )
    keep_free_mb: int = Field(default=500, ge=0, description="Left free on the archive disk.")


class CameraSettings(Section):
    search: tuple[str, ...] = Field(
        default=(), description="Hosts and subnets that a search for cameras asks one by one, where multicast is lost."
    )
    csi_python: str = Field(default="/usr/bin/python3", description="The interpreter that has picamera2.")


class CaptureSettings(Section):
    segment_seconds: float = Field(default=60.0, ge=2, le=600, description="Length of one file of a recording.")


class WebSettings(Section):
    host: str = Field(default="0.0.0.0", description="Address to listen on; 127.0.0.1 serves this device's own screen.")  # noqa: S104 - tablets of the LAN are its purpose
    port: int = Field(
        default=8080, ge=0, le=65535, description="Without TLS: this device's own screen, and how to come to trust it."
    )
    tls_port: int = Field(default=8443, ge=0, le=65535, description="With TLS, for the LAN; 0 turns it off.")
    name: str = Field(default="", description="Host name on the LAN, reached as NAME.local; empty: the machine's own.")


class FaceSettings(Section):
    enabled: bool = Field(
        default=True, description="Recognise faces at the kiosk; off, everybody is signed in by hand."
    )
    impact_assessment: str = Field(
        default="", description="Id of the personal-information impact assessment; without it recognition stays off."
    )
    engine: Literal["opencv", "dlib"] = Field(
        default="opencv", description="What recognises; dlib is there to compare: it fails on East Asian faces."
    )
    liveness: Literal["off", "passive", "risk_based", "always"] = Field(
        default="risk_based",
        description="What shows that a face lives: nothing, motion, motion or else a challenge, always a challenge.",
    )
    models_dir: Path | None = Field(default=None, description="Folder of the model weights.")


class SyncSettings(Section):
    upload_kbps: int = Field(
        default=0, ge=0, description="Bound on what media may take of the line; 0: none, or 16 up."
    )
    recordings_between: str = Field(
        default="",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$",
        description='Hours in which recordings go, as "22:00-06:00"; empty: always. Requested ones go at any hour.',
    )
    upgrade_keys: Path = Field(
        default=Path("/etc/edge_agent/upgrade.keys"),
        description="Public keys in hex, one a line, whose orders may change this device's software; no file: none.",
    )

    @field_validator("upload_kbps")
    @classmethod
    def _not_silent(cls, rate: int) -> int:
        # A piece of 64 KiB would take longer than the minute after which a server counts the connection as broken.
        if 0 < rate < _LEAST_KBPS:
            raise ValueError(f"at least {_LEAST_KBPS} (至少 {_LEAST_KBPS}), or 0 for no bound")
        return rate

    @field_validator("recordings_between")
    @classmethod
    def _not_empty(cls, hours: str) -> str:
        first, _, last = hours.partition("-")
        if hours and first == last:
            raise ValueError("begin and end are the same (起止相同); leave it empty for all day")
        return hours


LogFormat = Literal["auto", "text", "json"]


class LogSettings(Section):
    format: LogFormat = Field(
        default="auto", description="auto: for the journal under systemd, else lines to read; json: an object a line."
    )


class SealSettings(Section):
    key: Literal["auto", "file", "tpm"] = Field(
        default="auto", description="Where the seal key lies: the TPM if there is one, a file, or the TPM only."
    )


class Settings(BaseSettings):
    """All settings; each part has a section of its own."""

    # One key of a nested model may be set alone, such as media.recording.upload: its siblings keep their defaults.
    model_config = SettingsConfigDict(
        env_prefix="EDGE_AGENT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        toml_file=None,
        nested_model_default_partial_update=True,
    )

    agent: str = Field(default="", description="This device's id; empty: made at random when the database is made.")
    venue: str = Field(default="", description="Name of the training venue, as it stands below snapshots.")
    policy: str = Field(default="jinan-2024", description="Policy of classes that name none: a name or a path.")
    language: Literal["zh_CN", "en"] = Field(default="zh_CN", description="First language of pages and messages.")
    sealed: bool = Field(default=False, description="Confidential venue: no packet leaves the configured LAN.")
    lan: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="The venue's own networks, such as 192.168.1.0/24: where sealed mode lets packets go."
    )
    store: Store = Store()
    clock: ClockSettings = ClockSettings()
    media: MediaSettings = MediaSettings()
    disk: DiskSettings = DiskSettings()
    archive: ArchiveSettings = ArchiveSettings()
    cameras: CameraSettings = CameraSettings()
    capture: CaptureSettings = CaptureSettings()
    web: WebSettings = WebSettings()
    faces: FaceSettings = FaceSettings()
    sync: SyncSettings = SyncSettings()
    log: LogSettings = LogSettings()
    seal: SealSettings = SealSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())


def config_file() -> Path | None:
    """Give the configuration file in force, or None."""
    named = os.environ.get("EDGE_AGENT_CONFIG")
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def use_alone(file: Path) -> None:
    """Make `file` the only configuration of this process and of the children that it starts."""
    for name in [name for name in os.environ if name.startswith("EDGE_AGENT_")]:
        del os.environ[name]
    os.environ["EDGE_AGENT_CONFIG"] = str(file)


def notification_socket() -> str:
    """Give the service manager's socket, which systemd names in the environment (sd_notify(3)); empty without one."""
    return os.environ.get("NOTIFY_SOCKET", "")


def find_credential(name: str) -> Path | None:
    """Give a secret that the service manager handed to this service (systemd.exec(5), `LoadCredential=`), or None."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, name) if folder else None
    return file if file is not None and file.exists() else None


def has_screen() -> bool:
    """Say whether a browser would have a screen to open on."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; a wrong key or value raises `InputError` that names it, and the nearest right key."""
    file = config_file()
    if file is not None and not file.is_file():
        raise InputError(
            f"{file}: 找不到配置文件 / no such file.",
            do="请让 EDGE_AGENT_CONFIG 指向已有的文件。Set EDGE_AGENT_CONFIG to a file that exists.",
        )
    try:
        return Settings(**overrides)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{file}: 不是有效的 TOML / not valid TOML: {error}.", do="请改正该行。Mend that line."
        ) from error
    except ValidationError as error:
        raise InputError(
            f"{file or '环境变量 / environment'}: {describe(error, _keys)}.",
            do="请改正所列的键。Mend the keys named; docs/configuration.md explains each.",
        ) from error


def _keys(path: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in path:
        kind = model.model_fields[str(part)].annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return list(model.model_fields)
