"""What a stall of the host disturbed is played again, and nothing else is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.judging.judge import LEFT_OUT
from conformance.judging.verdict import Judgement, Outcome
from conformance.selection.undisturbed import (
    ATTEMPTS,
    GRANTED,
    Attempt,
    Budget,
    budget_for,
    describe_left,
    describe_repeats,
    fitting,
    play_undisturbed,
)
from fixtures.playing.request import PlayRequest
from fixtures.playing.window import PER_CORE, Window
from fixtures.recording.disturbances import neighbors_lost
from fixtures.recording.model import Play, Recording
from fixtures.recording.storage import load, save
from tests.conformance.synthetic import Unplayed, frame, recording
from tests.sandbox.trial import PROJECT, Trial

TRIES = ATTEMPTS
UNDECIDED = Judgement(Outcome.INCONCLUSIVE, "it was late, but the host stalled for 0.300 s", stalled=0.3)
UNSEEN = Judgement(Outcome.INCONCLUSIVE, "no RA arrived")
PASSED, FAILED = Judgement(Outcome.PASS, "as required"), Judgement(Outcome.FAIL, "the RA has M=0")


class Request:
    """A play that needs no program."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.scenario = SimpleNamespace(length=1.0)
        self.play = Play(id, "unplayed", {}, "Nowhere", {}, dict(Unplayed().roles), {})


class Machine:
    """Plays; `stalls` and `crowds` are what disturbs each round, on the plays of that name; `broken` is one that broke.
    """

    def __init__(self, *rounds: dict[str, float], crowded: str = "", broken: str = "") -> None:
        self.rounds, self.crowded, self.broken = rounds, crowded, broken
        self.played: list[list[str]] = []
        self.limits: list[int] = []
        self.late: set[str] = set()

    def __call__(self, requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        turn = len(self.played)
        self.played.append([each.id for each in requests])
        self.limits.append(attempt.window.limit)
        for each in requests:
            late = self.rounds[turn].get(each.id, 0.0) if turn < len(self.rounds) else 0.0
            seen = replace(recording(frame(), stall=late), play=each.play, duration_ns=turn + 1)
            if turn == 0 and each.id == self.crowded:
                seen = replace(seen, marks=(neighbors_lost(1, table="table", entries=1024, early=0, refused=3),))
            if each.id == self.broken:
                seen = replace(seen, error="radvd was not ready within 20 s")
            if each.id in self.late:
                seen = replace(seen, frames=(), left_out=True)
            save(seen, into / each.id)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a real machine between two rounds of an imagined one."""
    monkeypatch.setattr("conformance.selection.undisturbed.await_calm", lambda: True)


def play(machine: Machine, into: Path, *judgements: Judgement, limit: int = 4) -> dict[str, str]:
    names: list[PlayRequest] = [Request("one"), Request("two")]  # type: ignore[list-item]

    def judges(id: str) -> list[object]:
        return [lambda recording, each=each: each for each in judgements]

    return play_undisturbed(names, into, machine, judges, window=Window(limit))  # type: ignore[arg-type]


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("judgement", [PASSED, FAILED, UNSEEN])
def test_gross_stall_is_reason_enough(tmp_path: Path, judgement: Judgement) -> None:
    machine = Machine({"two": 1.3})
    assert play(machine, tmp_path, judgement) == {"two": "the host stalled for 1.3 s"}
    assert machine.played == [["one", "two"], ["two"]]
    assert [load(tmp_path / id).duration_ns for id in ("one", "two")] == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(("judgement", "rounds"), [(UNDECIDED, 4), (UNSEEN, 1), (FAILED, 1), (PASSED, 1)])
def test_lesser_stall_is_one_where_a_verdict_says_so(tmp_path: Path, judgement: Judgement, rounds: int) -> None:
    machine = Machine(*[{"one": 0.3}] * TRIES)
    play(machine, tmp_path, PASSED, judgement)
    assert machine.played == [["one", "two"], *[["one"]] * (rounds - 1)]


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(("stall", "rounds"), [(0.3, 2), (0.2, 1)])
def test_lesser_stall_is_one_where_the_play_broke(tmp_path: Path, stall: float, rounds: int) -> None:
    machine = Machine({"one": stall}, broken="one")
    play(machine, tmp_path, PASSED)
    assert machine.played == [["one", "two"], *[["one"]] * (rounds - 1)]


@pytest.mark.usefixtures("calm")
def test_gives_up_on_a_machine_that_never_leaves_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(*[{"one": 1.0 + turn} for turn in range(TRIES)])
    monkeypatch.setattr("fixtures.playing.window.FIRST", 64)
    assert play(machine, tmp_path, PASSED, limit=64) == {"one": f"the host stalled for {TRIES - 1.0} s"}
    assert load(tmp_path / "one").stall() == TRIES, "the last one stays, with its stall"
    assert machine.limits == [64, 32, 16, 8, 4]


@pytest.mark.usefixtures("calm")
def test_repeats_end_where_even_single_plays_mend_nothing(tmp_path: Path) -> None:
    machine = Machine(*[{"one": 1.3}] * TRIES)
    play(machine, tmp_path, PASSED, limit=2)
    assert machine.limits == [2, 1, 1]


@pytest.mark.usefixtures("calm")
def test_full_neighbor_table_is_reason_enough(tmp_path: Path) -> None:
    found = play(Machine(crowded="one"), tmp_path, PASSED)
    assert list(found) == ["one"]
    assert "refused 3 of them" in found["one"]


def test_undisturbed_plays_are_not_even_loaded(tmp_path: Path) -> None:
    def judge(recording: Recording) -> Judgement:
        raise AssertionError("nobody asked")

    requests: list[PlayRequest] = [Request("one")]  # type: ignore[list-item]
    assert play_undisturbed(requests, tmp_path, Machine({"one": 0.05}), lambda _: [judge]) == {}


def test_words() -> None:
    assert describe_repeats({"one": "the host stalled for 1.3 s"}) == (
        "1 play was played again: the host stalled for 1.3 s")
    assert describe_repeats({"one": "a", "two": "b", "three": "a"}) == "3 plays were played again: a; b"


def below(pid: int) -> dict[int, list[bytes]]:
    """A process and all below it, with their command lines (proc(5))."""
    parents, lines = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):      # it has just ended
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                lines[int(folder.name)] = (folder / "cmdline").read_bytes().split(b"\0")
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: lines.get(each, [b""]) for each in found}


def plays_radvd(pid: int) -> bool:
    """Whether radvd runs for a play, and not only to be asked for its version."""
    return any(b"radvd" in line[0] and b"--config" in line for line in below(pid).values())


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_stopped_machine(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Everything of the run stands still for more than a second, while it plays."""
    trial, place = Trial(tmp_path), tmp_path / "reports" / "out"
    played = str(PROJECT / "conformance" / "checks" / "router_discovery" / "test_router_stop.py")
    run = trial.start([*trial.pytest("-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT), *workers),
                       "-p", "no:cacheprovider", "--report-dir", str(place), played, "-k", "radvd and linux"])
    while not plays_radvd(run.pid):
        assert run.poll() is None, "the run ended before it played"
        time.sleep(0.05)
    stopped = list(below(run.pid))
    for sign in (signal.SIGSTOP, signal.SIGCONT):
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        time.sleep(1.3 if sign == signal.SIGSTOP else 0)
    assert run.wait(120) in (0, 1)
    document = json.loads((place / "compliance.json").read_text())
    assert [each["reason"].startswith("the host stalled for ") for each in document["run"]["played_again"]] == [True]
    assert {each["recording"] for each in document["run"]["played_again"]} == {
        each["recording"] for each in document["verdicts"] if each["recording"]}
    assert all(each["verdict"] != "inconclusive" for each in document["verdicts"])
    assert all(load(path).stall() < 1 for path in (place / "recordings").iterdir())


class Lasting:
    """A request for a play of so many seconds."""

    def __init__(self, length: float) -> None:
        self.scenario = SimpleNamespace(length=length)


@pytest.mark.parametrize(("limit", "seconds", "lengths"), [
    (2, 10.0, [5.0, 6.0, 7.0]), (2, 1.0, [5.0, 6.0]), (2, 0.0, []), (1, 99.0, [5.0, 6.0, 7.0, 30.0])])
def test_no_more_is_repeated_than_there_is_time_for(limit: int, seconds: float, lengths: list[float]) -> None:
    requests: list[PlayRequest] = [Lasting(each) for each in (30.0, 7.0, 5.0, 6.0)]  # type: ignore[misc]
    assert [each.scenario.length for each in fitting(requests, limit, seconds)] == lengths


@pytest.mark.usefixtures("calm")
def test_what_no_time_is_left_for_is_told(tmp_path: Path) -> None:
    machine = Machine(*[{"one": 1.3, "two": 1.3}] * TRIES)
    clock, left = iter([0.0, 5.0, 11.0]), dict[str, str]()
    names: list[PlayRequest] = [Request("one"), Request("two")]  # type: ignore[list-item]
    again = play_undisturbed(names, tmp_path, machine, lambda id: [], Budget(0.0, 10.0), lambda: next(clock),
                             left.update)
    assert len(machine.played) == 2 and sorted(again) == ["one", "two"]
    assert left == dict.fromkeys(("one", "two"), "the host stalled for 1.3 s")
    assert describe_left(left, 2.0).startswith("2 disturbed plays were not played again")


@pytest.mark.usefixtures("calm")
def test_what_did_not_begin_is_told_and_not_repeated(tmp_path: Path) -> None:
    machine, left = Machine({"two": 1.3}), dict[str, str]()
    machine.late = {"one"}
    names: list[PlayRequest] = [Request("one"), Request("two")]  # type: ignore[list-item]
    assert list(play_undisturbed(names, tmp_path, machine, lambda id: [], Budget(1.0), give_up=left.update)) == ["two"]
    assert machine.played == [["one", "two"], ["two"]]
    assert left == {"one": LEFT_OUT}
    assert describe_left(left, 2.0) == "1 play was not played, since the time for playing (--patience 2) was over"


@pytest.mark.usefixtures("calm")
def test_without_patience_none_is_repeated(tmp_path: Path) -> None:
    machine, left = Machine({"two": 1.3}), dict[str, str]()
    names: list[PlayRequest] = [Request("two")]  # type: ignore[list-item]
    play_undisturbed(names, tmp_path, machine, lambda id: [], budget_for(0.0, [(20.0, 0.0)]), give_up=left.update)
    assert machine.played == [["two"]] and list(left) == ["two"]


def test_the_budget_grows_with_the_plays_and_with_fewer_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(cores: int, plays: list[tuple[float, float]]) -> tuple[float, float]:
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
        found = budget_for(2.0, plays)
        return found.expected, found.more

    assert of(2, [(20.0, 0.0)]) == (20.0, GRANTED)
    assert of(2, [(20.0, 0.0)] * 20 * PER_CORE) == (200.0, 400.0)
    assert of(1, [(20.0, 0.0)] * 20 * PER_CORE) == (400.0, 800.0)
    assert of(1, [(30.0, 1.5)] * 10) == (600.0, 1200.0), "machines take turns"
