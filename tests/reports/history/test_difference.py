"""What changed from one run to another, and how it is told."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from reports.document.compliance import Compliance, dumps
from reports.history import telling
from reports.history.difference import difference
from tests.reports.staged import HOSTILE
from tests.reports.synthetic import document

ROOT = Path(__file__).parents[3]


def run_with(*words: str) -> Compliance:
    """A run whose cells have these verdicts; `known fail` is a listed one, an empty word no cell at all."""
    made = document(len(words))
    for verdict, word in zip(made["verdicts"], words, strict=True):
        verdict["verdict"] = word.removeprefix("known ")
        verdict["known_deviation"] = "https://bugs.example/1" if word.startswith("known ") else None
    made["verdicts"] = [each for each in made["verdicts"] if each["verdict"]]
    return made


@pytest.mark.parametrize(
    ("then", "now", "where"),
    [
        ("pass", "fail", "worse"),
        ("pass", "known fail", "worse"),
        ("known fail", "fail", "worse"),
        ("warn", "fail", "worse"),
        ("pass", "inconclusive", "worse"),
        ("fail", "pass", "fixed"),
        ("fail", "known fail", "fixed"),
        ("error", "fail", "fixed"),
        ("pass", "pass", "same"),
        ("fail", "fail", "same"),
        ("not-run", "fail", "new"),
        ("", "fail", "new"),
        ("", "pass", "added"),
        ("", "known fail", "added"),
        ("pass", "not-run", "gone"),
        ("fail", "", "gone"),
        ("not-run", "not-applicable", "nowhere"),
    ],
)
def test_each_cell_counts_once(then: str, now: str, where: str) -> None:
    found = difference(run_with(then, "pass"), run_with(now, "pass"))
    counts = {"worse": len(found.worse), "new": len(found.new), "fixed": len(found.fixed),
              "same": found.same - 1, "added": found.added - len(found.new), "gone": found.gone}  # fmt: skip
    assert {name for name, count in counts.items() if count} == ({where} - {"nowhere"})
    assert found.got_worse == (where in ("worse", "new"))


def test_a_difference_is_told_three_ways() -> None:
    found = difference(run_with("pass", "fail", "pass"), run_with("fail", "pass", "pass"))
    text, markdown, page = telling.as_text(found), telling.as_markdown(found), telling.as_html(found)
    assert "1 worse, 1 better; 1 as before" in text and "pass -> fail: RA-00" in text
    assert "| RA\\-00" not in markdown and "| RA-00 |" in markdown and "✗ fail" in markdown
    assert "<h2>Worse</h2>" in page


def test_what_programs_say_stays_text_in_all_of_them() -> None:
    old, new = run_with("pass"), run_with("fail")
    new["verdicts"][0]["reason"] = HOSTILE + "| a | b |\n# head"
    found = difference(old, new)
    assert "\x1b" not in telling.as_text(found) and len(telling.as_text(found).splitlines()) == 4
    assert "\x1b" not in telling.as_markdown(found) and "<img" not in telling.as_markdown(found).replace("\\<", "")
    assert "<script" not in telling.as_html(found) and "<img" not in telling.as_html(found)


def test_the_command_says_by_its_status_that_something_got_worse(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, made in ((good, run_with("pass")), (bad, run_with("fail"))):
        folder.mkdir()
        (folder / "compliance.json").write_text(dumps(made))

    def diff(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reports", "diff", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert diff(good, bad).returncode == 1
    assert diff(bad, good / "compliance.json").returncode == 0
    assert "**From" in diff(bad, good, "--format", "markdown").stdout
    lost = diff(good, tmp_path / "nowhere")
    assert lost.returncode == 4 and "cannot read" in lost.stderr and "Traceback" not in lost.stderr


def test_runs_are_not_changed_by_comparing_them() -> None:
    old, new = run_with("pass", "fail"), run_with("fail", "fail")
    copies = deepcopy((old, new))
    difference(old, new)
    assert (old, new) == copies
