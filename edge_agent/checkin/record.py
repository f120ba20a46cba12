"""Writing down what a visit did, in the transaction in which it was judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edge_agent.checkin.person import Claim, Judgement, rivals
from edge_agent.checkin.visit import Reply, Said, Visit
from edge_agent.model.kinds.attendance import Conflict, Refused, SignedIn, SignedOut
from edge_agent.model.lesson import Lesson
from edge_agent.model.span import AttendanceUnit
from edge_agent.store import attendance
from edge_agent.store.writer import Transaction


def record(tx: Transaction, claimed: Sequence[Claim], judged: Judgement, visit: Visit, at: datetime) -> Reply:
    """Append the facts of one judgement and give what is said of it; held and repeated visits leave none."""
    trainee, policy, unit, lesson = judged.claim.trainee, judged.claim.policy.stamp, judged.unit, judged.lesson
    if unit is not None and lesson is not None:
        if judged.said.counts:
            attendance.record(tx, _counted(judged, unit, lesson, visit, at), by=visit.by, policy=policy)
        if judged.said is Said.SIGNED_IN and (others := rivals(claimed, judged, at)):
            tx.append(Conflict(trainee=trainee.id, units=(unit.id, *others), at=at), policy=policy)
        if judged.said in {Said.TOO_LATE, Said.NOT_SIGNED_IN}:
            tx.append(_refused(judged, unit, visit, at), by=visit.by, policy=policy)
    return Reply(
        said=judged.said,
        trainee=trainee.id,
        class_id=trainee.class_id,
        unit="" if unit is None else unit.id,
        lesson="" if lesson is None else lesson.id,
        at=at,
        until=judged.until,
    )


def _counted(
    judged: Judgement, unit: AttendanceUnit, lesson: Lesson, visit: Visit, at: datetime
) -> SignedIn | SignedOut:
    kind = SignedIn if judged.said is Said.SIGNED_IN else SignedOut
    return kind(
        unit=unit.id,
        class_id=judged.claim.trainee.class_id,
        lesson=lesson.id,
        trainee=judged.claim.trainee.id,
        at=at,
        method=visit.method,
        visit=visit.id,
        kiosk=visit.kiosk,
        revision=lesson.revision,
        reason=visit.reason,
        recognition=visit.recognition,
    )


def _refused(judged: Judgement, unit: AttendanceUnit, visit: Visit, at: datetime) -> Refused:
    return Refused(
        outcome="too_late" if judged.said is Said.TOO_LATE else "not_signed_in",
        unit=unit.id,
        class_id=judged.claim.trainee.class_id,
        trainee=judged.claim.trainee.id,
        at=at,
        method=visit.method,
        visit=visit.id,
        kiosk=visit.kiosk,
    )
