"""The history file: small, complete, and it knows what comes and goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.build import build
from reports.document.cells import named_cells
from reports.document.compliance import Compliance
from reports.errors import ReportError
from reports.history import trail
from tests.reports.history.test_difference import run_with
from tests.reports.synthetic import document


def night(number: int, *words: str) -> Compliance:
    made = run_with(*words)
    made["run"]["started"] = f"2026-01-{number:02}T03:00:00Z"
    return made


def after(path: Path, *nights: Compliance) -> trail.Trail:
    for made in nights:
        path.write_text(trail.as_text(trail.continue_trail(made, path)))
    return trail.read(path)


def test_it_knows_since_when_and_what_comes_and_goes(tmp_path: Path) -> None:
    words = [("pass", "fail"), ("fail", "fail"), ("pass", "not-run"), ("fail", "known fail")]
    found = after(tmp_path / "h", *(night(number, *each) for number, each in enumerate(words, 1)))
    first, second = (found.cells[cell.anchor] for cell in named_cells(run_with("fail", "fail")["verdicts"]))
    assert (first.first[:10], first.last[:10], first.times, first.here) == ("2026-01-02", "2026-01-04", 2, True)
    assert (second.first[:10], second.times, second.word) == ("2026-01-01", 1, "known fail")
    assert [line["bad"] for line in found.as_json()["trend"]] == [1, 2, 0, 2]
    assert [line["fresh"] for line in found.as_json()["trend"]] == [1, 2, 0, 1]


def test_a_run_that_judged_less_forgets_nothing(tmp_path: Path) -> None:
    found = after(tmp_path / "h", night(1, "fail", "fail"), night(2, "pass", ""), night(3, "pass", "fail"))
    second = found.cells[named_cells(run_with("fail", "fail")["verdicts"])[1].anchor]
    assert (second.times, second.first[:10], second.last[:10]) == (1, "2026-01-01", "2026-01-03")


def test_the_same_run_is_one_line(tmp_path: Path) -> None:
    assert len(after(tmp_path / "h", night(1, "fail"), night(1, "fail")).lines) == 1


def test_it_grows_by_kilobytes(tmp_path: Path) -> None:
    many = document(5000)
    after(tmp_path / "h", many)
    before = (tmp_path / "h").stat().st_size
    for number in range(2, 12):
        many["run"]["started"] = f"2026-01-{number:02}T03:00:00Z"
        for verdict in many["verdicts"][number * 20 : number * 20 + 10]:
            verdict["verdict"] = "fail" if verdict["verdict"] == "pass" else "pass"
        after(tmp_path / "h", many)
    assert (tmp_path / "h").stat().st_size - before < 10 * 2048


@pytest.mark.parametrize("text", ["{", "[]", '{"bad": 1}', "\x00"])
def test_what_is_no_history_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "h").write_text(text + "\n")
    with pytest.raises(ReportError, match=r"line 1 is no line of a history"):
        trail.read(tmp_path / "h")


def test_a_report_keeps_its_history_and_tells_what_changed(tmp_path: Path) -> None:
    first, second = night(1, "pass", "fail"), night(2, "fail", "fail")
    out = tmp_path / "out"
    out.mkdir()
    build(first, out)
    build(second, out, previous=first)
    assert len((out / "history.jsonl").read_text().splitlines()) == 2
    told = json.loads((out / "changes.json").read_text())
    assert [each[1:] for each in told["worse"]] == [["pass", "fail"]] and told["same"] == 1
    index = json.loads((out / "data" / "index.js").read_text().removeprefix("Sextant.index(").removesuffix(");\n"))
    assert index["changes"] == told and len(index["trend"]) == 2
    assert [each[2] for each in index["seen"].values()] == [1, 1]
    assert "1 worse" in (out / "summary.md").read_text()


def test_a_history_of_its_own_file(tmp_path: Path) -> None:
    out, nights = tmp_path / "out", tmp_path / "nights.jsonl"
    out.mkdir()
    for number in (1, 2):
        build(night(number, "fail"), out, history=nights)
    assert len(nights.read_text().splitlines()) == 2
