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

from conformance.judging.judge import GROSS_STALL, STALL
from conformance.judging.verdict import Judgement
from fixtures.playing.calm import await_calm
from fixtures.playing.governor import PER_CORE
from fixtures.playing.request import PlayRequest
from fixtures.recording.disturbances import refusal_words
from fixtures.recording.glance import longest_stall, was_refused
from fixtures.recording.model import Recording
from fixtures.recording.storage import load

#: How many plays at the same time, each time that some are played again: the plays themselves are a load, too, and a
#: host on which many were disturbed can run fewer. After the last time what was recorded stands.
FEWER = (24, 12, 8, 8)

#: How many times the expected time of a run its repeats may take, and the seconds that are always granted: a run of one
#: short play is repeated, too.
PATIENCE, GRANTED = 2.0, 120.0

#: Seconds. No bound of a check is missed for a shorter stall often enough to look for it.
BRIEF = 0.1


@dataclass(frozen=True)
class Attempt:
    """One attempt at plays: at most `limit` at the same time (None: as many as the host can run).

    `reason` says in words why the attempt before it was disturbed.
    """

    number: int = 1
    limit: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.reason} (attempt {self.number} of {len(FEWER) + 1})" if self.reason else ""


#: Plays requests into a directory.
PlayAll = Callable[[Sequence[PlayRequest], Path, Attempt], object]
Judge = Callable[[Recording], Judgement]


def undisturbed(requests: Sequence[PlayRequest], into: Path, play_all: PlayAll,
                judges: Callable[[str], Sequence[Judge]], seconds: float = GRANTED,
                now: Callable[[], float] = time.monotonic,
                give_up: Callable[[Mapping[str, str]], object] = lambda _: None) -> dict[str, str]:
    """Play all into `into/<play id>`; returns what was played again, by play id, and what had disturbed it.

    `judges` are those who will judge a play; they are asked for where it may have been disturbed. No repeat begins
    later than `seconds` after the first attempt, and of many no more than fit into what is left of it, the
    shortest first: what then stays disturbed keeps its recording, and `give_up` is told of it. Raises what `play_all`
    raises.
    """
    play_all(requests, into, Attempt())
    end = now() + seconds
    again: dict[str, str] = {}
    left: dict[str, str] = {}
    rest = list(requests)
    for turn, limit in enumerate(FEWER, 2):
        found = {each.id: disturbance(into / each.id, judges) for each in rest}
        disturbed = [each for each in rest if found[each.id]]
        rest = fitting(disturbed, limit, end - now())
        chosen = {each.id for each in rest}
        left |= {each.id: found[each.id] for each in disturbed if each.id not in chosen}
        if not rest:
            break
        await_calm()
        scratch = into / f".again-{turn}"
        try:
            play_all(rest, scratch, Attempt(turn, limit, _reasons(found)))
            for each in rest:
                shutil.rmtree(into / each.id)
                (scratch / each.id).rename(into / each.id)
                again[each.id] = found[each.id]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    if left:
        give_up(left)
    return again


def budget(patience: float, lengths: Sequence[float]) -> float:
    """Seconds for repeats of plays that last so long each: `patience` times what they take when none is disturbed."""
    together = PER_CORE * len(os.sched_getaffinity(0))
    expected = max(max(lengths, default=0.0), sum(lengths) / together)
    return max(GRANTED, patience * expected) if patience else 0.0


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
    """`2 disturbed plays were not played again, since ... (--patience 2) was over`, and what disturbed one of them."""
    number = len(left)
    return (f"{number} disturbed {'play was' if number == 1 else 'plays were'} not played again, since the time for"
            f" repeats (--patience {patience:g}) was over; such as: {max(left.values())}")


def _reasons(disturbed: Mapping[str, str]) -> str:
    return "; ".join(sorted(set(filter(None, disturbed.values()))))
