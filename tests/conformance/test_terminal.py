"""What a run says in a terminal: quiet where it is asked to be, plain whatever a program said, by family at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.plugin.ending import Tally, again, undecided_cells, without_occasion
from conformance.plugin.plain import plain
from conformance.plugin.progress import ProgressLine
from fixtures.recording.model import Recording
from tests.conformance.pretended import CHECK, OTHER, Stage
from tests.conformance.test_plugin import without_flag

pytest_plugins = ["pytester"]


def test_quiet_says_one_line_of_what_was_judged(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("--guest", "dhclient", "-q")
    told = capsys.readouterr().out
    assert "playing" not in told and "= conformance =" not in told
    assert "1 requirements, 1 verdicts: pass 1" in told


def test_the_end_has_a_line_for_each_family(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("--guest", "dhclient", text=CHECK + OTHER.replace("RA-04", "DHCP6-33"))
    told = capsys.readouterr().out
    for family in ("Router discovery", "DHCPv6 client, server, relay"):
        assert any(line.startswith(family) and line.split()[-1] == "1" for line in told.splitlines()), told


def test_escape_sequences_do_not_reach_the_terminal(
    run: Callable[..., Any], stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_check(played: Recording) -> Recording:
        return replace(without_flag(played), error="it said \x1b]0;owned\x07 and \x1b[2J")

    stage.direct = break_check
    run("--guest", "dhclient")
    told = capsys.readouterr()
    assert "\\x1b]0;owned" in told.out and "\x1b]0;" not in told.out + told.err and "\x1b[2J" not in told.out


def test_plain_keeps_letters_and_lines() -> None:
    assert plain("Grüße → 中\n\tx") == "Grüße → 中\n\tx"
    assert plain("a\x1b[31mb\x9b\r\u202e") == "a\\x1b[31mb\\x9b\\x0d\\x202e"


def test_each_repeat_is_told_with_its_reason() -> None:
    few = {f"play-{number}": f"the host stalled for {number} s" for number in range(3)}
    assert again(few, 0)[1] == "played again: play-1: the host stalled for 1 s"
    many = {f"play-{number}": "the host stalled for 1 s" for number in range(50)}
    assert again(many, 0) == ["50 plays were played again: the host stalled for 1 s"]
    assert len(again(many, 1)) == 50


def test_how_long_still_is_what_the_longest_needs(request: pytest.FixtureRequest) -> None:
    line = ProgressLine(SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=lambda _: None)), 3,  # type: ignore[arg-type]
                        lengths={"short": 10.0, "long": 60.0, "waiting": 30.0})  # fmt: skip
    now = time.monotonic()
    line.show(SimpleNamespace(done=0, running=("long", "short")))  # type: ignore[arg-type]
    assert line.remaining(now + 20) == pytest.approx(40, abs=5)
    assert line.remaining(now + 55) == pytest.approx(30)
    line.show(SimpleNamespace(done=1, running=("waiting",)))  # type: ignore[arg-type]
    assert line.remaining(now + 500) == 0


def test_what_had_no_occasion_in_any_play_is_one_line() -> None:
    tally = Tally()
    seen = [("every-play", "not-run")] * 3 + [("tiny", "inconclusive"), ("every-play", "pass")]
    for number, (scene, word) in enumerate(seen):
        tally.cells[f"test_it[{number}]"] = {"requirement": "RA-04", "part": f"RA-04.{number % 2}", "scenario": scene,
                                             "verdict": word, "reason": "no RA was seen"}
    assert without_occasion(tally) == ["without an occasion in any play: 3 cells of RA-04.0, RA-04.1"]
    assert list(undecided_cells(tally)) == ["test_it[3]"]
    assert without_occasion(Tally()) == []
