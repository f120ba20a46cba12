"""Every kind of fact is called something, and the journal leaves as a table that no spreadsheet computes."""

from __future__ import annotations

import csv
import io

from edge_agent.model.fact import CATALOGUE
from edge_agent.store import training
from edge_agent.store.accounts import Role
from edge_agent.web.views.journal import KINDS
from tests.web.conftest import House


def test_every_kind_of_fact_has_a_name_of_its_own() -> None:
    assert KINDS.keys() == CATALOGUE.keys()
    assert len(set(KINDS.values())) == len(KINDS)


def test_the_journal_is_a_table(house: House) -> None:
    admin = house.add_account(Role.ADMINISTRATOR, name="=HYPERLINK(1)")
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201", by=admin.id))
    with house.client(admin) as client:
        answer = client.get("/api/v1/journal/file")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["时间", "编号", "类型", "操作人"]
    assert ["保存教室", "'=HYPERLINK(1)"] in [row[2:] for row in rows]
    assert "password" not in answer.text
