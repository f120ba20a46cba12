"""Configuration: a typing error names the key and the nearest right one; every key stands in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from edge_agent.errors import InputError
from edge_agent.model.media import UploadPolicy
from edge_agent.settings import MediaRule, MediaSettings, Settings, load_settings

ROOT = Path(__file__).parents[1]


def configure(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text)
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(file))
    return file


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, tmp_path, 'language = "en"\n[store]\ndata_dir = "/a"\n[clock]\ndrift_ppm = 20\n')
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", "/b")
    settings = load_settings()
    assert (settings.language, settings.store.data_dir, settings.clock.drift_ppm) == ("en", Path("/b"), 20)
    assert settings.store.media == Path("/b/media")


def test_one_nested_key_is_set_alone_and_its_siblings_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`media.KIND` wants all of its keys: the others come from the file, and from the defaults where it has none."""
    monkeypatch.setenv("EDGE_AGENT_MEDIA__RECORDING__UPLOAD", "all")
    configure(monkeypatch, tmp_path, "[media.recording]\nkeep_days = 90\n[media.clip]\nmin_keep_days = 2000\n")
    media, default = load_settings().media, MediaSettings()
    assert media.recording == MediaRule(upload=UploadPolicy.ALL, min_keep_days=30, keep_days=90)
    assert media.clip == MediaRule(upload=UploadPolicy.ALL, min_keep_days=2000, keep_days=2200)
    assert media.snapshot == default.snapshot
    monkeypatch.setenv("EDGE_AGENT_MEDIA__RECORDING__UPLOD", "all")
    with pytest.raises(InputError, match=r"media\.recording\.uplod.*did you mean upload"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[store]\ndata_dri = "/a"\n', ["store.data_dri", "未知的键 / unknown key，是不是 / did you mean data_dir."]),
        ("sealled = true\n", ["sealled", "did you mean sealed."]),
        ('language = "de"\n', ["language: 不是可选的值 / "]),
        ("[web]\nport = 70000\n", ["web.port: 不能大于 65535 / "]),
        ('[web]\nport = "door"\n', ["web.port: 应为整数 / "]),
        ("store = 3\n", ["store: 应为一组键 / "]),
        ("[clock]\ndrift_ppm = -1\n", ["clock.drift_ppm: 应大于 0.0 / ", "greater than 0"]),
        ("[store\n", ["not valid TOML"]),
        ("[sync]\nupload_kbps = 8\n", ["sync.upload_kbps", "至少 16"]),
        ('[sync]\nrecordings_between = "22:00-22:00"\n', ["sync.recordings_between", "起止相同"]),
        ('[sync]\nrecordings_between = "22:00-24:00"\n', ["sync.recordings_between"]),
    ],
)
def test_a_wrong_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, names: list[str]
) -> None:
    file = configure(monkeypatch, tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_settings()
    for name in [str(file), *names]:
        assert name in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(InputError, match=r"none\.toml: 找不到配置文件 / no such file"):
        load_settings()


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [key for key in keys(Settings) if f"`{key}`" not in text] == []
    assert [field for field in keys(Settings) if not _described(field)] == []


def _described(key: str) -> bool:
    model: type[BaseModel] = Settings
    *path, name = key.split(".")
    for part in path:
        annotation = model.model_fields[part].annotation
        assert isinstance(annotation, type)
        model = annotation
    return bool(model.model_fields[name].description)
