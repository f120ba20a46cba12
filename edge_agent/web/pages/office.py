"""成员管理 and 系统."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent import __version__
from edge_agent.model.media import MediaKind
from edge_agent.store import accounts, cameras, kiosks, law, media, training
from edge_agent.store.accounts import Role
from edge_agent.store.alarms import list_open
from edge_agent.store.facts import read_head, recent_facts
from edge_agent.store.provisional import count_waiting
from edge_agent.upkeep.certificates import certificate_ends
from edge_agent.web.api.support import SUPPORT_BUNDLE
from edge_agent.web.guard import Administrator
from edge_agent.web.views.journal import KINDS
from edge_agent.web.views.models import weights
from edge_agent.web.views.orders import pending
from edge_agent.web.words import words

router = APIRouter(prefix="/console")

_SOON = timedelta(days=30)
"""So long before its end a certificate is shown as a worry; it is renewed far earlier where that works."""


@router.get("/members")
def members(visitor: Administrator) -> Response:
    with visitor.reading() as connection:
        found = accounts.list_accounts(connection, Role.ADMINISTRATOR, Role.INSTRUCTOR, Role.INSPECTOR)
        teachers = training.list_teachers(connection)
    return visitor.page("console/members.html", members=found, teachers=teachers)


@router.get("/system")
def system(visitor: Administrator) -> Response:
    site, say = visitor.site, words(visitor.language).gettext
    with visitor.reading() as connection:
        head = read_head(connection)
        rooms = training.list_rooms(connection)
        paired = kiosks.list_kiosks(connection)
        bound = cameras.list_cameras(connection)
        waiting = count_waiting(connection)
        actions = recent_facts(connection, limit=20)
        names = {each.id: each.name for each in accounts.list_accounts(connection)}
        names |= {each.id: each.name for each in paired}
        assessment = law.registered(connection, configured=site.settings.faces.impact_assessment)
        alarms = list_open(connection)
        bundles = list(media.present(connection, MediaKind.SUPPORT))[::-1]
        orders = pending(connection, SUPPORT_BUNDLE, site.now().wall, visitor.language)
    free, total = site.files.space()
    return visitor.page(
        "console/system.html",
        stamp=site.now(),
        head=head,
        version=__version__,
        rooms=rooms,
        kiosks=paired,
        cameras=bound,
        waiting=waiting,
        free=free,
        total=total,
        facts=actions,
        kinds={kind: say(title) for kind, title in KINDS.items()},
        names=names,
        policy=site.policies(site.settings.policy),
        alarms=alarms,
        bundles=bundles,
        orders=orders,
        certificates=dict(certificate_ends(site.settings.store.data_dir)),
        soon=site.now().wall + _SOON,
        models=weights(site.settings),
        assessment=assessment,
        recognises=site.faces is not None and site.faces.ready(),
    )
