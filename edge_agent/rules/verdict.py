"""Whether a lesson's evidence is complete, and if not, why and what can still be mended.

The verdict is given when the lesson's last sign-out window has closed; until then it is `not_yet`, and its reasons
already name what is lost. A lesson is covered where at least one of its cameras recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Period, Slot, Span
from edge_agent.rules.attendance import Marks
from edge_agent.rules.gaps import UNKNOWN, Cause, Gap, covered, gaps
from edge_agent.rules.policy import Policy
from edge_agent.rules.reasons import Code, Params, Reason, Remedy
from edge_agent.rules.slots import Fate, fate, slots
from edge_agent.rules.windows import LessonTimes, attendance_units, lesson_times, periods


class Verdict(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"
    NOT_YET = "not_yet"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is on the record of one lesson.

    `recorded` and `causes` are by camera, `taken` and `missed` are slot ids as they are on the record, `marks` has each
    trainee who should have come.
    """

    cameras: Sequence[str] = ()
    recorded: Mapping[str, Sequence[Span]]
    causes: Mapping[str, Sequence[Cause]]
    taken: Collection[str] = ()
    missed: Collection[str] = ()
    marks: Mapping[str, Marks]


@dataclass(frozen=True, slots=True)
class PeriodVerdict:
    number: int
    verdict: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LessonVerdict:
    """`gaps` are those of the lesson as a whole: no camera recorded."""

    lesson: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    periods: tuple[PeriodVerdict, ...]
    gaps: tuple[Gap, ...] = ()


def judge_lesson(lesson: Lesson, policy: Policy, now: datetime, found: Found) -> LessonVerdict:
    """Give the verdict on a lesson at `now`, and on each of its periods."""
    if lesson.cancelled:
        why = (Reason(Code.CANCELLED, {"reason": lesson.cancel_reason}),)
        every = tuple(PeriodVerdict(each.number, Verdict.CANCELLED, why) for each in periods(lesson, policy))
        return LessonVerdict(lesson.id, Verdict.CANCELLED, why, every)
    judge = _Judge(lesson, policy, now, found)
    return LessonVerdict(lesson.id, judge.verdict(), judge.reasons(), tuple(judge.periods()), judge.gaps)


class _Judge:
    """One lesson at one moment; what several verdicts need is computed once."""

    def __init__(self, lesson: Lesson, policy: Policy, now: datetime, found: Found) -> None:
        self.lesson, self.policy, self.now, self.found = lesson, policy, now, found
        self.times: LessonTimes = lesson_times(lesson, policy)
        self.units = attendance_units((lesson,), policy, lesson.subgroup)
        self.recorded = [span for spans in found.recorded.values() for span in spans]
        owed = [slot for slot in slots(lesson, policy) if not slot.void]
        became = [(slot, fate(slot, self._noted(slot), now)) for slot in owed]
        self.taken, self.missed, self.judging = (
            [slot for slot, each in became if each is wanted] for wanted in (Fate.TAKEN, Fate.MISSED, Fate.JUDGING)
        )
        self.gaps = self._gaps(self.recorded, [cause for causes in found.causes.values() for cause in causes])

    def verdict(self) -> Verdict:
        closes = max([self.times.end, *(unit.sign_out.end for unit in self.units)])
        return self._verdict(closes, self.times.taught, self.reasons(), self.taken, self.judging)

    def reasons(self) -> tuple[Reason, ...]:
        return (*self._recording(), *map(self._snapshot, self.missed), *self._attendance())

    def periods(self) -> Iterator[PeriodVerdict]:
        for period in periods(self.lesson, self.policy):
            if not period.held:
                ended = Reason(Code.ENDED_EARLY, {"at": self.times.end})
                yield PeriodVerdict(period.number, Verdict.CANCELLED, (ended,))
                continue
            missed = (self._snapshot(slot) for slot in self.missed if slot.period == period.number)
            reasons = (*self._holes(period), *missed)
            taken, judging = (
                [slot for slot in each if slot.period == period.number] for each in (self.taken, self.judging)
            )
            verdict = self._verdict(period.span.end, period.span, reasons, taken, judging)
            yield PeriodVerdict(period.number, verdict, reasons)

    def _noted(self, slot: Slot) -> str:
        if slot.id in self.found.taken:
            return "taken"
        return "missed" if slot.id in self.found.missed else ""

    def _verdict(
        self, closes: datetime, taught: Span, reasons: Iterable[Reason], taken: Sequence[Slot], judging: Sequence[Slot]
    ) -> Verdict:
        if self.now <= closes or judging:
            return Verdict.NOT_YET
        if not any(reason.is_fault for reason in reasons):
            return Verdict.COMPLETE
        return Verdict.PARTIAL if taken or covered(taught, self.recorded) else Verdict.MISSING

    def _gaps(self, recorded: Iterable[Span], causes: Sequence[Cause]) -> tuple[Gap, ...]:
        """Give the gaps until now. What a lesson that still runs is recording shows only when the segment is closed,
        so its last moments are missing only where a cause says so.
        """
        until = min(self.now, self.times.end)
        if until <= self.times.start:
            return ()
        tolerance = self.policy.recording.gap_tolerance
        found = gaps(Span(self.times.start, until), recorded, causes, tolerance=tolerance)
        if found and self.now < self.times.end and found[-1].span.end == until and found[-1].cause == UNKNOWN:
            return found[:-1]
        return found

    def _recording(self) -> Iterator[Reason]:
        running = self.now < self.times.end
        if not self.found.cameras:
            yield Reason(Code.NO_CAMERA, remedy=Remedy.ASSOCIATE_CAMERA if running else None, until=self.times.end)
        if self.gaps and not running and not covered(self.times.taught, self.recorded):
            yield Reason(Code.NOT_RECORDED, {"cause": self.gaps[0].cause}, Remedy.FILE_SUPPLEMENT)
            return
        yield from map(self._gap, self.gaps)
        if len(self.found.cameras) > 1:
            for camera in self.found.cameras:
                own = self._gaps(self.found.recorded.get(camera, ()), self.found.causes.get(camera, ()))
                missing = sum((gap.span.length for gap in own), timedelta(0)).total_seconds()
                if missing:
                    yield Reason(Code.CAMERA_INCOMPLETE, {"camera": camera, "seconds": round(missing)})

    def _gap(self, gap: Gap) -> Reason:
        still_open = self.now < self.times.end and gap.span.end == self.now
        remedy = Remedy.CHECK_CAMERA if still_open else Remedy.FILE_SUPPLEMENT
        return Reason(Code.GAP, {"start": gap.span.start, "end": gap.span.end, "cause": gap.cause}, remedy)

    def _holes(self, period: Period) -> Iterator[Reason]:
        for gap in self.gaps:
            if gap.span.overlaps(period.span):
                span = Span(max(gap.span.start, period.span.start), min(gap.span.end, period.span.end))
                yield self._gap(Gap(span, gap.cause))

    def _snapshot(self, slot: Slot) -> Reason:
        params: Params = {"slot": slot.id, "kind": slot.kind.value, "period": slot.period or 0}
        drawn = covered(slot.window, self.recorded)
        return Reason(Code.SNAPSHOT_MISSED, params, Remedy.DRAW_FROM_RECORDING if drawn else Remedy.FILE_SUPPLEMENT)

    def _attendance(self) -> Iterator[Reason]:
        everyone = self.found.marks.values()
        for unit in self.units:
            own = [marks[unit.id] for marks in everyone if unit.id in marks]
            if everyone and not own and self.now > unit.teaching.start:
                late = self.now > unit.sign_in.end
                remedy = Remedy.FILE_EXPLANATION if late else Remedy.SIGN_IN
                yield Reason(Code.NOBODY_SIGNED_IN, {"unit": unit.id}, remedy, None if late else unit.sign_in.end)
            inside = sum(mark.signed_out is None for mark in own)
            if inside and self.now >= unit.sign_out.start:
                late = self.now > unit.sign_out.end
                remedy = Remedy.FILE_EXPLANATION if late else Remedy.SIGN_OUT
                params: Params = {"unit": unit.id, "count": inside}
                yield Reason(Code.NOT_SIGNED_OUT, params, remedy, None if late else unit.sign_out.end)
