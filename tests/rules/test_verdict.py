"""A lesson's verdict over its day: what is lost is said at once, the verdict when nothing can change any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Span
from edge_agent.rules.attendance import Mark
from edge_agent.rules.gaps import Cause
from edge_agent.rules.policy import Policy
from edge_agent.rules.reasons import Code, Reason, Remedy
from edge_agent.rules.slots import slots
from edge_agent.rules.verdict import Found, LessonVerdict, Verdict, judge_lesson
from tests.rules.strategies import DAILY, JINAN, RANDOM

LESSON = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2)


def at(clock: str) -> datetime:
    return datetime.combine(LESSON.date, time.fromisoformat(clock), JINAN.zone)


ALL = tuple(slot.id for slot in slots(LESSON, JINAN))
WHOLE = Found(
    cameras=("cam1",),
    recorded={"cam1": [Span(at("07:59"), at("08:31")), Span(at("08:31"), at("09:30"))]},
    causes={},
    taken=ALL,
    marks={"t1": {"A/1": Mark(at("07:50"), at("09:31"))}, "t2": {}},
)


def judged(found: Found, clock: str = "09:45:01", lesson: Lesson = LESSON) -> LessonVerdict:
    return judge_lesson(lesson, JINAN, at(clock), found)


def codes(reasons: tuple[Reason, ...]) -> list[Code]:
    return [reason.code for reason in reasons]


def test_a_whole_lesson_is_complete_once_its_last_window_has_closed() -> None:
    assert judged(WHOLE, "09:45").verdict is Verdict.NOT_YET
    verdict = judged(WHOLE)
    assert (verdict.verdict, verdict.reasons, verdict.gaps) == (Verdict.COMPLETE, (), ())
    assert [period.verdict for period in verdict.periods] == [Verdict.COMPLETE] * 2


def test_before_it_starts_nothing_is_said() -> None:
    nothing = Found(cameras=("cam1",), recorded={}, causes={}, marks={"t1": {}})
    assert (judged(nothing, "07:59").verdict, judged(nothing, "07:59").reasons) == (Verdict.NOT_YET, ())


def test_a_gap_has_its_cause_and_falls_on_its_period() -> None:
    found = replace(
        WHOLE,
        recorded={"cam1": [Span(at("08:00"), at("08:50")), Span(at("09:00"), at("09:30"))]},
        causes={"cam1": [Cause(Span(at("08:50"), at("09:00")), "offline")]},
    )
    verdict = judged(found)
    assert verdict.verdict is Verdict.PARTIAL
    (reason,) = verdict.reasons
    assert reason.code is Code.GAP
    assert reason.params == {"start": at("08:50"), "end": at("09:00"), "cause": "offline"}
    assert reason.remedy is Remedy.FILE_SUPPLEMENT
    assert [period.verdict for period in verdict.periods] == [Verdict.COMPLETE, Verdict.PARTIAL]


def test_a_gap_over_both_periods_is_cut_between_them() -> None:
    found = replace(WHOLE, recorded={"cam1": [Span(at("08:00"), at("08:40")), Span(at("08:50"), at("09:30"))]})
    first, second = (period.reasons[0].params for period in judged(found).periods)
    assert (first["end"], second["start"]) == (at("08:45"), at("08:45"))


def test_another_camera_covers_but_the_hole_is_said() -> None:
    found = replace(
        WHOLE,
        cameras=("cam1", "cam2"),
        recorded={"cam1": [Span(at("08:00"), at("09:00"))], "cam2": [Span(at("08:59"), at("09:30"))]},
    )
    verdict = judged(found)
    assert verdict.verdict is Verdict.COMPLETE
    assert [(reason.params["camera"], reason.params["seconds"]) for reason in verdict.reasons] == [
        ("cam1", 30 * 60),
        ("cam2", 59 * 60),
    ]


def test_missing_is_when_nothing_is_there() -> None:
    found = replace(WHOLE, recorded={}, taken=(), causes={"cam1": [Cause(Span(at("07:00"), at("10:00")), "power")]})
    verdict = judged(found)
    assert verdict.verdict is Verdict.MISSING
    assert verdict.reasons[0] == Reason(Code.NOT_RECORDED, {"cause": "power"}, Remedy.FILE_SUPPLEMENT)
    assert codes(verdict.reasons)[1:] == [Code.SNAPSHOT_MISSED] * 6
    assert [period.verdict for period in verdict.periods] == [Verdict.MISSING] * 2
    one_picture = replace(found, taken=("A/p2/closing",))
    assert judged(one_picture).verdict is Verdict.PARTIAL
    assert [period.verdict for period in judged(one_picture).periods] == [Verdict.MISSING, Verdict.PARTIAL]


def test_a_running_recording_is_no_gap_but_a_dead_camera_is() -> None:
    """The segment that is being written is known when it is closed; an open gap has a cause."""
    found = replace(WHOLE, recorded={"cam1": [Span(at("07:59"), at("08:30"))]})
    assert judged(found, "08:30:50").reasons == ()
    dead = replace(found, causes={"cam1": [Cause(Span(at("08:30"), at("08:30:50")), "offline")]})
    (reason,) = judged(dead, "08:30:50").reasons
    assert (reason.code, reason.remedy) == (Code.GAP, Remedy.CHECK_CAMERA)


def test_a_lesson_without_a_camera_can_be_helped_while_it_runs() -> None:
    found = replace(WHOLE, cameras=(), recorded={}, taken=())
    now, later = judged(found, "08:05").reasons, judged(found).reasons
    assert (now[0].code, now[0].remedy, now[0].until) == (Code.NO_CAMERA, Remedy.ASSOCIATE_CAMERA, at("09:30"))
    assert (later[0].code, later[0].remedy) == (Code.NO_CAMERA, None)


def test_a_missed_snapshot_can_be_drawn_from_the_recording() -> None:
    found = replace(WHOLE, taken=[name for name in ALL if name != "A/p1/middle"])
    assert judged(found, "08:35").reasons == ()
    (reason,) = judged(replace(found, missed=("A/p1/middle",)), "08:35:01").reasons
    assert (reason.params["slot"], reason.remedy) == ("A/p1/middle", Remedy.DRAW_FROM_RECORDING)
    lost = replace(found, recorded={"cam1": [Span(at("08:40"), at("09:30"))]})
    by_slot = {reason.params.get("slot"): reason.remedy for reason in judged(lost).reasons}
    assert by_slot["A/p1/middle"] is Remedy.FILE_SUPPLEMENT


def test_a_slot_is_missed_when_the_recorder_said_so_or_should_have() -> None:
    """Its frames may still be on their way to the disk: until then there is no verdict that counts on it."""
    found = replace(WHOLE, taken=[name for name in ALL if name != "A/p1/closing"])
    for clock in ("08:45:01", "08:48"):
        verdict = judged(found, clock)
        assert (verdict.reasons, verdict.periods[0].verdict) == ((), Verdict.NOT_YET)
    assert codes(judged(replace(found, missed=("A/p1/closing",)), "08:45:01").reasons) == [Code.SNAPSHOT_MISSED]
    late = judged(found, "08:48:01")
    assert (codes(late.reasons), late.periods[0].verdict) == ([Code.SNAPSHOT_MISSED], Verdict.PARTIAL)


def test_attendance_is_asked_for_while_it_can_be_given() -> None:
    nobody = replace(WHOLE, marks={"t1": {}})
    assert judged(nobody, "08:00").reasons == ()
    (reason,) = judged(nobody, "08:10").reasons
    assert (reason.code, reason.remedy, reason.until) == (Code.NOBODY_SIGNED_IN, Remedy.SIGN_IN, at("08:15"))
    (late,) = judged(nobody).reasons
    assert (judged(nobody).verdict, late.remedy, late.until) == (Verdict.PARTIAL, Remedy.FILE_EXPLANATION, None)
    inside = replace(WHOLE, marks={"t1": {"A/1": Mark(at("07:50"))}, "t2": {"A/1": Mark(at("07:51"))}})
    assert judged(inside, "09:28").reasons == ()
    (reason,) = judged(inside, "09:40").reasons
    assert (reason.params["count"], reason.remedy, reason.until) == (2, Remedy.SIGN_OUT, at("09:45"))
    assert judged(inside).verdict is Verdict.COMPLETE  # the trainees lose it, the lesson doesn't
    assert judged(replace(WHOLE, marks={})).verdict is Verdict.COMPLETE


def test_cancelled_and_ended_early() -> None:
    cancelled = judged(WHOLE, lesson=replace(LESSON, cancelled=True, cancel_reason="台风"))
    assert (cancelled.verdict, cancelled.reasons[0].params) == (Verdict.CANCELLED, {"reason": "台风"})
    assert {period.verdict for period in cancelled.periods} == {Verdict.CANCELLED}
    early = judged(
        replace(WHOLE, recorded={"cam1": [Span(at("08:00"), at("09:00"))]}), lesson=replace(LESSON, end=time(9))
    )
    assert [period.verdict for period in early.periods] == [Verdict.COMPLETE, Verdict.CANCELLED]
    assert codes(early.periods[1].reasons) == [Code.ENDED_EARLY]
    assert early.verdict is Verdict.COMPLETE


def test_an_overrun_is_recorded_to_its_end() -> None:
    (reason,) = judged(WHOLE, "10:30", replace(LESSON, end=time(9, 50))).reasons
    assert (reason.params["start"], reason.params["end"]) == (at("09:30"), at("09:50"))


@pytest.mark.parametrize(("policy", "unit", "closes"), [(RANDOM, "A/1", "09:45"), (DAILY, "day/2026-03-02", "17:30")])
def test_other_policies_close_with_their_own_windows(policy: Policy, unit: str, closes: str) -> None:
    taken = tuple(slot.id for slot in slots(LESSON, policy))
    found = replace(WHOLE, taken=taken, marks={"t1": {unit: Mark(at("08:00"))}})
    assert judge_lesson(LESSON, policy, at(closes), found).verdict is Verdict.NOT_YET
    assert judge_lesson(LESSON, policy, at(f"{closes}:01"), found).verdict is Verdict.COMPLETE
