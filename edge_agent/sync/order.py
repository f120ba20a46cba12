"""Which kinds of media may go now, and in which order: the most telling first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from edge_agent.model.media import MediaKind, UploadPolicy
from edge_agent.settings import MediaSettings, SyncSettings
from edge_agent.store.uploads import Wanted

ORDER = (
    MediaKind.SNAPSHOT,
    MediaKind.CLIP,
    MediaKind.CHECKIN,
    MediaKind.SUPPLEMENT,
    MediaKind.SUPPORT,
    MediaKind.EXPORT,
    MediaKind.CARD,
    MediaKind.RECORDING,
)

FACES = {MediaKind.CHECKIN, MediaKind.CARD}
"""Pictures of one person: they go only under that person's own consent (DESIGN, invariant 9)."""


@dataclass(frozen=True)
class Order:
    """Policies of the kinds, and the hours of the recordings in the venue's own time."""

    media: MediaSettings
    sync: SyncSettings
    zone: ZoneInfo

    def __call__(self, now: datetime) -> Sequence[Wanted]:
        policies = {kind: self.media.rule(kind).upload for kind in ORDER}
        return [
            Wanted(
                kind,
                all=policy is UploadPolicy.ALL and (kind is not MediaKind.RECORDING or self._hours(now)),
                consent=kind in FACES,
            )
            for kind, policy in policies.items()
            if policy is not UploadPolicy.NEVER
        ]

    def _hours(self, now: datetime) -> bool:
        if not self.sync.recordings_between:
            return True
        first, _, last = self.sync.recordings_between.partition("-")
        start, end = time.fromisoformat(first), time.fromisoformat(last)
        at = now.astimezone(self.zone).time()
        return start <= at < end if start <= end else at >= start or at < end
