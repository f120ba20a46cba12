"""Classes, trainees, teachers and rooms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from edge_agent.errors import unknown
from edge_agent.model.kinds.plan import ClassSaved, ClassStateChanged, RoomSaved
from edge_agent.model.people import ClassState, Teacher, Trainee, TrainingClass
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.writer import Transaction


def save_class(tx: Transaction, training: TrainingClass, *, by: str) -> None:
    row = to_row(training)
    tx.execute(insert("classes", row, replace="id"), row)
    tx.append(
        ClassSaved(
            class_id=training.id,
            code=training.code,
            name=training.name,
            category=training.category,
            opens=training.opens,
            closes=training.closes,
            required_periods=training.required_periods,
            online_required=training.online_required,
            policy=training.policy,
            owner=training.owner.value,
            revision=training.revision,
            size_exception=training.size_exception,
        ),
        by=by,
    )


def set_class_state(
    tx: Transaction,
    class_id: str,
    state: ClassState,
    *,
    by: str,
    opened_by_hand: bool = False,
    warnings: tuple[str, ...] = (),
) -> None:
    training = get_class(tx.connection, class_id)
    revision = training.revision + 1
    tx.execute(
        "UPDATE classes SET state = ?, revision = ?, opened_by_hand = max(opened_by_hand, ?) WHERE id = ?",
        (state.value, revision, int(opened_by_hand), class_id),
    )
    tx.append(
        ClassStateChanged(
            class_id=class_id, state=state.value, revision=revision, opened_by_hand=opened_by_hand, warnings=warnings
        ),
        by=by,
    )


def get_class(connection: sqlite3.Connection, class_id: str) -> TrainingClass:
    row = connection.execute("SELECT * FROM classes WHERE id = ?", (class_id,)).fetchone()
    if row is None:
        raise unknown(class_id, "班级", "class")
    return from_row(TrainingClass, row)


def find_class(connection: sqlite3.Connection, code: str) -> TrainingClass | None:
    """Find a class by its 培训期次ID."""
    row = connection.execute("SELECT * FROM classes WHERE code = ?", (code,)).fetchone()
    return None if row is None else from_row(TrainingClass, row)


def running_classes(connection: sqlite3.Connection) -> dict[str, TrainingClass]:
    """Give the classes whose lessons count, by id: approved and closed ones, and those opened by hand."""
    rows = connection.execute(
        "SELECT * FROM classes WHERE state IN (?, ?) OR opened_by_hand AND state != ?",
        (ClassState.APPROVED.value, ClassState.CLOSED.value, ClassState.DELETED.value),
    )
    return {row["id"]: from_row(TrainingClass, row) for row in rows}


def list_classes(connection: sqlite3.Connection, *, deleted: bool = False) -> list[TrainingClass]:
    rows = connection.execute("SELECT * FROM classes ORDER BY opens DESC, code")
    found = [from_row(TrainingClass, row) for row in rows]
    return [training for training in found if deleted or training.state is not ClassState.DELETED]


def save_trainees(tx: Transaction, trainees: Iterable[Trainee]) -> None:
    """Insert or overwrite rows; the roster's fact and document are the caller's (`store/documents.py`)."""
    for trainee in trainees:
        row = to_row(trainee)
        tx.execute(insert("trainees", row, replace="id"), row)


def list_trainees(connection: sqlite3.Connection, class_id: str, *, inactive: bool = False) -> list[Trainee]:
    where = "" if inactive else " AND active"
    rows = connection.execute(f"SELECT * FROM trainees WHERE class_id = ?{where} ORDER BY name, id", (class_id,))  # noqa: S608 - a constant
    return [from_row(Trainee, row) for row in rows]


def search_trainees(connection: sqlite3.Connection, text: str, limit: int) -> list[Trainee]:
    """Give active trainees of classes that are not deleted, by a piece of the name or the end of a number."""
    for letter in "\\%_":
        text = text.replace(letter, f"\\{letter}")
    rows = connection.execute(
        "SELECT trainees.* FROM trainees JOIN classes ON classes.id = class_id"
        " WHERE trainees.active AND state != :deleted"
        " AND (trainees.name LIKE :piece ESCAPE '\\' OR phone LIKE :end ESCAPE '\\' OR document LIKE :end ESCAPE '\\')"
        " ORDER BY trainees.name, trainees.id LIMIT :limit",
        {"deleted": ClassState.DELETED.value, "piece": f"%{text}%", "end": f"%{text}", "limit": limit},
    )
    return [from_row(Trainee, row) for row in rows]


def count_trainees(connection: sqlite3.Connection) -> dict[str, int]:
    """Give the number of active trainees by class."""
    rows = connection.execute("SELECT class_id, count(*) AS trainees FROM trainees WHERE active GROUP BY class_id")
    return {row["class_id"]: row["trainees"] for row in rows}


def notified(connection: sqlite3.Connection, class_id: str) -> set[str]:
    """Give the trainees for whom 一键通知 was asked."""
    rows = connection.execute("SELECT id FROM trainees WHERE class_id = ? AND notified", (class_id,))
    return {row["id"] for row in rows}


def mark_notified(tx: Transaction, class_id: str) -> tuple[str, ...]:
    """Mark those who were not notified yet, and give them; the fact is the caller's."""
    rows = tx.execute(
        "UPDATE trainees SET notified = 1 WHERE class_id = ? AND active AND NOT notified RETURNING id", (class_id,)
    )
    return tuple(sorted(row["id"] for row in rows))


def find_trainee(connection: sqlite3.Connection, trainee: str) -> Trainee | None:
    row = connection.execute("SELECT * FROM trainees WHERE id = ?", (trainee,)).fetchone()
    return None if row is None else from_row(Trainee, row)


def get_trainee(connection: sqlite3.Connection, trainee: str) -> Trainee:
    found = find_trainee(connection, trainee)
    if found is None:
        raise unknown(trainee, "学员", "trainee")
    return found


def same_person(connection: sqlite3.Connection, trainee: str) -> list[Trainee]:
    """Give a person's rows, one a class, for the id of any of them; raises `NotFoundError` for an unknown one."""
    return find_person(connection, get_trainee(connection, trainee).document)


def find_person(connection: sqlite3.Connection, document: str) -> list[Trainee]:
    """Give a person's rows, one a class, by resident id."""
    rows = connection.execute("SELECT * FROM trainees WHERE document = ? AND active ORDER BY id", (document,))
    return [from_row(Trainee, row) for row in rows]


def set_verified(tx: Transaction, trainee: str, *, verified: bool) -> None:
    """Note the outcome of 实名认证; the fact is the caller's."""
    tx.execute("UPDATE trainees SET verified = ? WHERE id = ?", (int(verified), trainee))


def set_phone(tx: Transaction, document: str, phone: str) -> None:
    """Change a person's phone in all their classes."""
    tx.execute("UPDATE trainees SET phone = ? WHERE document = ? AND active", (phone, document))


def save_teachers(tx: Transaction, teachers: Iterable[Teacher]) -> None:
    for teacher in teachers:
        row = to_row(teacher)
        tx.execute(insert("teachers", row, replace="id"), row)


def list_teachers(connection: sqlite3.Connection) -> list[Teacher]:
    return [from_row(Teacher, row) for row in connection.execute("SELECT * FROM teachers ORDER BY name, id")]


def save_room(tx: Transaction, room: str, name: str, *, by: str, active: bool = True) -> None:
    row = {"id": room, "name": name, "active": int(active)}
    tx.execute(insert("rooms", row, replace="id"), row)
    tx.append(RoomSaved(room=room, name=name, active=active), by=by)


def get_room(connection: sqlite3.Connection, room: str) -> str:
    """Give a room's name; raises `NotFoundError`."""
    row = connection.execute("SELECT name FROM rooms WHERE id = ?", (room,)).fetchone()
    if row is None:
        raise unknown(room, "教室", "room")
    return str(row["name"])


def list_rooms(connection: sqlite3.Connection) -> dict[str, str]:
    """Give the names of the rooms in use, by id."""
    return {row["id"]: row["name"] for row in connection.execute("SELECT * FROM rooms WHERE active ORDER BY name")}
