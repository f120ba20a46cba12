"""Class limits, teachers, online share, lead days, and the states of a class."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from edge_agent.model.people import ClassState, Teacher, TrainingClass
from edge_agent.rules.limits import class_size, lacking, online_share, submission, teachers_needed, teaching_staff
from edge_agent.rules.reasons import Code
from edge_agent.rules.states import Action, actions, after, runs
from tests.rules.strategies import JINAN

OPENS = date(2026, 3, 9)
CLASS = TrainingClass("C", "X1", "焊工一班", "焊工", OPENS, OPENS + timedelta(days=9), required_periods=40)


def test_fifty_and_an_exception_that_names_its_document() -> None:
    assert list(class_size(50, CLASS, JINAN)) == []
    assert [reason.code for reason in class_size(51, CLASS, JINAN)] == [Code.CLASS_TOO_LARGE]
    assert list(class_size(51, replace(CLASS, size_exception="济人社批〔2026〕3号"), JINAN)) == []


def test_teachers() -> None:
    full, part = Teacher("t1", "张", full_time=True), Teacher("t2", "李", full_time=False)
    assert [teachers_needed(count, JINAN) for count in (0, 1, 25, 26, 50, 51)] == [0, 1, 1, 2, 2, 3]
    assert list(teaching_staff([full, part], 50, JINAN)) == []
    assert [reason.code for reason in teaching_staff([full, full], 26, JINAN)] == [Code.TEACHERS_FEW]
    assert [reason.code for reason in teaching_staff([part], 25, JINAN)] == [Code.FULL_TIME_FEW]
    substitute = replace(full, id="t3", confirmed=False)
    assert [reason.params for reason in teaching_staff([full, substitute], 25, JINAN)] == [{"teacher": "t3"}]


@pytest.mark.parametrize(("online", "fits"), [(0, True), (7, False), (8, True), (16, True), (17, False)])
def test_online_share(online: int, fits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert (not list(online_share(replace(CLASS, online_required=online), JINAN))) is fits


def test_seven_days_ahead() -> None:
    assert list(submission(CLASS, OPENS - timedelta(days=7), JINAN)) == []
    (late,) = submission(CLASS, OPENS - timedelta(days=6), JINAN)
    assert late.params == {"days": 6, "lead": 7}
    assert list(submission(replace(CLASS, opens=None), OPENS, JINAN)) == []


def test_a_class_without_dates_or_periods_is_named_what_it_lacks() -> None:
    assert lacking(CLASS) == ()
    assert lacking(replace(CLASS, opens=None, required_periods=0)) == ("opens", "required_periods")


def test_states_lead_from_draft_to_closed() -> None:
    state: ClassState | None = ClassState.DRAFT
    for action in (Action.SUBMIT, Action.REJECT, Action.SUBMIT, Action.APPROVE, Action.OPEN_BY_HAND, Action.CLOSE):
        assert state is not None
        assert action in actions(state)
        state = after(state, action)
    assert state is ClassState.CLOSED
    assert after(ClassState.DRAFT, Action.APPROVE) is None
    assert Action.DELETE in actions(ClassState.APPROVED)
    assert actions(ClassState.DELETED) == (Action.RESTORE,)


@pytest.mark.parametrize(
    ("state", "by_hand", "running"),
    [
        (ClassState.DRAFT, True, False),
        (ClassState.SUBMITTED, False, False),
        (ClassState.SUBMITTED, True, True),
        (ClassState.APPROVED, False, True),
        (ClassState.CLOSED, True, False),
        (ClassState.DELETED, True, False),
    ],
)
def test_an_approved_class_runs_by_itself(state: ClassState, by_hand: bool, running: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert runs(replace(CLASS, state=state, opened_by_hand=by_hand)) is running
