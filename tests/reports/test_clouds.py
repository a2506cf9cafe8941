"""Clouds in the report: what counts for a sentence, their pages, their pictures, and docs/clouds.md."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.catalogue import traceability
from conformance.selection import sentences
from conformance.selection.declared import declared_checks
from reports import clouds_doc
from reports.build import build
from reports.document import catalogue_rows, compliance
from reports.document.compliance import Compliance, Requirement, Sentence, Stage
from reports.document.sentences import judge_sentences, judges
from reports.drawing.layout import arrange
from reports.drawing.pictures import draw
from tests.reports.synthetic import document

SENTENCE: Sentence = {
    "id": "calico-01",
    "cloud": "calico",
    "where": "Intro",
    "text": "It <works>.",
    "requirements": ["RA-00", "DHCP6-01"],
    "not_testable": None,
    "note": None,
    "verdict": None,
    "counts": {},
    "unjudged": ["RA-00", "DHCP6-01"],
}
STAGE: Stage = {
    "name": "tiny",
    "nodes": [
        {"name": "vm", "kind": "Guest"},
        {"name": "lan", "kind": "Segment"},
        {"name": "gw", "kind": "VirtualRouter"},
    ],
    "links": [
        [{"node": "vm", "interface": "eth0", "addresses": []}, {"node": "lan", "interface": "", "addresses": []}],
        [
            {"node": "gw", "interface": "lan0", "addresses": ["2001:db8:1::1/64", "192.0.2.1/24"]},
            {"node": "lan", "interface": "", "addresses": []},
        ],
    ],
}


def requirement(*checks: dict[str, Any]) -> Requirement:
    known = [{"mutants": 1, **check} for check in checks]
    return {**document(1)["requirements"][0], "checks": known}  # type: ignore[typeddict-item]


def results(*verdicts: tuple[str, str, str]) -> list[compliance.Verdict]:
    base = document(1)["verdicts"][0]
    return [
        {**base, "requirement": id, "test": f"conformance/test_x.py::{test}[linux]", "verdict": word}
        for id, test, word in verdicts
    ]


def test_a_check_of_the_cloud_counts_alone() -> None:
    made = requirement(
        {"test": "test_general"}, {"test": "test_own", "cloud": "calico"}, {"test": "test_foreign", "cloud": "vpc"}
    )
    assert [each["test"] for each in judges(SENTENCE, made)] == ["test_own"]
    verdicts = results(("RA-00", "test_general", "fail"), ("RA-00", "test_own", "pass"),
                       ("RA-00", "test_foreign", "fail"))
    found = judge_sentences([SENTENCE], [made], verdicts)[0]
    assert (found["verdict"], found["counts"], found["unjudged"]) == ("pass", {"pass": 1}, ["DHCP6-01"])


@pytest.mark.parametrize(("parties", "alone"), [
    (("model", "model"), True), (("model", "kernel"), False), (("program", "program"), False),
])
def test_a_sentence_that_rests_on_a_model_alone_says_so(parties: tuple[str, str], alone: bool) -> None:
    sentence: Sentence = {**SENTENCE, "requirements": ["RA-00"]}
    verdicts = [{**each, "party": party} for each, party in
                zip(results(("RA-00", "test_own", "pass"), ("RA-00", "test_own", "pass")), parties, strict=True)]
    found = judge_sentences([sentence], [requirement({"test": "test_own"})], verdicts)[0]  # type: ignore[list-item]
    assert found["model_alone"] is alone


@pytest.mark.parametrize(
    ("words", "verdict", "unjudged"),
    [
        (["pass", "not-run"], "pass", []),
        (["pass", "warn", "fail"], "fail", []),
        (["not-applicable"], "not-applicable", ["RA-00"]),
        (["inconclusive", "not-run"], "inconclusive", ["RA-00"]),
        ([], None, ["RA-00"]),
    ],
)
def test_the_worst_that_says_something(words: list[str], verdict: str | None, unjudged: list[str]) -> None:
    sentence: Sentence = {**SENTENCE, "requirements": ["RA-00"]}
    verdicts = results(*(("RA-00", "test_general", word) for word in words))
    found = judge_sentences([sentence], [requirement({"test": "test_general"})], verdicts)[0]
    assert (found["verdict"], found["unjudged"]) == (verdict, unjudged)


def test_report_and_selection_keep_the_same_rule() -> None:
    checks, requirements = declared_checks(), {each["id"]: each for each in catalogue_rows.requirements()}
    for cloud in traceability.clouds().values():
        for sentence, said in zip(
            cloud.sentences, (each for each in catalogue_rows.sentences() if each["cloud"] == cloud.name), strict=True
        ):
            for id in sentence.requirements:
                selected = {check.name for check in sentences.judges(sentence, id, checks)}
                assert {each["test"] for each in judges(said, requirements[id])} == selected


def test_the_clouds_keep_to_the_schema() -> None:
    schema = jsonschema.Draft202012Validator(json.loads(compliance.SCHEMA_FILE.read_text()))
    schema.validate(json.loads(compliance.dumps(whole())))


def whole() -> Compliance:
    """A run with verdicts about one sentence of each cloud."""
    requirements = catalogue_rows.requirements()
    id = "RA-06"
    tests = [check["test"] for each in requirements if each["id"] == id for check in each.get("checks", [])]
    verdicts = results(*((id, test, "pass") for test in tests))
    base = document(1)
    return {
        **base,
        "requirements": requirements,
        "clouds": catalogue_rows.clouds(),
        "verdicts": verdicts,
        "sentences": judge_sentences(catalogue_rows.sentences(), requirements, verdicts),
    }


def test_each_cloud_is_told_with_its_picture(tmp_path: Path) -> None:
    build(whole(), tmp_path)
    text = (tmp_path / "data" / "index.js").read_text()
    told = json.loads(text.removeprefix("Sextant.index(").removesuffix(");\n"))
    assert [each["name"] for each in told["clouds"]] == [each["name"] for each in catalogue_rows.clouds()]
    assert all(each["picture"] is None or "<style" not in each["picture"] for each in told["clouds"])
    assert any(each["picture"] for each in told["clouds"])
    for cloud in catalogue_rows.clouds():
        assert f'href="#/cloud/{cloud["name"]}"' in (tmp_path / "index.html").read_text()


def test_a_picture_is_text_in_xml() -> None:
    picture = ElementTree.fromstring(draw(STAGE))
    texts = " ".join("".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text"))
    for word in ("vm", "lan", "gw", "lan0 2001:db8:1::1/64", "192.0.2.1/24"):
        assert word in texts


def test_what_nodes_are_called_is_never_markup() -> None:
    made: Stage = {**STAGE, "name": "<b>", "nodes": [{"name": "<script>", "kind": "Guest"}], "links": []}
    assert "<script>" not in draw(made) and "<b>" not in draw(made)


def test_layers_and_distances() -> None:
    widths = {"vm1": 60.0, "vm2": 80.0, "host": 100.0, "far": 50.0, "top": 40.0}
    links = [("vm1", "host"), ("host", "vm2"), ("host", "top"), ("vm2", "top"), ("far", "top")]
    layout = arrange(widths, links, ["vm1", "vm2"], [], 20.0)
    assert layout.rows[0] == ["vm1", "vm2"]
    assert "host" in layout.rows[1] and "top" in layout.rows[2] and "far" in layout.rows[3]
    for row in layout.rows:
        for left, right in pairwise(row):
            apart = layout.x[right] - layout.x[left]
            assert apart >= (widths.get(left, 0) + widths.get(right, 0)) / 2 + 20 - 1e-6
    assert layout.paths[3] == ["vm2", "3@1", "top"]
    assert min(layout.x[name] - width / 2 for name, width in widths.items()) >= -1e-6


def test_docs_are_up_to_date() -> None:
    assert not clouds_doc.outdated_files(), "run python -m reports clouds-doc"
