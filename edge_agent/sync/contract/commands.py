"""Commands of the centre to one agent, each with its arguments; an unknown argument is refused, not ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any, Literal, get_args

import msgspec

from edge_agent.sync.contract.batch import Sha256
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import Identifier, Instant, Text

Revision = Annotated[int, msgspec.Meta(ge=1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class Args(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of all arguments."""


class TraineeRow(Args):
    id: Identifier
    name: Name
    document: Name
    phone: Short = ""
    document_type: Short = "resident"
    subgroup: Short = ""
    online_periods: float = 0
    certificate: Short = ""
    verified: bool = False


class Roster(Args, tag="roster", tag_field="command"):
    """A class and its whole roster as of `revision`; trainees who are not named are no longer active."""

    class_id: Identifier
    code: Name
    name: Name
    category: Short
    opens: date
    closes: date
    required_periods: Annotated[int, msgspec.Meta(ge=1)]
    revision: Revision
    trainees: Annotated[list[TraineeRow], msgspec.Meta(max_length=500)]
    online_required: Annotated[int, msgspec.Meta(ge=0)] = 0
    policy: Short = "jinan-2024"
    state: Literal["submitted", "approved", "closed", "deleted"] = "approved"
    size_exception: Short = ""


class LessonRow(Args):
    id: Identifier
    date: date
    start: time
    periods: Annotated[int, msgspec.Meta(ge=1, le=24)]
    revision: Revision = 1
    break_minutes: Annotated[int, msgspec.Meta(ge=0, le=120)] = 0
    room: Short = ""
    subject: Short = ""
    teacher: Short = ""
    subgroup: Short = ""
    cameras: list[Identifier] = msgspec.field(default_factory=list)
    kind: Literal["normal", "opening", "exam"] = "normal"
    end: time | None = None
    cancelled: bool = False
    cancel_reason: Short = ""


class Timetable(Args, tag="timetable", tag_field="command"):
    """Lessons to add or change; those not named stay as they are."""

    class_id: Identifier
    lessons: Annotated[list[LessonRow], msgspec.Meta(min_length=1, max_length=1000)]


class Policy(Args, tag="policy", tag_field="command"):
    """A policy file as TOML text; `sha256` is that of the text."""

    id: Identifier
    toml: Annotated[str, msgspec.Meta(max_length=100_000)]
    sha256: Sha256


class TeacherRow(Args):
    id: Identifier
    name: Name
    full_time: bool
    phone: Short = ""
    classes: list[Identifier] = msgspec.field(default_factory=list)


class Teachers(Args, tag="teachers", tag_field="command"):
    """The district's list of instructors as of `revision`."""

    revision: Revision
    teachers: Annotated[list[TeacherRow], msgspec.Meta(max_length=5000)]


class Association(Args, tag="association", tag_field="command"):
    """关联设备: the cameras of a lesson. Refused where the lesson is newer here than `revision`; 0: whatever it is."""

    lesson: Identifier
    cameras: Annotated[list[Identifier], msgspec.Meta(max_length=16)]
    revision: Annotated[int, msgspec.Meta(ge=0)] = 0


class RecordStart(Args, tag="record.start", tag_field="command"):
    lesson: Identifier
    camera: Identifier
    start: Instant
    end: Instant


class RecordStop(Args, tag="record.stop", tag_field="command"):
    lesson: Identifier
    camera: Identifier


class SnapshotNow(Args, tag="snapshot", tag_field="command"):
    camera: Identifier
    lesson: str = ""


class Export(Args, tag="export", tag_field="command"):
    """Make the evidence package of a class."""

    class_id: Identifier
    with_video: bool = False


class SendMedia(Args, tag="media", tag_field="command"):
    """Upload these files, whatever the policy of their kind but `never`."""

    media: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=1000)]


class Presigned(Args):
    media: Identifier
    url: Annotated[str, msgspec.Meta(pattern="^https?://", max_length=8000)]
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class SendPresigned(Args, tag="media.presigned", tag_field="command"):
    """Put these files to an S3 store by presigned addresses."""

    uploads: Annotated[list[Presigned], msgspec.Meta(min_length=1, max_length=100)]


class Confirm(Args, tag="confirm", tag_field="command"):
    """The centre's word on an edit made at the venue (待中心确认)."""

    document: Literal["class", "roster", "lesson", "teacher"]
    id: Identifier
    revision: Revision
    accepted: bool
    reason: Short = ""


class LogLevel(Args, tag="log_level", tag_field="command"):
    level: Literal["debug", "info", "warning", "error"]
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 60


class Ping(Args, tag="ping", tag_field="command"):
    pass


class Upgrade(Args, tag="upgrade", tag_field="command"):
    """Fetch the bundle that lies at `url` and switch to it outside of lessons; it goes back by itself if it fails.

    `done` says that it was fetched and left for root's unit, which verifies this command once more; `state` shows which
    version runs. Refused where the device's administrator has not named the keys whose orders count.
    """

    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9][0-9A-Za-z.+-]{0,31}$")]
    sha256: Sha256
    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Doctor(Args, tag="doctor", tag_field="command"):
    """Examine the device; the answer holds each check's findings."""


class SupportBundle(Args, tag="support_bundle", tag_field="command"):
    """Pack findings, figures and the kinds of the last facts, without names, faces, ids or secrets.

    The answer names the media that then comes as an upload.
    """


class TrustKey(Args, tag="trust_key", tag_field="command"):
    """From now on this key of the centre counts too; `retire` names keys that no longer do."""

    public: Sha256
    retire: list[str] = msgspec.field(default_factory=list)


AnyArgs = (
    Roster
    | Timetable
    | Policy
    | Teachers
    | Association
    | RecordStart
    | RecordStop
    | SnapshotNow
    | Export
    | SendMedia
    | SendPresigned
    | Confirm
    | LogLevel
    | Ping
    | Upgrade
    | Doctor
    | SupportBundle
    | TrustKey
)


COMMANDS: Mapping[str, type[AnyArgs]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyArgs)}
"""The arguments of each command by its name."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id` makes it idempotent; it counts for this agent alone, until `expires`."""

    tenant: str
    agent: str
    id: Identifier
    issued: Instant
    expires: Instant
    by: Text
    args: AnyArgs


class CommandHead(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a command as names it, to refuse one whose arguments can't be read."""

    tenant: str
    agent: str
    id: Identifier
    args: dict[str, Any]


def subject(args: AnyArgs) -> str:
    """Give what a command without a revision of its own is about: of two about one thing the one issued later counts.

    Empty for those that change nothing, or that carry a revision.
    """
    match args:
        case Policy(id=identifier):
            return f"policy {identifier}"
        case Association(lesson=lesson):
            return f"association {lesson}"
        case RecordStart(lesson=lesson, camera=camera) | RecordStop(lesson=lesson, camera=camera):
            return f"record {lesson} {camera}"
        case LogLevel() | TrustKey():
            return command_name(args)
    return ""


def command_name(args: AnyArgs) -> str:
    return str(type(args).__struct_config__.tag)


def parse_args(text: bytes) -> AnyArgs:
    """Read arguments as a person writes them: `{"command": "ping"}`."""
    try:
        args: AnyArgs = msgspec.json.decode(text, type=AnyArgs)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(
            Code.MALFORMED,
            f"Not a command (不是有效的命令：{error}).",
            do=f"docs/contract describes them all (可用的命令): {', '.join(sorted(COMMANDS))}.",
        ) from error
    return args
