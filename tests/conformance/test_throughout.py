"""Passive checks on every play: each program has one verdict, that of the play in which it came off worst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from conformance.judging.check import Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from conformance.selection.casting import Selection
from conformance.selection.declared import declared_checks
from conformance.selection.lineup import lineup
from conformance.sources.base import NotRun
from conformance.sources.programs import Programs
from conformance.sources.throughout import Throughout, Worst, a_play, throughout
from conformance.wire.sample import conversation
from conformance.wire.test_wire_solicits import asks_for_less
from fixtures.implementations.registry import all_implementations
from fixtures.recording import editing
from fixtures.recording.model import Program, Recording


def check_named(name: str) -> Check:
    return next(check for check in declared_checks() if check.name == name)


def as_played(id: str, *, guest: str = "one", **changes: object) -> Recording:
    """The sample's guest, as if it had been played by a program."""
    recording = replace(conversation("guest"), **changes)  # type: ignore[arg-type]
    play = replace(recording.play, id=id, scenario="boot", implementations={"guest": Program(guest, "1")},
                   nodes={"guest": "guest"})
    return replace(recording, play=play)


@pytest.fixture
def plays() -> Mapping[str, Recording]:
    silent = as_played("silent")
    return {
        "healthy": as_played("healthy"), "broken": asks_for_less(as_played("broken")),
            "other": as_played("other", guest="two"),
        "silent": editing.without(silent, frames=silent.frames), "torn": replace(as_played("torn"), error="it broke"),
    }


@pytest.mark.parametrize(("order", "program", "worst", "outcome"), [
    (("healthy", "broken", "silent", "other"), "one", "broken", Outcome.FAIL),
    (("broken", "healthy"), "one", "broken", Outcome.FAIL),
    (("silent", "healthy"), "one", "healthy", Outcome.PASS),
    (("broken", "other"), "two", "other", Outcome.PASS),
])
def test_the_worst_play_decides(order: tuple[str, ...], program: str, worst: str, outcome: Outcome,
                                plays: Mapping[str, Recording]) -> None:
    check = check_named("test_wire_solicits_ask_for_sol_max_rt")
    found = Worst().of(check, Throughout("guest", program), [plays[name] for name in order])
    assert found.play.id == worst
    assert judge(check, found).outcome is outcome


def test_what_came_up_in_no_play_is_not_judged(plays: Mapping[str, Recording]) -> None:
    check = check_named("test_wire_solicits_ask_for_sol_max_rt")
    with pytest.raises(NotRun, match="no play of this run gave an occasion: no Solicit was seen"):
        Worst().of(check, Throughout("guest", "one"), [plays["silent"], plays["torn"]])


def test_who_played_nothing_is_not_judged(plays: Mapping[str, Recording]) -> None:
    check = check_named("test_wire_solicits")
    with pytest.raises(NotRun, match="no play of this run has three as guest"):
        Worst().of(check, Throughout("guest", "three"), plays.values())


def test_each_installed_program_has_a_cell_and_a_play() -> None:
    programs = Programs(Selection({}, all_implementations(), lineup()))
    cells = list(throughout(check_named("test_wire_advertisements_are_valid"), programs))
    assert cells
    for cell in cells:
        assert cell.id == f"{cell.scenario.program}-in-every-play-source"
        assert all(cast["router"] == cell.scenario.program for _, cast in a_play(cell.scenario, programs))
    assert not list(throughout(next(check for check in declared_checks() if not check.passive), programs))


def test_no_two_parts_share_a_cell() -> None:
    """The report tells cells apart by their test: one part's pass must not hide another's failure."""
    programs = Programs(Selection({}, all_implementations(), lineup()))
    tests = [cell.test for check in declared_checks() if check.passive for cell in throughout(check, programs)]
    assert len(tests) == len(set(tests))
