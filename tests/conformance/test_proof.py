"""The prover itself: it finds the twin that passes, plays each broken party once, and says what is unproved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from conformance.catalogue.deviations import Deviation
from conformance.judging.check import Broken, Check, Mutant
from conformance.judging.evidence import evidence_of
from conformance.judging.judge import judge
from conformance.judging.verdict import Notebook
from conformance.selection.undisturbed import Attempt
from fixtures.playing.request import PlayRequest
from fixtures.recording import editing
from fixtures.recording.model import Recording, Stall
from fixtures.recording.storage import load, save
from fixtures.recording.traces import trace
from tests.conformance.pretended import Program
from tests.conformance.proof import Proof, bereft, describe, prove
from tests.conformance.synthetic import Unplayed, frame, recording
from tests.conformance.test_plugin import without_flag


@dataclass(frozen=True)
class Forgetful:
    """A router that never sets M."""

    name: str = "forgetful"

    def version(self) -> str:
        return "1"

    def missing(self) -> tuple[str, ...]:
        return ()


def expects_managed(recording: Recording, notebook: Notebook) -> None:
    seen = notebook.stimulus(recording.at("guest"), "no RA arrived")
    notebook.expect(seen[0].data[59] & 0x80, "the RA has M=0", seen[0])


def the_check(*mutants: Mutant, name: str = "test_managed") -> Check:
    function: Any = type(name, (), {"__call__": staticmethod(expects_managed), "__name__": name})()
    return Check("RA-05", (Unplayed(),), function, "router", mutants=list(mutants))


class Plays:
    def __init__(self) -> None:
        self.rounds: list[list[PlayRequest]] = []
        self.silent: set[str] = set()

    def __call__(self, requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        self.rounds.append(list(requests))
        for request in requests:
            seen = recording(frame(), scenario=request.scenario)
            names = {program.name for program in request.play.implementations.values()}
            if "forgetful" in names:
                seen = without_flag(seen)
            if names & self.silent:
                seen = replace(seen, frames=())
            save(replace(seen, play=request.play, mutant=request.mutant), into / request.id)


@pytest.fixture
def cast_members(monkeypatch: pytest.MonkeyPatch) -> Any:
    found: Any = {each.name: each for each in (
        Program("dnsmasq", "router dhcpv6-server"), Program("radvd", "router"), Program("kea", "dhcpv6-server"),
        Program("dhclient", "guest"), Program("dhcpcd", "guest"))}
    monkeypatch.setattr("fixtures.playing.request.implementation_named", lambda name, role=None: found[name])
    return found


def forgetful() -> Broken:
    return Broken(Unplayed(), {"router": Forgetful()})


PLAYED = Mutant("forgetful", "M=0", play=forgetful)


def proof_of(check: Check, cast_members: Any, into: Path, plays: Plays) -> Proof:
    return prove([check], cast_members, into, plays)[check.name]


def test_twin_and_mutant_share_the_reference_cast(cast_members: Any, tmp_path: Path) -> None:
    plays = Plays()
    proof = proof_of(the_check(PLAYED), cast_members, tmp_path, plays)
    assert {role: program.name for role, program in proof.healthy().play.implementations.items()} == {
        "router": "dnsmasq", "dhcpv6-server": "dnsmasq", "guest": "dhclient"}
    broken = proof.recording_of(PLAYED)
    assert broken.play.implementations["guest"].name == "dhclient"
    assert broken.mutant == "router Forgetful(name='forgetful')"
    assert len(plays.rounds) == 1


def test_equal_plays_are_played_once(cast_members: Any, tmp_path: Path) -> None:
    plays = Plays()
    prove([the_check(PLAYED), the_check(PLAYED, name="test_again")], cast_members, tmp_path, plays)
    assert [len(requests) for requests in plays.rounds] == [2]


def test_next_cast_plays_when_the_first_twin_does_not_pass(cast_members: Any, tmp_path: Path) -> None:
    plays = Plays()
    plays.silent = {"dnsmasq"}
    proof = proof_of(the_check(PLAYED), cast_members, tmp_path, plays)
    assert proof.healthy().play.implementations["router"].name == "radvd"
    assert proof.recording_of(PLAYED).play.implementations["guest"].name == "dhcpcd"
    assert len(plays.rounds) == 2


def test_who_is_known_to_deviate_plays_last(cast_members: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deviation = Deviation("dnsmasq", "RA-05", "router", SpecifierSet(">=0"), "here", "M is unset", "any")
    monkeypatch.setattr("tests.conformance.proof.deviations", lambda: (deviation,))
    plays = Plays()
    assert proof_of(the_check(), cast_members, tmp_path, plays).healthy().play.implementations["router"].name == "radvd"
    assert len(plays.rounds) == 1


def test_what_the_machine_made_undecidable_is_played_again(
        cast_members: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.selection.undisturbed.await_calm", lambda: True)
    plays = Plays()

    def is_in_time(recording: Recording, notebook: Notebook) -> None:
        late = 0.2 if len(plays.rounds) == 1 else 0.0
        notebook.in_time(late, 0.1, "the RA came late", *recording.at("guest"))

    def play_all(requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        plays(requests, into, attempt)
        for request in requests:
            save(replace(load(into / request.id), stalls=(Stall(1, 0.3),)), into / request.id)

    proof = prove([replace(the_check(), function=is_in_time)], cast_members, tmp_path, play_all)["is_in_time"]
    assert proof.healthy()
    assert len(plays.rounds) == 2


def test_an_edited_twin_is_judged_as_on_a_calm_host(cast_members: Any, tmp_path: Path) -> None:
    """A stall that the twin passed with is not why the check cannot tell that the mutant is late."""
    def prompt(recording: Recording, notebook: Notebook) -> None:
        (ra,) = recording.at("guest")
        notebook.in_time(ra.time, 2.0, "the RA came late", ra)

    def play_all(requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        Plays()(requests, into, attempt)
        for request in requests:
            save(replace(load(into / request.id), stalls=(Stall(1, 0.51),)), into / request.id)

    late = Mutant("late", "came late", edit=lambda twin: editing.shifted(twin, 2.0, frames=twin.frames))
    check = replace(the_check(late), function=prompt)
    proof = prove([check], cast_members, tmp_path, play_all)[check.label]
    assert proof.healthy().stall() == 0.51
    assert judge(check, proof.recording_of(late)).outcome.value == "fail"


def test_no_twin_is_told_with_every_reason(cast_members: Any, tmp_path: Path) -> None:
    plays = Plays()
    plays.silent = {"dnsmasq", "radvd"}
    proof = proof_of(the_check(PLAYED), cast_members, tmp_path, plays)
    with pytest.raises(AssertionError, match=r"no healthy twin of test_managed passes: .*no RA arrived"):
        proof.healthy()


def test_edit_that_changes_nothing_is_no_mutant(cast_members: Any, tmp_path: Path) -> None:
    mutant = Mutant("lazy", "M=0", edit=lambda twin: twin)
    proof = proof_of(the_check(mutant), cast_members, tmp_path, Plays())
    with pytest.raises(AssertionError, match="lazy changes nothing"):
        proof.recording_of(mutant)


def test_deleted_evidence_leaves_the_rest() -> None:
    whole = recording(frame(1), frame(2, 2.0))
    cut = bereft(whole, [evidence_of(whole.frames[0]), evidence_of(whole.marks[0])])
    assert [left.time for left in cut.frames] == [2.0]
    assert cut.marks == ()


def test_unplayable_mutant_leaves_the_others_alone(cast_members: Any, tmp_path: Path) -> None:
    def unplayable() -> Broken:
        raise ValueError("no such router")

    mutant = Mutant("unplayable", "M=0", play=unplayable)
    proof = proof_of(the_check(mutant, PLAYED), cast_members, tmp_path, Plays())
    assert proof.recording_of(PLAYED)
    with pytest.raises(AssertionError, match="unplayable was not played: ValueError: no such router") as raised:
        proof.recording_of(mutant)
    assert [line.text for line in trace(raised.value)][-1] == 'raise ValueError("no such router")'


def test_bug_in_a_mutants_play_is_told_with_its_line() -> None:
    try:
        raise ValueError("no such option")
    except ValueError as bug:
        broke = replace(recording(frame()), error="ValueError: no such option", trace=trace(bug))
    assert describe(judge(the_check(), broke)).endswith('    raise ValueError("no such option")\n')
