"""The sample configuration says the truth about the defaults."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from edge_agent.settings import Settings
from tests.data import ROOT


def test_what_is_commented_out_is_the_default() -> None:
    text = (ROOT / "config" / "config.toml").read_text("utf-8")
    uncommented = re.sub(r"^# (\[?[a-z_.]+(\]| = .+))$", r"\1", text, flags=re.MULTILINE)
    assert uncommented != text
    found, default = Settings(**tomllib.loads(uncommented)), Settings()
    assert found.store.data_dir == Path("/var/lib/edge_agent")
    assert found.model_copy(update={"store": default.store, "archive": default.archive}) == default


def test_the_sample_is_accepted_as_it_is() -> None:
    sample = tomllib.loads((ROOT / "config" / "config.toml").read_text("utf-8"))
    assert Settings(**sample).store.data_dir == Path("/var/lib/edge_agent")
