"""All that is on the record of one class, as of one moment: what verdicts, sheets and packages are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from edge_agent.model.lesson import Lesson, Timetable
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import Teacher, Trainee, TrainingClass
from edge_agent.model.span import AttendanceUnit, Slot, Span
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.attendance import Mark, Marks
from edge_agent.rules.gaps import Cause
from edge_agent.rules.plan import Schedule
from edge_agent.rules.slots import Fate, fate
from edge_agent.rules.standing import ClassStanding, TraineeStanding, judge_class, judge_trainee
from edge_agent.rules.verdict import Found, LessonVerdict, judge_lesson
from edge_agent.rules.windows import attendance_units, lesson_times
from edge_agent.store import accounts, attendance, cameras, gaps, lessons, media, slots, supplements, training
from edge_agent.store.attendance import Tap
from edge_agent.store.database import Connection
from edge_agent.store.gaps import NotedGap
from edge_agent.store.slots import SlotState
from edge_agent.store.supplements import Supplement


@dataclass(frozen=True)
class ClassRecord:
    """A class as of `at`. Facts stay in the journal; these are the tables that were written with them.

    `recordings` are by the lesson that they are filed under, `carried_over` by the lesson whose time they reach into.
    `snapshots` are what fills slots, by media id: pictures, and the clips of a policy that asks for them. `cameras` are
    by room, `devices` say their names, `people` those of accounts. `elsewhere` are the taps of this class's people in
    classes of other rooms.
    """

    at: datetime
    training: TrainingClass
    policy: LoadedPolicy
    trainees: Sequence[Trainee]
    teachers: Mapping[str, Teacher]
    lessons: Sequence[Lesson]
    rooms: Mapping[str, str]
    cameras: Mapping[str, tuple[str, ...]]
    devices: Mapping[str, str]
    people: Mapping[str, str]
    taps: Sequence[Tap]
    slots: Mapping[str, SlotState]
    recordings: Mapping[str, Sequence[Media]]
    carried_over: Mapping[str, Sequence[Media]]
    snapshots: Mapping[str, Media]
    causes: Mapping[str, Mapping[str, Sequence[Cause]]]
    supplements: Sequence[Supplement]
    elsewhere: Mapping[str, Sequence[Tap]]

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(Timetable(tuple(self.lessons), dict(self.cameras)), self.policy.policy)

    @cached_property
    def marks(self) -> Mapping[str, Marks]:
        """Each trainee's marks by unit."""
        found: dict[str, dict[str, Mark]] = {trainee.id: {} for trainee in self.trainees}
        arrived = {(tap.trainee, tap.unit): tap.at for tap in self.taps if tap.direction == "in"}
        left = {(tap.trainee, tap.unit): tap.at for tap in self.taps if tap.direction == "out"}
        for (trainee, unit), at in arrived.items():
            found.setdefault(trainee, {})[unit] = Mark(at, left.get((trainee, unit)))
        return found

    def units(self, trainee: Trainee) -> tuple[AttendanceUnit, ...]:
        return self.schedule.units(self.training.id, trainee.subgroup)

    def owed(self, lesson: Lesson) -> tuple[Slot, ...]:
        """Give the slots that a lesson owes, void ones included."""
        return self.schedule.slots[lesson.id]

    def fate(self, slot: Slot) -> Fate:
        known = self.slots.get(slot.id)
        return fate(slot, known.state if known else "", self.at)

    def cause(self, slot: Slot) -> str:
        """Give why a slot is missed or void, as a code or in an operator's words; else nothing."""
        known = self.slots.get(slot.id)
        return slot.void or (known.cause if known else "unjudged" if self.fate(slot) is Fate.MISSED else "")

    def found(self, lesson: Lesson) -> Found:
        """Give what is on the record of one lesson, as the verdict takes it."""
        recorded: dict[str, list[Span]] = defaultdict(list)
        for segment in self.recordings.get(lesson.id, ()):
            recorded[segment.camera].append(Span(segment.start, segment.end))
        begins = lesson_times(lesson, self.policy.policy).start
        for segment in self.carried_over.get(lesson.id, ()):
            recorded[segment.camera].append(Span(max(segment.start, begins), segment.end))
        expected = {
            trainee.id for trainee in self.trainees if not lesson.subgroup or trainee.subgroup == lesson.subgroup
        }
        noted = [row for slot in self.owed(lesson) if (row := self.slots.get(slot.id))]
        return Found(
            cameras=self.schedule.timetable.cameras(lesson),
            recorded=recorded,
            causes=self.causes.get(lesson.id, {}),
            taken=[row.id for row in noted if row.media],
            missed=[row.id for row in noted if row.state == "missed"],
            marks={trainee: marks for trainee, marks in self.marks.items() if trainee in expected},
        )

    @cached_property
    def verdicts(self) -> Mapping[str, LessonVerdict]:
        policy = self.policy.policy
        return {lesson.id: judge_lesson(lesson, policy, self.at, self.found(lesson)) for lesson in self.lessons}

    @cached_property
    def standings(self) -> Mapping[str, TraineeStanding]:
        return {
            trainee.id: judge_trainee(
                self.units(trainee),
                self.marks[trainee.id],
                self.training,
                self.policy.policy,
                self.at,
                online=trainee.online_periods,
            )
            for trainee in self.trainees
        }

    def recognised(self, trainee: Trainee) -> int:
        """Give the periods that the district recognised for a trainee beyond those that were earned by taps."""
        by_lesson: dict[str, int] = defaultdict(int)
        for each in self.supplements:
            if each.document and trainee.id in each.trainees:
                by_lesson[each.lesson] += each.periods
        marks = self.marks[trainee.id]
        total = 0
        for lesson in self.lessons:
            earned = sum(
                unit.periods
                for unit in self.units(trainee)
                if lesson.id in unit.lessons and (mark := marks.get(unit.id)) and mark.signed_out
            )
            total += max(0, min(by_lesson[lesson.id], lesson.periods - earned))
        return total

    @cached_property
    def standing(self) -> ClassStanding:
        return judge_class(
            self.training,
            self.policy.policy,
            lessons=self.verdicts.values(),
            trainees=self.standings.values(),
            units=self.schedule.units(self.training.id),
        )


def read_class(
    connection: Connection, class_id: str, policy: LoadedPolicy, now: datetime, *, only: str = ""
) -> ClassRecord:
    """Read a class, or `only` one lesson of it; call it inside `database.reading`, so that all is of one moment."""
    course = training.get_class(connection, class_id)
    own = [lessons.get_lesson(connection, only)] if only else lessons.list_lessons(connection, class_id=class_id)
    by_room: dict[str, tuple[str, ...]] = {}
    devices = cameras.list_cameras(connection)
    for camera in devices:
        by_room[camera.room] = (*by_room.get(camera.room, ()), camera.id)
    return ClassRecord(
        at=now.astimezone(policy.policy.zone),
        training=course,
        policy=policy,
        trainees=training.list_trainees(connection, class_id),
        teachers={teacher.id: teacher for teacher in training.list_teachers(connection)},
        lessons=own,
        rooms=training.list_rooms(connection),
        cameras=by_room,
        people={} if only else {each.id: each.name for each in accounts.list_accounts(connection)},
        devices={camera.id: camera.name or camera.id for camera in devices},
        taps=_taps(connection, class_id, own, policy) if only else attendance.of_class(connection, class_id),
        slots={slot.id: slot for lesson in own for slot in slots.of_lesson(connection, lesson.id)},
        recordings={
            lesson.id: media.of_lesson(connection, lesson.id, MediaKind.RECORDING, deleted=True) for lesson in own
        },
        carried_over={
            lesson.id: media.carried_over(
                connection,
                lesson.id,
                lesson.cameras or by_room.get(lesson.room, ()),
                lesson_times(lesson, policy.policy).taught,
            )
            for lesson in own
        },
        snapshots={
            picture.id: picture
            for lesson in own
            for kind in (MediaKind.SNAPSHOT, MediaKind.CLIP)
            for picture in media.of_lesson(connection, lesson.id, kind, deleted=True)
        },
        supplements=supplements.of_class(connection, class_id),
        elsewhere={} if only else attendance.elsewhere(connection, class_id),
        causes={lesson.id: _causes(gaps.of_lesson(connection, lesson.id), now) for lesson in own},
    )


def _taps(connection: Connection, class_id: str, own: Sequence[Lesson], policy: LoadedPolicy) -> list[Tap]:
    units = {unit.id for lesson in own for unit in attendance_units((lesson,), policy.policy, lesson.subgroup)}
    return attendance.of_units(connection, class_id, tuple(sorted(units))) if units else []


def _causes(noted: Iterable[NotedGap], now: datetime) -> Mapping[str, Sequence[Cause]]:
    """Give the causes by camera; a gap that nobody has closed lasts until now."""
    found: dict[str, list[Cause]] = defaultdict(list)
    for gap in noted:
        found[gap.camera].append(Cause(Span(gap.start, gap.end or max(now, gap.start)), gap.cause))
    return found
