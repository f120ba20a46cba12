"""代课, 提前下课, 延时下课, 取消."""

from __future__ import annotations

import pytest

from edge_agent.checkin import lessons
from edge_agent.errors import ConflictError, EdgeAgentError, ForbiddenError, InputError
from edge_agent.model.people import Teacher
from edge_agent.rules.reasons import Code
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import get_lesson
from edge_agent.store.training import save_teachers
from tests.venue import Venue, at, policies, reading


@pytest.fixture(autouse=True)
def lesson(venue: Venue) -> None:
    venue.add_class()
    for number in range(26):
        venue.add_trainee(f"t{number}")
    venue.add_lesson("A", "08:00", teacher="l1")
    teachers = [
        Teacher("l1", "李老师", full_time=True, classes=("c1",)),
        Teacher("l2", "赵老师", full_time=False),
        Teacher("l3", "新老师", full_time=False, confirmed=False),
    ]
    venue.writer.run(lambda tx: save_teachers(tx, teachers))


def test_ended_early_and_overrun_keep_their_reason(venue: Venue) -> None:
    venue.clock.set(at("09:00"))
    venue.writer.run(lambda tx: lessons.end_early(tx, "A", at=at("09:00"), reason="停电", by="l1", policies=policies))
    venue.writer.run(lambda tx: lessons.overrun(tx, "A", end=at("09:50"), reason="补课", by="l1", policies=policies))
    with reading(venue.database) as connection:
        assert get_lesson(connection, "A").end == at("09:50").time()
        saved = list(read_facts(connection, kinds=("lesson.saved",)))[1:]
    assert [(fact.data["change"], fact.data["reason"], fact.by) for fact in saved] == [
        ("ended_early", "停电", "l1"),
        ("overrun", "补课", "l1"),
    ]


@pytest.mark.parametrize(("time", "reason", "error"), [("07:59", "早", ConflictError), ("09:00", " ", InputError)])
def test_what_is_no_early_end(venue: Venue, time: str, reason: str, error: type[EdgeAgentError]) -> None:
    with pytest.raises(error):
        venue.writer.run(lambda tx: lessons.end_early(tx, "A", at=at(time), reason=reason, by="l1", policies=policies))


def test_an_overrun_has_a_bound(venue: Venue) -> None:
    for end in ("09:30", "12:31"):
        with pytest.raises(InputError, match="end"):
            venue.writer.run(
                lambda tx, end=end: lessons.overrun(tx, "A", end=at(end), reason="x", by="l1", policies=policies)  # type: ignore[misc]  # a lambda's default
            )


def test_a_lesson_is_cancelled_once(venue: Venue) -> None:
    venue.writer.run(lambda tx: lessons.cancel(tx, "A", reason="台风", by="l1", policies=policies))
    with pytest.raises(ConflictError, match="已取消"):
        venue.writer.run(lambda tx: lessons.cancel(tx, "A", reason="台风", by="l1", policies=policies))
    with reading(venue.database) as connection:
        (fact,) = read_facts(connection, kinds=("lesson.cancelled",))
    assert (fact.data["reason"], fact.data["revision"]) == ("台风", 2)


class TestSubstitute:
    def test_from_the_list(self, venue: Venue) -> None:
        lesson, warnings = venue.writer.run(
            lambda tx: lessons.substitute(tx, "A", "l2", reason="病假", by="l2", may_add=False, policies=policies)
        )
        assert lesson.teacher == "l2"
        assert [warning.code for warning in warnings] == [Code.TEACHERS_FEW, Code.FULL_TIME_FEW]
        with reading(venue.database) as connection:
            (fact,) = read_facts(connection, kinds=("lesson.substituted",))
        assert (fact.data["teacher"], fact.data["replaces"], fact.data["confirmed"]) == ("l2", "l1", True)

    def test_another_one_needs_the_administrator(self, venue: Venue) -> None:
        with pytest.raises(ForbiddenError, match="待区县确认"):
            venue.writer.run(
                lambda tx: lessons.substitute(tx, "A", "l3", reason="x", by="l2", may_add=False, policies=policies)
            )
        _, warnings = venue.writer.run(
            lambda tx: lessons.substitute(tx, "A", "l3", reason="x", by="admin", may_add=True, policies=policies)
        )
        assert Code.TEACHER_UNCONFIRMED in [warning.code for warning in warnings]

    def test_somebody_unknown(self, venue: Venue) -> None:
        with pytest.raises(InputError, match="nobody"):
            venue.writer.run(
                lambda tx: lessons.substitute(tx, "A", "nobody", reason="x", by="l2", may_add=True, policies=policies)
            )
