"""Whole runs of pytest with the plugin, on checks that only say what they found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reports.synthetic import cell

ROOT = Path(__file__).parents[2]

CHECKS = """
import json, os, pathlib, pytest
CELLS = json.loads((pathlib.Path(__file__).parent / "cells.json").read_text())

@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell["verdict"])
def test_check(cell, record_property):
    record_property("sextant", cell)
    if cell["verdict"] in ("not-run", "not-applicable"):
        pytest.skip(cell["reason"])
    if cell["verdict"] in ("fail", "inconclusive", "flaky"):
        pytest.xfail(cell["reason"]) if cell["known_deviation"] else pytest.fail(cell["reason"])
    if cell["verdict"] == "error":
        raise RuntimeError("the program died")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with checks of every verdict."""
    folder = tmp_path / "conformance"
    folder.mkdir()
    (tmp_path / "pytest.ini").touch()
    cells = [
        cell(number, word)
        for number, word in enumerate(("pass", "fail", "warn", "inconclusive", "not-run", "not-applicable", "flaky"))
    ]
    (folder / "cells.json").write_text(json.dumps(cells))
    (folder / "test_synthetic.py").write_text(CHECKS)
    return tmp_path


def run(project: Path, *arguments: str, status: int | None = None) -> str:
    """Run pytest in a project; returns what it printed."""
    command = [sys.executable, "-m", "pytest", "-p", "reports.plugin", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def report(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "reports" / "out" / "compliance.json").read_text())
    return found


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def test_every_outcome_of_pytest_keeps_its_verdict(project: Path) -> None:
    printed = run(project, "conformance/", status=1)
    assert "report: reports/out/index.html" in printed
    found = report(project)
    assert sorted(each["verdict"] for each in found["verdicts"]) == [
        "fail",
        "flaky",
        "inconclusive",
        "not-applicable",
        "not-run",
        "pass",
        "warn",
    ]
    assert len(found["figures"]) == 7
    assert found["run"]["selected"] == 7 and found["run"]["workers"] == 1 and found["run"]["stopped"] is None
    assert found["run"]["command"] == "pytest -p reports.plugin -p no:cacheprovider conformance/"
    assert found["run"]["cpu_s"] > 0 and found["run"]["duration_s"] > 0
    assert {"compliance.json", "index.html", "allure-results"} <= set(names(project / "reports" / "out"))
    assert names(project / "reports") == ["out"]


def test_workers_give_the_same_report(project: Path) -> None:
    run(project, "conformance/", status=1)
    alone = report(project)
    run(project, "conformance/", "-n", "2", status=1)
    together = report(project)
    assert together["verdicts"] == alone["verdicts"]
    assert together["figures"] == alone["figures"]
    assert together["run"]["selected"] == 7 and together["run"]["workers"] == 2


def test_what_breaks_without_a_verdict_is_an_error(project: Path) -> None:
    (project / "conformance" / "test_broken.py").write_text(
        "import os, pytest\n"
        "def test_silent(): pass\n"
        "def test_raises(): raise RuntimeError('the recorder died')\n"
        "@pytest.fixture\ndef late():\n    yield\n    raise RuntimeError('too late')\n"
        f"def test_teardown(record_property, late): record_property('sextant', {cell(0, 'pass')!r})\n"
        f"def test_vacuous(record_property): record_property('sextant', {cell(0, 'pass')!r}); assert False\n"
        "@pytest.mark.skip(reason='no such kernel')\ndef test_skipped(): pass\n"
    )
    run(project, "conformance/test_broken.py", status=1)
    found = {each["reproduce"].rpartition("::")[2].strip("'"): each for each in report(project)["verdicts"]}
    by_reason = {each["reason"]: each["verdict"] for each in report(project)["verdicts"]}
    assert found["test_silent"]["reason"] == "the test ended without a verdict"
    assert by_reason["RuntimeError: the recorder died"] == "error"
    assert by_reason["RuntimeError: too late"] == "error"
    assert by_reason["no such kernel"] == "not-run"
    assert sum(verdict == "error" for verdict in by_reason.values()) == 4


def test_a_crashed_worker_is_an_error_and_the_others_stay(project: Path) -> None:
    (project / "conformance" / "test_crash.py").write_text("import os\ndef test_crash(): os._exit(9)\n")
    run(project, "conformance/", "-n", "2", status=1)
    verdicts = [each["verdict"] for each in report(project)["verdicts"]]
    assert len(verdicts) == 8 and verdicts.count("error") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("conformance/", "--collect-only"),
        ("conformance/", "-k", "nothing_of_that_name"),
        ("conformance/", "--help"),
        ("elsewhere/",),
    ],
)
def test_runs_that_judge_nothing_write_nothing(project: Path, arguments: tuple[str, ...]) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "test_other.py").write_text("def test_other(): pass\n")
    run(project, *arguments)
    assert names(project / "reports") == []


def test_an_interrupted_run_reports_what_it_judged(project: Path) -> None:
    (project / "conformance" / "test_z.py").write_text("def test_stop(): raise KeyboardInterrupt\n")
    printed = run(project, "conformance/", status=2)
    assert "report: reports/out/index.html" in printed
    assert (len(report(project)["verdicts"]), report(project)["run"]["selected"]) == (7, 8)
    assert names(project / "reports") == ["out"]


def test_a_run_that_gave_up_keeps_the_last_report(project: Path) -> None:
    run(project, "conformance/", status=1)
    before = report(project)
    (project / "conformance" / "test_z.py").write_text("import pytest\ndef test_stop(): pytest.exit('enough', 3)\n")
    printed = run(project, "conformance/", status=3)
    assert "the previous report, if any, is kept" in printed
    assert report(project) == before
    assert names(project / "reports") == ["out"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_run_that_stops_early_says_so(project: Path, workers: tuple[str, ...]) -> None:
    run(project, "conformance/", "-x", *workers)
    assert "stopping after 1 failures" in report(project)["run"]["stopped"]
    assert "stopping after 1 failures" in (project / "reports" / "out" / "index.html").read_text()


def test_a_second_run_into_the_same_place_is_refused(project: Path) -> None:
    (project / "conformance" / "test_first.py").write_text(
        "import subprocess, sys\n"
        "def test_second_run():\n"
        "    again = [sys.executable, '-m', 'pytest', '-p', 'reports.plugin', 'conformance/test_synthetic.py']\n"
        "    done = subprocess.run(again, capture_output=True, text=True)\n"
        "    assert done.returncode == 4 and 'another run is writing its report' in done.stderr, done\n"
    )
    run(project, "conformance/test_first.py")
    run(project, "conformance/")
    assert "the test ended without a verdict" in [each["reason"] for each in report(project)["verdicts"]]


def test_another_place_and_junit(project: Path) -> None:
    run(project, "conformance/", "--report-dir", "mine/of/today", "--junitxml", "junit.xml", status=1)
    assert (project / "mine" / "of" / "today" / "index.html").is_file()
    assert (project / "junit.xml").read_text().count("<testcase") == 7
    assert names(project / "reports") == []


def test_recordings_of_the_last_run_may_be_judged_again(project: Path) -> None:
    run(project, "conformance/", status=1)
    saved = project / "reports" / "out" / "recordings" / str(cell(0)["recording"])
    unused = saved.with_name("of-another-check")
    for folder in (saved, unused):
        folder.mkdir(parents=True)
        (folder / "packets.pcapng").write_text("frames")
    (project / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--recordings')\n")
    run(project, "conformance/", "--recordings", "reports/out/recordings", status=1)
    assert names(saved.parent) == sorted([saved.name, unused.name])
    run(project, "conformance/", "--recordings", "reports/out/recordings", "--report-dir", "again", status=1)
    assert names(project / "again" / "recordings") == [saved.name]
    assert (saved / "packets.pcapng").read_text() == "frames"


def test_a_full_disk_at_the_end_is_one_sentence(project: Path) -> None:
    disk = project / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        printed = run(project, "conformance/", "--report-dir", "disk/out", status=3)
        assert "the disk is full" in printed and "Traceback" not in printed
        assert names(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_pages_are_made_again_from_the_document(project: Path) -> None:
    run(project, "conformance/", status=1)
    out = project / "reports" / "out"
    before = (out / "index.html").read_text()
    (out / "index.html").unlink()
    again = [sys.executable, "-m", "reports", str(out)]
    subprocess.run(again, cwd=ROOT, check=True, capture_output=True)
    assert (out / "index.html").read_text() == before
    done = subprocess.run([*again[:-1], str(project)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 4 and "cannot read" in done.stderr
