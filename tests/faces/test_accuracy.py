"""Recognition on real people, through the code that the kiosk calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.faces.evaluate import (
    Seen,
    embed_photos,
    figures,
    judge,
    photos_by_person,
    roster_of,
    split_figures,
    wilson,
)
from edge_agent.faces.process import FaceEngine
from tests import data
from tests.faces.hardships import HARDSHIPS, photos_of, suffer

SPLITS = 300


@pytest.fixture(scope="module")
def east_asian() -> dict[str, list[Path]]:
    if data.folder() is None:
        pytest.skip("needs photos of many people: set EDGE_AGENT_TEST_DATA")
    return data.people("east_asian")


@pytest.fixture(scope="module")
def embedded(engine: FaceEngine, east_asian: dict[str, list[Path]]) -> Seen:
    return embed_photos(engine, east_asian)


def test_a_single_probe(engine: FaceEngine, east_asian: dict[str, list[Path]], embedded: Seen) -> None:
    found = split_figures(east_asian, embedded, engine.identity, splits=SPLITS)
    assert found.tpir >= 0.97
    assert found.fpir <= 0.01
    assert found.wrong_names == 0
    assert found.no_face == 0


def test_a_decision_over_three_frames(engine: FaceEngine, east_asian: dict[str, list[Path]], embedded: Seen) -> None:
    found = split_figures(east_asian, embedded, engine.identity, splits=SPLITS, frames=3)
    assert found.tpir >= 0.98
    assert found.fpir_interval[1] <= 0.003
    assert found.wrong_names == 0


def test_three_frames_of_one_moment_are_as_good(
    engine: FaceEngine, east_asian: dict[str, list[Path]], embedded: Seen
) -> None:
    """The kiosk's frames are much alike. Taken as wholly alike, one photo stands for all three, at their threshold."""
    limits = replace(engine.identity.thresholds, probe=engine.identity.thresholds.match)
    found = split_figures(east_asian, embedded, replace(engine.identity, thresholds=limits), splits=SPLITS)
    assert found.tpir >= 0.98
    assert found.fpir_interval[1] <= 0.003
    assert found.wrong_names == 0


@pytest.mark.slow
@pytest.mark.parametrize("hardship", ["dark (gamma 2)", "60 pixels, JPEG 30", "poor webcam"])
def test_who_is_seen_badly_is_taken_for_nobody_else(
    engine: FaceEngine, east_asian: dict[str, list[Path]], embedded: Seen, hardship: str
) -> None:
    seen, usable = suffer(engine, photos_of(engine, east_asian), HARDSHIPS[hardship])
    assert usable >= 0.9
    found = split_figures(east_asian, seen, engine.identity, splits=60, enrolled=embedded)
    assert found.tpir >= 0.95
    assert found.fpir <= 0.01
    assert found.wrong_names == 0


def test_strangers_of_anywhere_stay_unknown(
    engine: FaceEngine, east_asian: dict[str, list[Path]], embedded: Seen
) -> None:
    strangers = dict(list(data.people("strangers").items())[::3])
    roster = roster_of({name: photos[:2] for name, photos in east_asian.items()}, embedded, engine.identity)
    found = figures(judge(strangers, embed_photos(engine, strangers), roster), east_asian)
    assert found.strangers >= 30
    assert found.fpir == 0


def test_figures_count_what_they_say(engine: FaceEngine, tmp_path: Path) -> None:
    photo = data.astronaut()
    for folder, person in [("gallery", "mae"), ("probes", "mae"), ("probes", "other")]:
        (tmp_path / folder / person).mkdir(parents=True)
        (tmp_path / folder / person / "a.png").symlink_to(photo)
    gallery, probes = photos_by_person(tmp_path / "gallery"), photos_by_person(tmp_path / "probes")
    roster = roster_of(gallery, embed_photos(engine, gallery), engine.identity)
    found = figures(judge(probes, embed_photos(engine, probes), roster), gallery)
    assert (found.members, found.tpir, found.strangers, found.fpir) == (1, 1.0, 1, 1.0)


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson(0, 1000)[1] == pytest.approx(0.00383, abs=1e-4)
