"""Plays that the host disturbed are played again: their recordings say nothing of the programs.

What decides is measured beside the verdicts: a stall, a neighbor table that was full. Whatever a play without such a
cause shows, stands. The new recording takes the old one's place for all checks of the play, those that had decided too.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.judging.judge import GROSS_STALL, LEFT_OUT, STALL
from conformance.judging.verdict import Judgement
from fixtures.playing.governor import MACHINES
from fixtures.playing.host.calm import await_calm
from fixtures.playing.request import PlayRequest
from fixtures.playing.window import PER_CORE, Window
from fixtures.recording.disturbances import refusal_words
from fixtures.recording.glance import longest_stall, was_left_out, was_refused
from fixtures.recording.model import Recording
from fixtures.recording.storage import load

#: How many times a play is played at most, and after how many attempts in a row it is no more where even plays one by
#: one were all disturbed again. After the last time what was recorded stands.
ATTEMPTS, IDLE = 5, 2

#: How many times the expected time a run may take longer, and the seconds that are always granted: a run of one short
#: play is repeated, too.
PATIENCE, GRANTED = 2.0, 120.0

#: Seconds. No bound of a check is missed for a shorter stall often enough to look for it.
BRIEF = 0.1


@dataclass(frozen=True)
class Attempt:
    """One attempt at plays; `window` says how many at the same time, and none begins after `until` (time.monotonic()).

    `reason` says in words why the attempt before it was disturbed.
    """

    window: Window
    number: int = 1
    until: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.reason} (attempt {self.number} of {ATTEMPTS})" if self.reason else ""


@dataclass(frozen=True)
class Budget:
    """Seconds that plays take when the host is calm, and that the run may take longer; whether plays are repeated."""

    expected: float = 0.0
    more: float = GRANTED
    repeats: bool = True


#: Plays requests into a directory.
PlayAll = Callable[[Sequence[PlayRequest], Path, Attempt], object]
Judge = Callable[[Recording], Judgement]


def play_undisturbed(requests: Sequence[PlayRequest], into: Path, play_all: PlayAll,
                     judges: Callable[[str], Sequence[Judge]], budget: Budget | None = None,
                     now: Callable[[], float] = time.monotonic,
                     give_up: Callable[[Mapping[str, str]], object] = lambda _: None,
                     window: Window | None = None) -> dict[str, str]:
    """Play all into `into/<play id>`; returns what was played again, by play id, and what had disturbed it.

    `judges` are those who will judge a play; they are asked for where it may have been disturbed. With a `budget` no
    play begins later than that allows, and of many repeats no more than fit into what is left of it, the shortest
    first, as long as a repeat mends some: what then stays disturbed keeps its recording, and `give_up` is told of it
    and of what did not begin. Raises what `play_all` raises.
    """
    window = window or Window()
    granted = budget or Budget()
    end = now() + granted.expected + granted.more
    play_all(requests, into, Attempt(window, until=end if budget else None))
    again: dict[str, str] = {}
    left = {each.id: LEFT_OUT for each in requests if was_left_out(into / each.id)}
    rest = [each for each in requests if each.id not in left]
    before, idle = len(rest) + 1, 0
    for turn in range(2, ATTEMPTS + 2):
        found = {each.id: disturbance(into / each.id, judges) for each in rest}
        disturbed = [each for each in rest if found[each.id]]
        idle = idle + 1 if len(disturbed) >= before and window.limit == 1 else 0
        useful = granted.repeats and turn <= ATTEMPTS and idle < IDLE
        rest = fitting(disturbed, max(1, window.limit // 2), end - now()) if useful else []
        chosen = {each.id for each in rest}
        left |= {each.id: found[each.id] for each in disturbed if each.id not in chosen}
        if not rest:
            break
        before = len(rest)
        await_calm()
        window.halve(window.limit)
        scratch = into / f".again-{turn}"
        try:
            play_all(rest, scratch, Attempt(window, turn, end if budget else None, _reasons(found)))
            for each in rest:
                if was_left_out(scratch / each.id):
                    left[each.id] = found[each.id]
                    continue
                shutil.rmtree(into / each.id)
                (scratch / each.id).rename(into / each.id)
                again[each.id] = found[each.id]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        rest = [each for each in rest if each.id not in left]
    if left:
        give_up(left)
    return again


def budget_for(patience: float, plays: Sequence[tuple[float, float]]) -> Budget:
    """What `--patience` allows for plays that last so many seconds each and keep so many cores busy with machines."""
    cores = len(os.sched_getaffinity(0))
    longest = max((length for length, _ in plays), default=0.0)
    machines = sum(length * busy for length, busy in plays) / (MACHINES * cores)
    expected = max(longest, sum(length for length, _ in plays) / (PER_CORE * cores), machines)
    return Budget(expected, max(GRANTED, (patience or PATIENCE) * expected), repeats=patience > 0)


def fitting(requests: Sequence[PlayRequest], limit: int, seconds: float) -> list[PlayRequest]:
    """As many as can be played in so many seconds, `limit` at the same time, the shortest first.

    Where there is any time at all, as many as play at the same time are.
    """
    if seconds <= 0:
        return []
    chosen: list[PlayRequest] = []
    used = 0.0
    for each in sorted(requests, key=lambda request: request.scenario.length):
        used += each.scenario.length
        if len(chosen) >= limit and used / limit > seconds:
            break
        chosen.append(each)
    return chosen


def disturbance(path: Path, judges: Callable[[str], Sequence[Judge]]) -> str:
    """What made a saved recording useless, in words; empty where it is as good as any.

    A stall of GROSS_STALL seconds, a neighbor table that refused entries, a shorter stall of a play that broke, or a
    verdict that is inconclusive for a stated stall.
    """
    stall = longest_stall(path)
    if stall >= GROSS_STALL:
        return _stall_words(stall)
    if was_refused(path):
        return refusal_words(load(path))
    if stall < BRIEF:
        return ""
    recording = load(path)
    if recording.error and stall >= STALL:
        return _stall_words(stall)
    verdicts = (judge(recording) for judge in judges(path.name))
    return _stall_words(stall) if any(each.stalled for each in verdicts) else ""


def _stall_words(seconds: float) -> str:
    return f"the host stalled for {seconds:.1f} s"


def describe_repeats(again: Mapping[str, str]) -> str:
    """`2 plays were played again: the host stalled for 1.3 s`."""
    number = len(again)
    return f"{number} {'play was' if number == 1 else 'plays were'} played again: {_reasons(again)}"


def describe_left(left: Mapping[str, str], patience: float) -> str:
    """`2 disturbed plays were not played again, since ... (--patience 2) was over`, and what disturbed one of them.

    Those that did not begin are counted apart.
    """
    never = sum(reason == LEFT_OUT for reason in left.values())
    reasons = [reason for reason in left.values() if reason != LEFT_OUT]
    told = []
    if never:
        told.append(f"{never} {'play was' if never == 1 else 'plays were'} not played")
    if reasons:
        told.append(f"{len(reasons)} disturbed {'play was' if len(reasons) == 1 else 'plays were'} not played again")
    example = f"; such as: {max(reasons)}" if reasons else ""
    return f"{' and '.join(told)}, since the time for playing (--patience {patience:g}) was over{example}"


def _reasons(disturbed: Mapping[str, str]) -> str:
    return "; ".join(sorted(set(filter(None, disturbed.values()))))
