"""Every cause that the recorder notes has words: a sheet or a page that says `service_down` explains nothing."""

from __future__ import annotations

from edge_agent.cameras.causes import Cause as CameraCause
from edge_agent.capture.causes import Cause
from edge_agent.evidence.words import CAUSES
from edge_agent.rules.gaps import UNKNOWN
from edge_agent.store.cameras import UNHEARD_CAUSE

PICTURES = {"black", "covered"}  # of the check before a lesson


def test_every_cause_has_words_and_no_word_is_left_over() -> None:
    noted = {*Cause, CameraCause.OTHER_SERIAL, UNKNOWN, UNHEARD_CAUSE, *PICTURES}
    assert {str(cause) for cause in noted} == CAUSES.keys() - {"offline"}
