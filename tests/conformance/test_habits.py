"""Checks are tests like others: pytest's own options mean what they mean anywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from fixtures.recording.model import Recording
from fixtures.recording.traces import trace
from tests.conformance.pretended import CHECK, OTHER, Stage, verdicts
from tests.sandbox.trial import LIMIT, PROJECT

pytest_plugins = ["pytester"]

BUG = CHECK.replace("    notebook.figure(", "    answer = 6 * 7\n    {}['eth7']\n    notebook.figure(")
RED = CHECK.replace("    notebook.expect(seen[0].data[59] & 0x80", "    answer = 6 * 7\n    notebook.expect(not seen")


def break_check(played: Recording) -> Recording:
    """As a play is recorded that had a bug."""
    try:
        {}["eth7"]  # type: ignore[index]
    except KeyError as bug:
        return replace(played, error="KeyError: 'eth7'", trace=trace(bug))
    raise AssertionError


@pytest.mark.parametrize(("style", "lines"), [
    ("short", ["conformance/test_it.py:10: in test_managed_flag\n", "    {}['eth7']\n", "E   KeyError: 'eth7'\n"]),
    ("long", [">       {}['eth7']\n", "conformance/test_it.py:10: KeyError\n", "E       KeyError: 'eth7'\n"]),
    ("native", ['conformance/test_it.py", line 10, in test_managed_flag\n', "\nthe check broke: KeyError: 'eth7' ("]),
    ("line", ["conformance/test_it.py:10: the check broke: KeyError: 'eth7'"]),
])
def test_bug_in_a_check_shows_its_line(run: Callable[..., Any], capsys: pytest.CaptureFixture[str], style: str,
                                       lines: list[str]) -> None:
    result = run("--guest", "dhclient", f"--tb={style}", text=BUG)
    assert result.ret == 3
    out = capsys.readouterr().out
    assert [line for line in lines if line not in out] == []
    assert ("promised: RA-05" in out) == (style != "line")
    assert "/judge.py" not in out and "pluggy/" not in out
    (cell,) = verdicts(result).values()
    (step,) = cell["traceback"]
    assert (Path(step["file"]).name, step["line"], step["text"]) == ("test_it.py", 10, "{}['eth7']")


@pytest.mark.parametrize(("style", "line"), [
    ("short", 'test_habits.py:29: the play broke: KeyError: \'eth7\'\n    {}["eth7"]'),
    ("long", 'test_habits.py:29: the play broke: KeyError: \'eth7\'\n    {}["eth7"]'),
    ("native", 'test_habits.py", line 29, in break_check\n    {}["eth7"]'),
    ("line", "test_habits.py:29: the play broke: KeyError: 'eth7'"),
])
def test_bug_in_a_play_shows_its_line(run: Callable[..., Any], stage: Stage, capsys: pytest.CaptureFixture[str],
                                      style: str, line: str) -> None:
    stage.direct = break_check
    result = run("--guest", "dhclient", f"--tb={style}")
    assert result.ret == 3
    assert line in capsys.readouterr().out
    (cell,) = verdicts(result).values()
    assert cell["traceback"][-1]["file"] == "tests/conformance/test_habits.py"


def test_red_verdict_is_a_line_too(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--guest", "dhclient", "--tb=line", text=RED).ret == 1
    out = capsys.readouterr().out
    assert "conformance/test_it.py:11: fail: the RA has M=0" in out
    assert "FAILED conformance/test_it.py::test_managed_flag[dnsmasq-dhclient] - fail: " in out


@pytest.mark.parametrize("text", [BUG, RED])
def test_debugger_stops_in_the_check(tmp_path: Path, text: str) -> None:
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "test_it.py").write_text(text)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom tests.conformance.pretended import pretend\npretend(pytest.MonkeyPatch())\n"
        'pytest_plugins = ["conformance.plugin"]\n')
    terminal = pexpect.spawn(sys.executable, ["-m", "pytest", "--pdb", "--guest", "dhclient"], cwd=str(tmp_path),
                             env={**os.environ, "PYTHONPATH": str(PROJECT)}, encoding="utf-8", timeout=LIMIT)
    terminal.expect_exact("(Pdb)")
    terminal.sendline("p 'it is', answer")
    terminal.expect_exact("('it is', 42)")
    terminal.sendline("q")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_last_failed_plays_only_what_failed(run: Callable[..., Any], stage: Stage) -> None:
    stage.direct = lambda played: replace(played, frames=()) if "dhcpcd" in played.play.id else played
    assert run().ret == 1
    stage.played.clear()
    assert set(verdicts(run("--lf"))) == {"test_managed_flag[dnsmasq-dhcpcd]"}
    assert len(stage.played) == 1


def test_first_failure_ends_it(run: Callable[..., Any]) -> None:
    assert len(verdicts(run("-x", text=RED + OTHER))) == 1


def test_durations_are_those_of_judging(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("--guest", "dhclient", "--durations=0", "-vv")
    out = capsys.readouterr().out
    assert "s call     conformance/test_it.py::test_managed_flag[dnsmasq-dhclient]" in out
    assert "s setup    conformance/test_it.py::test_managed_flag[dnsmasq-dhclient]" in out
