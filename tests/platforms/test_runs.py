"""What is kept of a platform from one command to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from platforms import runs
from platforms.known import PLATFORMS
from platforms.runs import Result, Root, Run, report, saved_result

SID = PLATFORMS["sid"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A root in which every command succeeds and nothing runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(runs, "copy_project", lambda into: None)
    monkeypatch.setattr(runs, "give_to_user", lambda folder: None)
    monkeypatch.setattr(runs, "_system", lambda folder: "Debian")
    monkeypatch.setattr(runs.machine, "furnish", lambda folder: [])
    monkeypatch.setattr(runs.os, "chown", lambda *_: None)
    monkeypatch.setattr(Root, "run", lambda self, command, who: 0)
    monkeypatch.setattr(Root, "_ask", lambda self, code: "3.13.5")
    folder = tmp_path / "sextant/platforms/sid"
    folder.mkdir(parents=True)
    (folder / runs.REPORTS).mkdir(parents=True)
    return Root(SID, folder)


def test_a_later_command_keeps_what_the_default_run_told(root: Root) -> None:
    """`--tests-only` and `-- --matrix` set up, too, and play no default run: the page still needs the last one."""
    told = Result("Debian", "3.13.5", 51.0, "2026-01-01 12:00", {"root": Run(0, 80.0)})
    told.save(SID)
    root.set_up()
    assert saved_result(SID) == told


def test_a_run_with_arguments_leaves_the_report_of_the_default_run(root: Root) -> None:
    kept = report(SID, "root") / "compliance.json"
    kept.parent.mkdir(parents=True)
    kept.touch()
    root.play("root", ["--matrix"])
    assert kept.exists() and report(SID, "root", ["--matrix"]) != kept.parent
    root.play("root", [])
    assert not kept.exists(), "the next default run begins anew"
