"""Reads what an import must know out of the store."""

from __future__ import annotations

from datetime import datetime

from edge_agent.intake.world import World
from edge_agent.model.people import ClassState
from edge_agent.policies import load_policy, policy_names
from edge_agent.store.database import Connection
from edge_agent.store.lessons import list_lessons
from edge_agent.store.training import list_classes, list_rooms, list_teachers, list_trainees


def load_world(connection: Connection | None, *, now: datetime, policy: str) -> World:
    """Load the classes and what belongs to those that are running; `policy` judges new ones.

    Without a connection (no database yet) the world is empty, so that a dry run needs none.
    """
    classes = list_classes(connection) if connection else []
    names = {policy, *policy_names(), *(training.policy for training in classes)}
    policies = {name: load_policy(name).policy for name in sorted(names)}
    local = now.astimezone(policies[policy].zone)
    if connection is None:
        return World(local, policy, policies)
    running = [training.id for training in classes if training.state is not ClassState.CLOSED]
    return World(
        now=local,
        policy=policy,
        policies=policies,
        classes=tuple(classes),
        trainees=tuple(
            trainee for class_id in running for trainee in list_trainees(connection, class_id, inactive=True)
        ),
        lessons=tuple(
            lesson
            for class_id in running
            for lesson in list_lessons(connection, class_id=class_id)
            if not lesson.cancelled
        ),
        teachers=tuple(list_teachers(connection)),
        rooms=list_rooms(connection),
    )
