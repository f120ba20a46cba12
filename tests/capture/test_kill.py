"""kill -9 in mid-segment, the service being a process; `tests.capture.campaign` does it a hundred times."""

from __future__ import annotations

from pathlib import Path

from tests.capture.campaign import run_campaign


def test_what_a_killed_service_leaves_is_kept_and_what_is_missing_is_on_the_record(tmp_path: Path) -> None:
    result = run_campaign(tmp_path, kills=3, seed=7)
    assert result.kills == 3
    assert result.problems == []
