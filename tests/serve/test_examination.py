"""What the centre asks of `upkeep`: the findings, and a bundle that then comes by itself."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from pathlib import Path

from edge_agent.model.media import MediaKind
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.serve.agent import open_agent
from edge_agent.serve.errands import Errands
from edge_agent.serve.examination import Examiner
from edge_agent.store import requests, training
from edge_agent.store.uploads import Wanted, next_upload
from tests.sync.world import NOW, Device

HOUR = timedelta(hours=1)


def test_findings_are_answered_and_a_bundle_waits_to_be_uploaded(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    with open_agent(device.settings) as agent, agent.reading() as reader:
        course = TrainingClass("c1", "JN-1", "焊工", "technical", NOW.date(), NOW.date(), 40)
        agent.writer.run(lambda tx: training.save_class(tx, course, by="admin"))
        agent.writer.run(lambda tx: training.save_trainees(tx, [Trainee("t1", "c1", "王伟", "370102199003071234")]))
        asked = [
            agent.writer.run(lambda tx, kind=kind: requests.ask(tx, kind, {}, by="centre", ttl=HOUR))  # type: ignore[misc]  # mypy can't infer a default
            for kind in ("doctor", "support_bundle")
        ]
        agent.writer.run(lambda tx: requests.take(tx, ("doctor",)))  # by a service that was then killed
        examiner = Examiner(agent)
        errands = Errands(agent.writer, {"doctor": examiner.doctor, "support_bundle": examiner.support_bundle})
        errands.tick(reader)
        errands.close()
        findings, bundle = (requests.find(reader, identifier) for identifier in asked)
        assert findings is not None
        assert bundle is not None
        assert (findings.state, bundle.state) == ("done", "done")
        assert findings.answer is not None
        assert findings.answer["checks"]["camera"]
        upload = next_upload(reader, [Wanted(MediaKind.SUPPORT, all=False)], agent.clock.stamp().wall)
        assert upload is not None
        assert bundle.answer is not None
        assert upload.media.id == bundle.answer["media"]
        with zipfile.ZipFile(agent.files.locate(upload.media.path)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
            kinds = {fact["kind"] for fact in json.loads(archive.read("facts.json"))}
    assert "class.saved" in kinds
    for secret in ("王伟", "370102199003071234", "焊工", str(tmp_path)):
        assert secret.encode() not in content
