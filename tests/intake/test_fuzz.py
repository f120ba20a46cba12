"""Whatever is handed in, there is an answer, and it names what to do."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.intake.roster import parse_roster
from edge_agent.intake.timetable import parse_timetable
from tests.intake.workbooks import repacked, text, trainee, training, workbook, world

WORLD = world(classes=(training(),), trainees=(trainee(1),), rooms={"r1": "101"})
WHOLE = workbook([["姓名", "身份证号"], ["王小明", "11010519491231002X"]], merges=["A5:B5"])
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SPAN = (datetime(1950, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001 - as a spreadsheet has them
words = st.text(alphabet="0123456789年月日:.-~至 上午下课时王X/", max_size=14)
cells = st.one_of(
    st.none(),
    words,
    st.integers(-10, 60_000),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2060, 1, 1)),
    st.times().map(lambda moment: moment.replace(microsecond=0)),
    st.datetimes(*SPAN).map(lambda at: at.replace(microsecond=0)),
    st.timedeltas(timedelta(0), timedelta(days=2)),
)
ROSTER = ["姓名", "身份证号", "证件类型", "手机号", "分组", "线上课时", "证书编号"]
TIMETABLE = ["日期", "上课时间", "结束时间", "课时", "课间休息", "课程", "讲师", "教室", "分组", "类型"]


def rows(width: int) -> st.SearchStrategy[list[list[object]]]:
    return st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5)


@QUICK
@given(st.binary(max_size=400), st.sampled_from(["a.xlsx", "a.csv", "a.et"]))
def test_any_bytes(data: bytes, name: str) -> None:
    assert parse_roster(data, name, WORLD).problems.errors or parse_roster(data, name, WORLD).groups


@QUICK
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_flipped_byte(at: int, flip: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= flip
    parse_roster(bytes(damaged), "a.xlsx", WORLD)


@QUICK
@given(st.data())
def test_any_damage_inside_the_archive(data: st.DataObject) -> None:
    """Damage that the archive's checksums don't see."""

    def damage(name: str, body: bytes) -> bytes:
        if not data.draw(st.booleans(), name):
            return body
        at = data.draw(st.integers(0, len(body) - 1), "at")
        return body[:at] + data.draw(st.binary(max_size=8), "in") + body[at + data.draw(st.integers(0, 20), "out") :]

    parse_roster(repacked(WHOLE, damage), "a.xlsx", WORLD)


@QUICK
@given(rows(len(ROSTER)))
def test_any_roster(body: list[list[object]]) -> None:
    draft = parse_roster(workbook([ROSTER, *body]), "a.xlsx", WORLD)
    assert draft.problems.errors or draft.groups
    parse_roster(text([ROSTER, *body]), "a.csv", WORLD)


@QUICK
@given(rows(len(TIMETABLE)))
def test_any_timetable(body: list[list[object]]) -> None:
    draft = parse_timetable(workbook([TIMETABLE, *body]), "a.xlsx", WORLD)
    lessons = [row.lesson for group in draft.groups for row in group.rows]
    assert all(1 <= lesson.periods <= 16 and isinstance(lesson.start, time) for lesson in lessons)
    parse_timetable(text([TIMETABLE, *body]), "a.csv", WORLD)
