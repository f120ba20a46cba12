"""Where a trainee and a class stand: passed, still able to, or not any more (RULES, readings 7 and 15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge_agent.model.people import TrainingClass
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Mark, Marks
from edge_agent.rules.credit import attended_required, credit, longest_pair, needed, pass_rule
from edge_agent.rules.policy import Policy
from edge_agent.rules.reasons import Code, Params, Reason, Remedy
from edge_agent.rules.verdict import LessonVerdict, Verdict


class Prospect(StrEnum):
    PASSED = "passed"
    OPEN = "open"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class TraineeStanding:
    """`credited` and `strict` are attended periods by both readings of the pair limit, `online` are periods learnt
    online. `possible` adds every period that can still be attended. The trainee can still miss `spare_periods` of
    those (negative: so many are lacking), or any `spare_units` of the units that are left.
    """

    credited: int
    strict: int
    online: float
    required: int
    needed: int
    possible: int
    spare_periods: int
    spare_units: int
    prospect: Prospect
    reasons: tuple[Reason, ...]


def judge_trainee(
    units: Sequence[AttendanceUnit],
    marks: Marks,
    training: TrainingClass,
    policy: Policy,
    now: datetime,
    *,
    online: float = 0,
) -> TraineeStanding:
    """Give a trainee's standing; `units` are all of the trainee's, held and to come."""
    required = attended_required(training, policy)
    # online periods that count together with the attended ones leave fewer to attend
    together = 0 if policy.passing.online_separately else int(min(online, training.online_required))
    enough = max(needed(required, policy) - together, 0)
    earned = credit(units, marks, policy)
    left = [unit for unit in units if unit.periods and _obtainable(unit, marks.get(unit.id), policy, now)]
    possible = earned + sum(unit.periods for unit in left)
    credited, strict = min(earned, required), credit(units, marks, policy, approved=required, strict=True)
    result = pass_rule(credited, online, training, policy)
    online_short = policy.passing.online_separately and online < needed(training.online_required, policy)
    reasons = list(_lost(units, marks, now))
    if possible < enough:
        reasons.append(Reason(Code.CREDIT_SHORT, {"credited": credited, "needed": enough, "possible": possible}))
    if online_short:
        params = {"credited": online, "needed": needed(training.online_required, policy)}
        reasons.append(Reason(Code.ONLINE_SHORT, params))
    if strict < credited:
        reasons.append(Reason(Code.STRICT_READING, {"credited": credited, "strict": strict}))
    return TraineeStanding(
        credited=credited,
        strict=strict,
        online=online,
        required=required,
        needed=enough,
        possible=possible,
        spare_periods=possible - enough,
        spare_units=_spare_units(left, possible - enough),
        prospect=Prospect.PASSED if result.passed else Prospect.LOST if possible < enough else Prospect.OPEN,
        reasons=tuple(reasons),
    )


def _obtainable(unit: AttendanceUnit, mark: Mark | None, policy: Policy, now: datetime) -> bool:
    """Say whether a unit that earned nothing yet still can."""
    if mark is None:
        return now <= unit.sign_in.end
    if mark.signed_out is not None or now > unit.sign_out.end:
        return False
    longest = longest_pair(policy)
    return longest is None or max(now, unit.sign_out.start) - mark.signed_in <= longest


def _spare_units(left: Iterable[AttendanceUnit], spare_periods: int) -> int:
    """How many units may be missed whichever they are: the largest are missed first."""
    count = 0
    for size in sorted((unit.periods for unit in left), reverse=True):
        spare_periods -= size
        if spare_periods < 0:
            break
        count += 1
    return count


def _lost(units: Iterable[AttendanceUnit], marks: Marks, now: datetime) -> Iterator[Reason]:
    for unit in units:
        mark = marks.get(unit.id)
        params: Params = {"unit": unit.id, "periods": unit.periods}
        if mark is None and unit.periods and now > unit.sign_in.end:
            yield Reason(Code.UNIT_LOST, params, Remedy.FILE_EXPLANATION)
        elif mark is not None and mark.signed_out is None and now >= unit.sign_out.start:
            late = now > unit.sign_out.end
            remedy = Remedy.FILE_EXPLANATION if late else Remedy.SIGN_OUT
            yield Reason(Code.UNIT_OPEN, params, remedy, None if late else unit.sign_out.end)


@dataclass(frozen=True, slots=True)
class ClassStanding:
    """`verdict` is `complete` once no lesson is outstanding and none is partial or missing."""

    class_id: str
    verdict: Verdict
    lessons: Mapping[Verdict, int]
    trainees: Mapping[Prospect, int]
    planned_periods: int
    reasons: tuple[Reason, ...]


def judge_class(
    training: TrainingClass,
    policy: Policy,
    *,
    lessons: Iterable[LessonVerdict],
    trainees: Iterable[TraineeStanding],
    units: Iterable[AttendanceUnit],
    findings: Iterable[Reason] = (),
) -> ClassStanding:
    """Sum a class up; `units` are those of one trainee of it, `findings` come from `limits`."""
    by_verdict = Counter(lesson.verdict for lesson in lessons)
    planned = sum(unit.periods for unit in units)
    reasons = list(findings)
    if planned < (required := attended_required(training, policy)):
        reasons.append(Reason(Code.TIMETABLE_SHORT, {"planned": planned, "required": required}, Remedy.ADD_LESSONS))
    return ClassStanding(
        class_id=training.id,
        verdict=_sum(by_verdict),
        lessons=by_verdict,
        trainees=Counter(trainee.prospect for trainee in trainees),
        planned_periods=planned,
        reasons=tuple(reasons),
    )


def _sum(lessons: Counter[Verdict]) -> Verdict:
    judged = lessons.total() - lessons[Verdict.CANCELLED]
    if not judged:
        return Verdict.CANCELLED if lessons else Verdict.NOT_YET
    if lessons[Verdict.NOT_YET]:
        return Verdict.NOT_YET
    for verdict in (Verdict.COMPLETE, Verdict.MISSING):
        if lessons[verdict] == judged:
            return verdict
    return Verdict.PARTIAL
