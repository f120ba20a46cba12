"""抽查: what was drawn, what was inspected."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.central.pages.guard import Reader
from edge_agent.central.views import tenants
from edge_agent.central.work import inspections, sampling
from edge_agent.central.work.quarter import quarter_of

router = APIRouter(prefix="/samples")


@router.get("")
def all_samples(visitor: Reader) -> Response:
    quarter = quarter_of(visitor.today)
    before = quarter_of(quarter.first - timedelta(days=1))
    with visitor.reading() as tx:
        found = sampling.list_samples(tx, visitor.scope)
        districts = tenants.districts(tx) if visitor.scope.everything else []
    return visitor.page("samples.html", found=found, quarters=[quarter, before], districts=districts)


@router.get("/{identifier}")
def one_sample(visitor: Reader, identifier: str) -> Response:
    with visitor.reading() as tx:
        sample = sampling.get_sample(tx, visitor.scope, identifier)
        return visitor.page(
            "sample.html",
            sample=sample,
            drawn=sampling.read(sample),
            items=sampling.list_items(tx, sample),
            tampered=inspections.check(tx, visitor.centre.verifier, sample),
        )


@router.get("/{identifier}/list.json")
def document(visitor: Reader, identifier: str) -> Response:
    """Give the signed list, for whoever wants to draw again."""
    with visitor.reading() as tx:
        sample = sampling.get_sample(tx, visitor.scope, identifier)
    return _download(f"sample-{sample.quarter}-{sample.id}.json", sample.document)


@router.get("/{identifier}/inspections.json")
def words(visitor: Reader, identifier: str) -> Response:
    """Give the signed inspections, oldest first."""
    with visitor.reading() as tx:
        sample = sampling.get_sample(tx, visitor.scope, identifier)
        found = inspections.list_words(tx, sample)
    return _download(f"inspections-{sample.quarter}-{sample.id}.json", f"[{','.join(found)}]")


def _download(name: str, content: str) -> Response:
    return Response(
        content, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
