"""script/platforms where a root cannot be made: mmdebstrap is a stand-in here, and nothing is fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from platforms import roots
from platforms.known import PLATFORMS
from platforms.runs import PROJECT, copy_project, project_files
from tests.platforms.synthetic import cell, report

UNREACHABLE = ("I: running apt-get update...\\nErr:1 http://archive.example noble InRelease\\n"
               "  Could not resolve 'archive.example'\\nE: Failed to fetch it  Could not resolve 'archive.example'\\n"
               "E: apt-get update failed")


@pytest.fixture
def failing(tmp_path: Path) -> dict[str, str]:
    """An environment in which no root can be made, with a cache of its own."""
    program = tmp_path / "bin/mmdebstrap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nprintf \"{UNREACHABLE}\" >&2\nexit 25\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def platforms(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "platforms", *arguments], cwd=PROJECT, env=environment,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_an_archive_out_of_reach_is_one_sentence_and_the_others_follow(
    failing: dict[str, str], tmp_path: Path
) -> None:
    at_hand = report(tmp_path / "report", cell("a"))
    done = platforms(failing, "sid", "debian-13", "--reference", at_hand, "--page", tmp_path / "page.md")
    assert done.returncode == 4
    for name in ("Debian sid", "Debian 13"):
        told = [line for line in done.stderr.splitlines() if line.startswith(f"sextant: {name} is not played: ")]
        assert len(told) == 1 and "Could not resolve 'archive.example'." in told[0], done.stderr
    assert not (tmp_path / "page.md").exists(), "nothing was played, so nothing is written"
    assert not list((tmp_path / "cache").rglob("root")), "no half root is left"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["debian-11"], "there is no platform debian-11: the known ones are debian-12, debian-13, sid, ubuntu-24.04."),
        (["--oops"], "unrecognized arguments: --oops; script/platforms --help says what it takes."),
        (["sid", "--shell", "debian-13"], "--shell wants one platform."),
        (["sid", "--reference", "/no/where"],
         "cannot read /no/where/compliance.json: No such file or directory; name the directory of a report."),
    ],
)
def test_bad_input_is_one_sentence(failing: dict[str, str], arguments: list[str], sentence: str) -> None:
    done = platforms(failing, *arguments)
    assert (done.returncode, done.stderr) == (4, f"sextant: {sentence}\n")


def test_a_root_that_somebody_uses_is_left_alone(failing: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", failing["XDG_CACHE_HOME"])
    with roots.hold("sid"):
        done = platforms(failing, "sid", "--shell")
    assert "another script/platforms is at work in its root." in done.stderr


def test_apts_own_words_are_told_in_one_sentence() -> None:
    told = "I: x\nErr:1 http://a/u noble InRelease\n  404  Not Found\nE: The repository 'u noble' has no Release file."
    assert roots.complaint(PLATFORMS["ubuntu-24.04"], told).endswith("The repository 'u noble' has no Release file.")


def test_the_copy_is_the_project_and_keeps_what_was_made_for_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platforms.runs.give_to_user", lambda folder: None)
    tree = tmp_path / "tree"
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / "removed.py").touch()
    copy_project(tree)
    assert (tree / ".venv/bin").is_dir() and not (tree / "removed.py").exists()
    copied = {str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir() or path.is_symlink()}
    assert copied == set(project_files())


def test_a_project_without_git_is_copied_without_what_runs_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = (".venv/bin/python", "reports/out/index.html", "reports/__pycache__/page.pyc")
    for name in (*left, "reports/page.py", "README"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr("platforms.runs.PROJECT", tmp_path)
    assert project_files() == ["README", "reports/page.py"]
