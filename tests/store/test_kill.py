"""kill -9 at random moments: every announced fact is there once, the chain holds, fsck is clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.campaign import run_campaign


def test_killed_writers_lose_and_repeat_nothing(tmp_path: Path) -> None:
    result = run_campaign(tmp_path, kills=12, writers=3, seed=20241008)
    assert result.announced > 100, "the writers did write"
    assert result.problems == []


@pytest.mark.slow
def test_killed_writers_with_media_leave_no_row_without_a_file(tmp_path: Path) -> None:
    result = run_campaign(tmp_path, kills=12, writers=2, seed=7, media=True)
    assert result.announced > 50
    assert result.problems == []
