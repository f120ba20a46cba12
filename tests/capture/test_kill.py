"""kill -9 in mid-segment, the service being a process; `tests.capture.campaign` does it a hundred times."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from edge_agent.model.media import MediaKind
from edge_agent.policies import load_policy
from edge_agent.simulator import VirtualCamera
from tests.capture.campaign import SPEC, Result, check, run_campaign, service
from tests.capture.house import open_house, write_config
from tests.capture.rig import wait_for


def test_what_a_killed_service_leaves_is_kept_and_what_is_missing_is_on_the_record(tmp_path: Path) -> None:
    result = run_campaign(tmp_path, kills=3, seed=7)
    assert result.kills == 3
    assert result.problems == []


def test_whole_segments_that_had_no_row_yet_are_put_on_the_record_once(tmp_path: Path) -> None:
    """They wait some seconds for those of other cameras: of each life the last ones are filed by the next."""
    result = Result()
    with open_house(tmp_path, period=3000, segment=2) as house, VirtualCamera(main=SPEC) as camera:
        config = write_config(tmp_path, house.agent.settings)
        house.bind(camera.rtsp_url)
        house.add_lesson(starts_in=0)

        def files() -> set[str]:
            return set(house.agent.files.walk(MediaKind.RECORDING))

        def unfiled() -> set[str]:
            return files() - {row.path for row in house.segments()}

        for _ in range(3):
            with service(config) as process:
                known = files()
                wait_for(lambda before=known: len(unfiled() - before) >= 2, "two whole files without rows")  # type: ignore[misc] # a lambda's defaults are not inferred
                process.kill()
                process.wait()
            assert len(unfiled()) >= 2
        begun = len(house.facts("recording.started"))
        with service(config):
            wait_for(lambda: len(house.facts("recording.started")) > begun, "the recording")
            wait_for(lambda: all(gap.end for gap in house.gaps()), "the last gap's end")
        check(house, result)
        assert result.problems == []
        assert unfiled() == set()
        rows, gaps = house.segments(), {(gap.start, gap.end) for gap in house.gaps()}
        assert len({row.path for row in rows}) == len(rows)
        assert sorted(fact["media"] for fact in house.facts("segment.closed")) == sorted(row.id for row in rows)
        torn = [(before.end, after.start) for before, after in pairwise(rows) if before.end != after.start]
        assert len(torn) == 3  # by each kill, and never within a life
        tolerance = load_policy("jinan-2024").policy.recording.gap_tolerance  # a quick restart loses less
        assert [(end, start) for end, start in torn if (end, start) not in gaps and start - end > tolerance] == []
