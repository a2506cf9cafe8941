"""What other programs read: JUnit, KTAP, GitLab, GitHub, the badge. Whatever programs say, it stays well-formed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reports.build import build
from reports.document.compliance import Compliance
from reports.formats import github
from reports.formats.badge import badge
from reports.formats.gitlab import code_quality
from reports.formats.junit import junit
from reports.formats.ktap import ktap
from tests.reports.staged import HOSTILE
from tests.reports.synthetic import document


@pytest.fixture
def compliance() -> Compliance:
    return document(200)


@pytest.fixture
def hostile() -> Compliance:
    found = document(64)
    for verdict in found["verdicts"]:
        verdict["reason"] = HOSTILE + "\n::error::x\r\n]]> # SKIP ' \ud800"
        verdict["implementations"] = {"guest": {"name": HOSTILE, "version": "1"}}
    return found


def test_junit_counts_what_pytest_counts(compliance: Compliance) -> None:
    root = ElementTree.fromstring(junit(compliance))
    words = [each["verdict"] for each in compliance["verdicts"]]
    known = [each["verdict"] for each in compliance["verdicts"] if each["known_deviation"]]
    totals = {
        name: sum(int(suite.get(name, "0")) for suite in root) for name in ("tests", "failures", "errors", "skipped")
    }
    assert totals == {
        "tests": 200,
        "failures": sum(words.count(word) for word in ("fail", "flaky", "inconclusive")) - known.count("fail"),
        "errors": words.count("error"),
        "skipped": words.count("not-run") + words.count("not-applicable") + len(known),
    }
    assert len({(case.get("classname"), case.get("name")) for case in root.iter("testcase")}) == 200


def test_ktap_has_a_subtest_for_each_family(compliance: Compliance) -> None:
    lines = ktap(compliance).splitlines()
    assert lines[:2] == ["KTAP version 1", "1..3"]
    assert sum(line.startswith(("  ok ", "  not ok ")) for line in lines) == 200
    for line in lines:
        assert re.match(
            r"KTAP version 1|1\.\.\d+|  KTAP version 1|  # Subtest: |  1\.\.\d+|(  )?(not )?ok \d+ ", line
        ), line
    assert any("# XFAIL known" in line for line in lines) and any("# SKIP not-run" in line for line in lines)


def test_gitlab_shows_what_is_not_right(compliance: Compliance) -> None:
    entries = json.loads(code_quality(compliance))
    bad = [each for each in compliance["verdicts"]
           if each["verdict"] in ("error", "fail", "flaky", "inconclusive", "warn")]
    assert len(entries) == len(bad) == len({each["fingerprint"] for each in entries})
    assert {each["severity"] for each in entries} == {"blocker", "critical", "major", "minor", "info"}
    assert all(each["location"]["lines"]["begin"] >= 1 for each in entries)


def test_github_is_told_at_the_line_of_the_check() -> None:
    compliance = document(1)
    path = "conformance/checks/router_discovery/test_router_flags.py"
    compliance["verdicts"][0] |= {"verdict": "fail", "test": f"{path}::test_flags_match_the_mode[x]",
                                  "known_deviation": None}
    (line,) = github.commands(compliance)
    assert line.startswith(f"::error file={path},line=")
    assert int(line.split("line=")[1].split(",")[0]) > 1
    assert len(list(github.commands(document(1000)))) == github.MOST


def test_hostile_words_break_no_format(hostile: Compliance) -> None:
    ElementTree.fromstring(junit(hostile))
    ElementTree.fromstring(badge(hostile))
    json.loads(code_quality(hostile))
    assert len(ktap(hostile).splitlines()) == 2 + sum(3 + 1 for _ in range(3)) + 64
    assert "\x1b" not in ktap(hostile) + github.summary(hostile, None) + "".join(github.commands(hostile))
    assert all(line.count("\n") == 0 for line in github.commands(hostile))


def test_the_badge_says_how_many_pass(compliance: Compliance) -> None:
    told = "".join(ElementTree.fromstring(badge(compliance)).itertext())
    assert "IPv6 conformance" in told and re.search(r"\d+ of \d+ pass", told)
    assert "nothing judged" in badge({**compliance, "verdicts": []})


def test_all_files_are_in_the_report(tmp_path: Path, compliance: Compliance) -> None:
    build(compliance, tmp_path, one_file=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sextant.junit.xml", "results.ktap", "gl-code-quality.json"} <= names
    assert {"badge.svg", "summary.md", "sextant.html"} <= names
