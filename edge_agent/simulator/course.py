"""A class of two compressed lessons, as the tables that an office would hand over."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

CODE, NAME = "DEMO-0001", "育婴员演示班"
ROOM = "101 教室"
TEACHER, TEACHER_PHONE = "陈讲师", "13900006173"
LIVING, *BY_HAND = "王小明", "李红", "张伟"
"""One who signs in by face; two who gave no consent and are signed by hand, which counts the same."""

_DOCUMENTS = ("11010519491231002X", "110105199003070025", "110105198806150016")
LESSON = timedelta(minutes=1)
LESSONS = 2


@dataclass(frozen=True)
class Course:
    """`begins` is the first lesson's start, in the policy's zone; the second follows without a break."""

    begins: datetime

    @property
    def lessons(self) -> Sequence[tuple[datetime, datetime]]:
        return [(self.begins + number * LESSON, self.begins + (number + 1) * LESSON) for number in range(LESSONS)]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write classes, teachers, roster and timetable into `folder`, in the order in which they are imported."""
        first, last = (self.begins - LESSON).date(), (self.begins + timedelta(days=1)).date()
        tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
            "classes": (
                ("培训期次ID", "班级名称", "培训类别", "开班时间", "结班时间", "核定课时", "培训规则"),
                [(CODE, NAME, "育婴员", first, last, LESSONS, "demo-minute")],
            ),
            "teachers": (("姓名", "专职兼职", "手机号码", "班级"), [(TEACHER, "专职", TEACHER_PHONE, CODE)]),
            "roster": (
                ("姓名", "身份证号码", "手机号码", "班级"),
                [
                    (name, document, f"1380000{number:04}", CODE)
                    for number, (name, document) in enumerate(zip((LIVING, *BY_HAND), _DOCUMENTS, strict=True))
                ],
            ),
            "timetable": (
                ("日期", "上课时间", "课时", "课程", "讲师", "教室", "班级"),
                [
                    (start.date(), f"{start:%H:%M:%S}", 1, subject, TEACHER, ROOM, CODE)
                    for (start, _), subject in zip(self.lessons, ("婴儿喂养", "婴儿护理"), strict=True)
                ],
            ),
        }
        return {name: _write(folder / f"{name}.csv", *table) for name, table in tables.items()}


def _write(file: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([headings, *rows])
    return file
