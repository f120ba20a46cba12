"""Gaps are computed, not guessed: what was expected minus what was recorded, each piece with its cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from edge_agent.model.span import Span

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why nothing could be recorded during `span`, as a code."""

    span: Span
    code: str


@dataclass(frozen=True, slots=True)
class Gap:
    span: Span
    cause: str


def gaps(
    expected: Span, recorded: Iterable[Span], causes: Sequence[Cause] = (), *, tolerance: timedelta = timedelta(0)
) -> tuple[Gap, ...]:
    """Give what is missing of `expected`, in order.

    A hole of `tolerance` or less is none. A longer one is cut where its cause changes; the cause that began last
    explains a moment that several cover, and `unknown` one that none does.
    """
    holes = (hole for hole in subtract(expected, recorded) if hole.length > tolerance)
    return tuple(gap for hole in holes for gap in _explain(hole, causes, tolerance))


def merge(spans: Iterable[Span]) -> list[Span]:
    """Give the moments of all spans as spans that neither overlap nor touch, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(expected: Span, spans: Iterable[Span]) -> Iterator[Span]:
    """Give what `spans` leave of `expected`, in order."""
    start = expected.start
    for span in merge(spans):
        if span.end <= start:
            continue
        if span.start >= expected.end:
            break
        if span.start > start:
            yield Span(start, span.start)
        start = span.end
    if start < expected.end:
        yield Span(start, expected.end)


def covered(expected: Span, spans: Iterable[Span]) -> timedelta:
    """Give how much of `expected` the spans cover."""
    return expected.length - sum((hole.length for hole in subtract(expected, spans)), timedelta(0))


def _explain(hole: Span, causes: Sequence[Cause], tolerance: timedelta) -> list[Gap]:
    own = [cause for cause in causes if cause.span.overlaps(hole)]
    inside = {moment for cause in own for moment in (cause.span.start, cause.span.end) if moment in hole}
    edges = sorted({hole.start, hole.end} | inside)
    explained: list[Gap] = []
    for start, end in pairwise(edges):
        piece = Gap(Span(start, end), _cause(Span(start, end), own))
        last = explained[-1] if explained else None
        if last is None or (last.cause != piece.cause and min(last.span.length, piece.span.length) > tolerance):
            explained.append(piece)
        else:  # one cause goes on, or a sliver joins its longer neighbour
            longer = max(last, piece, key=lambda gap: gap.span.length)
            explained[-1] = replace(longer, span=Span(last.span.start, end))
    return explained


def _cause(piece: Span, causes: Iterable[Cause]) -> str:
    covering = [cause for cause in causes if cause.span.start <= piece.start and piece.end <= cause.span.end]
    return max(covering, key=lambda cause: cause.span.start).code if covering else UNKNOWN
