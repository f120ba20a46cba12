"""The API against its own description: no 5xx, no answer that isn't documented, whatever is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from edge_agent import web
from edge_agent.store import training
from edge_agent.store.accounts import Account, Role
from tests.venue import at
from tests.web.conftest import House

EXAMPLES = int(os.environ.get("EDGE_AGENT_TEST_EXAMPLES", "3"))
"""A nightly run takes more."""

ELSEWHERE = {"/api/v1/cameras/search", "/api/v1/cameras/{camera}/test", "/api/v1/cameras/{camera}/picture"}
"""They speak with devices on the LAN, and are tested with virtual ones."""


@pytest.fixture
def admin(house: House) -> Account:
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201", by="test"))
    house.venue.add_class()
    house.venue.add_trainee("t1", document="370102199001011234")
    house.venue.add_lesson("A", "08:00", room="r1")
    house.venue.clock.set(at("07:50"))
    return house.add_account(Role.ADMINISTRATOR)


def test_answers_are_the_documented_ones(house: House, admin: Account) -> None:
    """Every operation of the schema, in one venue; all failures are told together."""
    schema = schemathesis.openapi.from_url(f"{house.url}/api/v1/openapi.json").exclude(path=sorted(ELSEWHERE))
    failures: list[str] = []
    count = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        count += 1

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Case[Any]) -> None:
            bearer = {"Authorization": f"Bearer {house.token(admin)}"}
            case.call_and_validate(headers=bearer, excluded_checks=[positive_data_acceptance])

        try:
            check()
        except FailureGroup as group:
            failures.extend(f"{operation.label}: {failure}" for failure in group.exceptions)
        except AssertionError as failure:
            failures.append(f"{operation.label}: {failure}")
    assert not failures, "\n\n".join(failures)
    assert count > 60


FORM = re.compile(r'data-api="(\w+) (/api/v1[^"]*)"')
LINK = re.compile(r'(?:href|src|data-src)="(/api/v1[^"]*)"')
CALL = re.compile(r"(?:call|keep)\('(\w+)', ['`](/api/v1[^'`]*)['`]")
ASKED = re.compile(r"open\('(\w+)', ['`](/api/v1[^'`]*)['`]")
PLACE = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|\{.*?\}|(?<=/)none(?=/|$)")


def actions() -> Iterator[tuple[str, str]]:
    """What the pages and their scripts ask of the API: method and path, a place for each part that varies."""
    folder = Path(web.__file__).parent
    for file in (*folder.rglob("*.html"), *folder.rglob("*.mjs")):
        text = file.read_text()
        found = [*FORM.findall(text), *CALL.findall(text), *ASKED.findall(text)]
        found += [("GET", path) for path in LINK.findall(text)]
        yield from ((method, PLACE.sub("{}", path.split("?")[0])) for method, path in found)


def test_whatever_a_page_does_is_in_the_api(house: House) -> None:
    """A page has no way of its own to change or fetch something: a program can do all of it."""
    paths = httpx.get(f"{house.url}/api/v1/openapi.json").json()["paths"]
    documented = {(method.upper(), PLACE.sub("{}", path)) for path, methods in paths.items() for method in methods}
    asked = set(actions())
    assert len(asked) > 50
    assert sorted(asked - documented) == []


def test_what_is_not_there_is_named_in_both_languages_with_what_to_do(house: House, admin: Account) -> None:
    wrong = {"trainee": "t1", "unit": "A/9", "direction": "in", "reason": "x"}
    with house.client(admin) as client:
        answers = [
            client.get("/api/v1/requests/none"),
            client.get("/api/v1/media/none"),
            client.get("/api/v1/exports/none/content"),
            client.post("/api/v1/classes/c1/corrections", json=wrong),
        ]
    for answer in answers:
        assert answer.status_code == 404
        assert re.match(r"(none|A/9): \w+不存在 / no such \w+\.$", answer.json()["detail"]), answer.text
        assert "请刷新" in answer.json()["do"]
