"""Every play of a run, for passive checks: whatever was played, what a program said in it keeps the rules or not.

A program has one verdict for each check: that of the play in which it came off worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from conformance.judging.check import CHECKS, Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, NoOccasion, Outcome
from conformance.selection.casting import Cast
from conformance.selection.cells import Cell, ending
from conformance.sources.base import NotRun
from conformance.sources.programs import Programs
from fixtures.names import in_file_name
from fixtures.recording.model import Recording
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.stagecraft.base import Scenario

#: Why what no play could decide is no failure.
AS_IT_WAS_PLAYED = "no play was made for it"
#: What makes the worst verdict of several; where nothing is wrong, one that saw something.
_WORST_FIRST = (Outcome.ERROR, Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
#: Its rank when nothing came up that it could be judged by.
_NO_OCCASION = len(_WORST_FIRST)


@dataclass(frozen=True)
class Throughout:
    """All plays in which a program plays a role."""

    role: str
    program: str

    name: ClassVar[str] = "every-play"
    length: ClassVar[float] = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """What tells it from others."""
        return asdict(self)


def throughout(check: Check, programs: Programs) -> Iterator[Cell[Any]]:
    """The cells of a passive check: one for each program that may play its role. Raises BadSelection."""
    for name in programs.selection.playing(check.role) if check.passive else ():
        if programs.absent({check.role: name}) is None:
            id = ending(check, f"{in_file_name(name)}-in-every-play")
            yield Cell(check, Throughout(check.role, name), {check.role: name}, id)


def a_play(scene: Throughout, programs: Programs) -> Iterator[tuple[Scenario, Cast]]:
    """Plays in which a program plays a role as usual: one of them there should be, whatever else is played."""
    boot = GuestBoot(mode=Mode.STATEFUL)
    if scene.role in boot.roles:
        for cast in programs.casts(boot):
            if cast[scene.role] == scene.program:
                yield boot, cast


@dataclass
class Worst:
    """The recording in which each program came off worst, by check: found for all checks at once."""

    _found: dict[tuple[str, str], tuple[int, str, Recording]] | None = field(default=None)

    def of(self, check: Check, scene: Throughout, recordings: Iterable[Recording]) -> Recording:
        """That of one program. Raises NotRun where it is in none, or none gave an occasion."""
        if self._found is None:
            self._found = _worst(recordings)
        found = self._found.get((check.key, scene.program))
        if found is None:
            raise NotRun(f"no play of this run has {scene.program} as {scene.role}")
        rank, reason, recording = found
        if rank == _NO_OCCASION:
            raise NotRun(f"no play of this run gave an occasion: {reason}")
        return recording


def _worst(recordings: Iterable[Recording]) -> dict[tuple[str, str], tuple[int, str, Recording]]:
    passive = [check for check in CHECKS.values() if check.passive]
    found: dict[tuple[str, str], tuple[int, str, Recording]] = {}
    for recording in recordings:
        if recording.error or recording.declined or recording.mutant or recording.left_out:
            continue
        for check in passive:
            who = recording.play.implementations.get(check.role)
            if who is not None:
                judgement = judge(check, recording)
                rank = _rank(judgement)
                before = found.get((check.key, who.name))
                if before is None or rank < before[0]:
                    found[check.key, who.name] = rank, str(judgement.cause or ""), recording
    return found


def _rank(judgement: Judgement) -> int:
    if judgement.outcome is Outcome.INCONCLUSIVE and isinstance(judgement.cause, NoOccasion):
        return _NO_OCCASION
    return _WORST_FIRST.index(judgement.outcome)
