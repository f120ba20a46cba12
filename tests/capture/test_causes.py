"""Every cause that the recorder notes has words: a sheet or a page that says `service_down` explains nothing."""

from __future__ import annotations

import re
from importlib.resources import files

from edge_agent.cameras.causes import Cause as CameraCause
from edge_agent.capture.causes import Cause
from edge_agent.evidence.words import CAUSES
from edge_agent.rules.gaps import UNKNOWN
from edge_agent.store.cameras import UNHEARD_CAUSE

PICTURES = {"black", "covered"}  # of the check before a lesson


ELSEWHERE = {
    *(Cause.DISK_FULL, Cause.DISK_ERROR, Cause.FOLDER_GONE, Cause.CONNECTING, Cause.ENDED, Cause.WITHDRAWN),
    *(Cause.POWER_LOSS, Cause.NO_CAMERA, Cause.STARTED_LATE),
}
"""What only a recording can miss, not somebody who watches."""


def test_every_end_of_a_live_stream_has_words() -> None:
    page = files("edge_agent.playback").joinpath("static/live.mjs").read_text("utf-8")
    (table,) = re.findall(r"^const CAUSES = \{(.+?)^\};", page, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"^  (\w+):", table, re.MULTILINE)) == {str(cause) for cause in set(Cause) - ELSEWHERE}


def test_every_cause_has_words_and_no_word_is_left_over() -> None:
    noted = {*Cause, CameraCause.OTHER_SERIAL, UNKNOWN, UNHEARD_CAUSE, *PICTURES}
    # "unjudged" is no cause that is noted: it is what a sheet says where the recorder noted none.
    assert {str(cause) for cause in noted} == CAUSES.keys() - {"offline", "unjudged"}
