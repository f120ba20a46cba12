"""实名认证: who was compared with a resident id card, by pictures or by a person, and what came of it."""

from __future__ import annotations

from edge_agent.errors import InputError
from edge_agent.model.kinds.people import IdentityChecked
from edge_agent.store.database import Connection
from edge_agent.store.training import get_trainee, set_verified
from edge_agent.store.writer import Transaction

_TEMPORARY = "temporary"


def require_resident_card(connection: Connection, trainee: str) -> None:
    """Raise `InputError` for whoever is on the roster with a temporary card, `NotFoundError` for nobody."""
    if get_trainee(connection, trainee).document_type == _TEMPORARY:
        raise InputError(
            "不接受临时身份证 / a temporary id card is not accepted.",
            do="请用居民身份证；办好之前可手动签到。Use the resident id card; until then sign the trainee in by hand.",
        )


def check(tx: Transaction, checked: IdentityChecked, *, by: str) -> None:
    """Note an outcome, good or bad, with its fact. A refusal by a person says why."""
    if checked.method == "manual" and not checked.accepted and not checked.reason.strip():
        raise InputError("reason: 没有填写不通过的原因 / empty.", do="请写明原因。Say why it was refused.")
    require_resident_card(tx.connection, checked.trainee)
    set_verified(tx, checked.trainee, verified=checked.accepted)
    tx.append(checked, by=by)
