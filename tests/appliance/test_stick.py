"""What an office prepared on a stick: found, checked before anything is done, and used once."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from edge_agent.appliance.stick import Provision, Stick, find_stick, join_centre
from edge_agent.appliance.talk import RefusalError

GOOD = 'url = "https://centre.example.org"\ntoken = "t-1"\n'


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """An `edge-agent` that writes down how it was called, and refuses the token `used`."""
    program = tmp_path / "edge-agent"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"json.dump([sys.argv[1:], os.environ['EDGE_AGENT_CONFIG']], open({str(tmp_path / 'called')!r}, 'w'))\n"
        "if 'used' in sys.argv: sys.exit('The token was used already (令牌已使用).')\n"
        "print('t/ea-1: 已接入 / provisioned')\n"
    )
    program.chmod(0o755)
    return program


def test_a_named_folder_and_the_boot_partition_are_found(tmp_path: Path) -> None:
    write(tmp_path / "stick/edge-agent", provision=GOOD, config="")
    with find_stick(tmp_path / "stick", tmp_path) as stick:
        assert stick is not None
        assert stick.config == tmp_path / "stick/edge-agent/config.toml"
        assert stick.provision() == Provision(
            tmp_path / "stick/edge-agent/provision.toml", "https://centre.example.org", "t-1", None
        )
    with find_stick(None, tmp_path) as stick:
        assert stick is None
    write(tmp_path / "boot/firmware/edge-agent", provision=GOOD)
    with find_stick(None, tmp_path) as stick:
        assert stick == Stick(tmp_path / "boot/firmware/edge-agent")
    with pytest.raises(RefusalError, match="找不到文件夹"), find_stick(tmp_path / "nowhere", tmp_path):
        raise AssertionError


def test_a_stick_without_enrolment_is_one_with_configuration_alone(tmp_path: Path) -> None:
    stick = Stick(write(tmp_path / "stick", config=""))
    assert stick.provision() is None
    assert stick.config is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = ", "provision.toml 无法读取"),
        (GOOD + 'tokn = "x"\n', "不认识 tokn"),
        ('url = "https://centre.example.org"\n', "缺少 token"),
        ('url = 7\ntoken = "x"\n', "缺少 url"),
        (GOOD + 'ca = "centre.pem"\n', "找不到 centre.pem"),
    ],
)
def test_what_is_wrong_with_it_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RefusalError, match=re.escape(said)):
        Stick(write(tmp_path, provision=text)).provision()


def test_the_token_is_used_once_and_taken_off_the_stick(tmp_path: Path, command: Path) -> None:
    stick = Stick(write(tmp_path / "stick", provision=GOOD + 'ca = "centre.pem"\n'))
    (stick.folder / "centre.pem").write_text("a certificate")
    provision = stick.provision()
    assert provision is not None
    config = write(tmp_path / "etc") / "config.toml"
    join_centre(provision, command, config)
    ca = config.with_name("centre-ca.pem")
    arguments = ["provision", "--url", "https://centre.example.org", "--token", "t-1", "--ca", str(ca)]
    assert json.loads((tmp_path / "called").read_text()) == [arguments, str(config)]
    assert ca.read_text() == "a certificate"
    assert not provision.file.exists()


def test_a_refusal_leaves_the_stick_as_it_is_and_says_why(tmp_path: Path, command: Path) -> None:
    provision = Stick(write(tmp_path / "stick", provision=GOOD.replace("t-1", "used"))).provision()
    assert provision is not None
    with pytest.raises(RefusalError, match="令牌已使用"):
        join_centre(provision, command, tmp_path / "config.toml")
    assert provision.file.exists()
