"""What a place's notice says, as values: one frozen table for each part of the notice.

The field names are the keys of `config/policies/*.toml`; `edge_agent.policies` reads the files. A policy that can be
loaded has no `problems`, so the rest of the rules never checks its figures again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Table:
    """One table of a policy file; pydantic refuses keys that it does not name."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRule(Table):
    """课时."""

    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLimit(Table):
    """How many periods one sign-in and sign-out cover at most: RULES, readings 1, 14 and 15.

    `teaching`: the periods between the two are counted. `raw_minutes`: the minutes between the two taps, too, so a
    pair that is longer earns nothing. `off`: a whole lesson is one unit.
    """

    periods: int
    basis: Literal["teaching", "raw_minutes", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around(Table):
    """A window from `before` a moment to `after` it."""

    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWindows(Table):
    """Sign-in around a unit's start, sign-out around its end."""

    sign_in: Around
    sign_out: Around


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWindow(Table):
    """A window by the clock on the wall."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedClock(Table):
    """One pair a day for all of a class's lessons of that day."""

    sign_in: ClockWindow
    sign_out: ClockWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRule(Table):
    """抓拍: one picture at each period's (or lesson's) opening, middle and closing.

    `opening_target` counts from the start, `closing_target` back from the end; the middle's target is its centre. The
    slot is tried again every `retry`, or `window / retry_share` where that is shorter. By lesson there is no middle.
    """

    per: Literal["period", "lesson"]
    opening: timedelta
    closing: timedelta
    opening_target: timedelta
    closing_target: timedelta
    jitter: timedelta
    retry: timedelta
    retry_share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRule(Table):
    """Random clips of `length`, `count` a lesson, one in each equal part of it."""

    count: int
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule(Table):
    """`pre_roll` and `by_hand_lead` are how long before the start a recording begins by itself, and may begin by hand;
    what is missing for `gap_tolerance` or less is no gap.
    """

    pre_roll: timedelta
    by_hand_lead: timedelta
    gap_tolerance: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRule(Table):
    """`percent` of the approved periods, the online ones for themselves where `online_separately`."""

    percent: int
    online_separately: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineRule(Table):
    """What share of the approved periods may be learnt online."""

    least_percent: int
    most_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamRule(Table):
    """结业考核."""

    counts_hours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule(Table):
    """Trainees of a class, and the teachers that they need."""

    most_trainees: int
    trainees_per_teacher: int
    full_time_teachers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRule(Table):
    lead_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Table):
    """Years for which attendance and snapshots are kept; an earlier purge is refused."""

    attendance_years: int
    snapshot_years: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Table):
    """Every figure that judges a class. Exactly one of `unit_windows` and `fixed_clock` is given."""

    id: str
    name: str
    source: str
    timezone: str
    period: PeriodRule
    pair_limit: PairLimit
    unit_windows: UnitWindows | None = None
    fixed_clock: FixedClock | None = None
    snapshots: SnapshotRule
    clips: ClipRule
    recording: RecordingRule
    passing: PassRule
    online: OnlineRule
    exam: ExamRule
    class_limits: ClassRule
    submission: SubmissionRule
    retention: RetentionRule

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def problems(policy: Policy) -> tuple[str, ...]:
    """Name each figure that is out of range or contradicts another, by its key; an empty tuple is a sound policy."""
    return (*_ranges(policy, ""), *_zone(policy), *_windows(policy), *_snapshots(policy), *_shares(policy))


_MAY_BE_ZERO = {"before", "after", "jitter", "pre_roll", "by_hand_lead", "gap_tolerance", "opening_target"}
_MAY_BE_ZERO |= {"closing_target", "count", "full_time_teachers", "least_percent", "lead_days"}
_PERCENT = 100


def _ranges(table: object, path: str) -> Iterator[str]:
    for field in fields(table) if is_dataclass(table) else ():
        value, key = getattr(table, field.name), f"{path}{field.name}"
        if is_dataclass(value):
            yield from _ranges(value, f"{key}.")
        elif isinstance(value, int | timedelta) and not isinstance(value, bool):
            size = value if isinstance(value, int) else value.total_seconds()
            if size < 0:
                yield f"{key} 不能为负 / must not be negative"
            elif size == 0 and field.name not in _MAY_BE_ZERO:
                yield f"{key} 必须大于零 / must be more than zero"
            elif field.name.endswith("percent") and size > _PERCENT:
                yield f"{key} 最大为 100 / must be at most 100"


def _zone(policy: Policy) -> Iterator[str]:
    try:
        zone = policy.zone
    except (ZoneInfoNotFoundError, ValueError):
        yield f"timezone {policy.timezone!r} 不是时区 / is not known, write one like Asia/Shanghai"
        return
    offsets = {datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}
    if len(offsets) > 1:  # an hour that comes twice would make two periods one
        yield f"timezone {policy.timezone} 有夏令时，不能用 / changes its clocks in summer; use one that doesn't"


def _windows(policy: Policy) -> Iterator[str]:
    if (policy.unit_windows is None) == (policy.fixed_clock is None):
        yield "unit_windows 与 fixed_clock 必须且只能有一个 / exactly one of unit_windows and fixed_clock must be given"
    if policy.unit_windows is not None:
        late, early = policy.unit_windows.sign_in.after, policy.unit_windows.sign_out.before
        if late + early >= policy.period.length:
            yield (
                "unit_windows.sign_in.after 与 sign_out.before 之和须小于一课时"
                " / sign_in.after and sign_out.before must leave a part of a period between them"
            )
    if policy.fixed_clock is not None:
        if policy.pair_limit.basis != "off":
            yield 'pair_limit.basis 在有 fixed_clock 时只能为 "off" / must be "off" where fixed_clock is given'
        sign_in, sign_out = policy.fixed_clock.sign_in, policy.fixed_clock.sign_out
        if not sign_in.opens < sign_in.closes < sign_out.opens < sign_out.closes:
            yield (
                "fixed_clock: 应为签到开始、签到截止、签退开始、签退截止，同一天内"
                " / sign_in must open, close, then sign_out open and close, within one day"
            )


def _snapshots(policy: Policy) -> Iterator[str]:
    rule, length = policy.snapshots, policy.period.length
    if rule.opening + rule.closing >= length:
        yield (
            "snapshots.opening 与 snapshots.closing 之和须小于 period.length"
            " / together must be shorter than period.length"
        )
    elif rule.jitter * 2 >= length - rule.opening - rule.closing:
        yield "snapshots.jitter 过大 / must keep the middle's target inside its window"
    for name in ("opening", "closing"):
        window, target = getattr(rule, name), getattr(rule, f"{name}_target")
        if not rule.jitter <= target <= window - rule.jitter:
            yield f"snapshots.{name}_target 须在该窗口内（含 jitter）/ must lie inside the window, with it"
    if policy.clips.count * policy.clips.length > length:
        yield "clips.count × clips.length 须不超过一课时 / must fit into one period"


def _shares(policy: Policy) -> Iterator[str]:
    if policy.online.least_percent > policy.online.most_percent:
        yield "online.least_percent 不能大于 online.most_percent / must not be more than it"
