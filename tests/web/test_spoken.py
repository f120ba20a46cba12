"""An error's message says both languages; a page says one, whether Python or the browser picks it."""

from __future__ import annotations

import json
import subprocess

import pytest

from edge_agent.furniture.words import spoken
from tests.data import ROOT

MESSAGES = [
    ("The disk is full (磁盘已满).", "磁盘已满", "The disk is full."),
    ("login: 该账号已存在 / bob is taken.", "login: 该账号已存在", "login: bob is taken."),
    ("/a/b.db: 数据库损坏 / damaged (no header).", "/a/b.db: 数据库损坏", "/a/b.db: damaged (no header)."),
    ("a: 缺少 / missing; b: 不可选 / not a choice", "a: 缺少; b: 不可选", "a: missing; b: not a choice"),
    ("cam-1：设备未绑定 / not bound.", "cam-1：设备未绑定", "cam-1：not bound."),
    ("请刷新后重试。Reload and try again.", "请刷新后重试。", "Reload and try again."),
    ("10.0.0.9：密码不对 / wrong password.", "10.0.0.9：密码不对", "10.0.0.9：wrong password."),
    ("须为（H.264）/ neither H.264", "须为（H.264）", "neither H.264"),
    ("rtsp://10.0.0.9/1 (没有画面)", "没有画面", "rtsp://10.0.0.9/1"),
    ("no Chinese / at all", "no Chinese / at all", "no Chinese / at all"),
    ("Reload and try again.", "Reload and try again.", "Reload and try again."),
]


@pytest.mark.parametrize(("both", "chinese", "english"), MESSAGES)
def test_a_page_says_its_own_language(both: str, chinese: str, english: str) -> None:
    assert spoken(both, "zh_CN") == chinese
    assert spoken(both, "en") == english


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_browser_says_the_same(language: str) -> None:
    script = """
        const [language, module, ...texts] = process.argv.slice(1);
        globalThis.document = {querySelector: () => null, documentElement: {lang: language}};
        const {spoken} = await import(module);
        console.log(JSON.stringify(texts.map((detail) => spoken({detail}))));
    """
    module = (ROOT / "edge_agent" / "furniture" / "static" / "api.mjs").as_uri()
    texts = [both for both, _, _ in MESSAGES]
    command = ["node", "--input-type=module", "--eval", script, "--", language, module, *texts]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert said == [spoken(text, language.replace("-", "_")) for text in texts]
