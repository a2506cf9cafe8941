"""`--pcap`: parties of captures in place of plays. What a passive check judges of them becomes a cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from conformance.judging.check import Check
from conformance.selection.cells import Cell, ending, verify
from conformance.sources.base import NotRun
from fixtures.captures.clocks import day
from fixtures.captures.parties import ROLES, SCENARIO, Judgeable, Party, judgeable
from fixtures.captures.reader import CaptureError
from fixtures.recording.model import Recording

#: Why a requirement without a passive check is not judged.
NEEDS_A_PLAY = "a capture cannot tell: this needs a play, with stimuli and with what the kernel says"
#: Why what did not come up in a capture is no failure.
AS_IT_CAME = "a capture shows what happened to happen"
#: So many names of parties are told in one line.
_NAMES = 6


@dataclass(frozen=True)
class Heard:
    """A party of a capture; `reason` says why there is nothing to judge, or is empty."""

    file: str = ""
    link: str = ""
    party: str = ""
    role: str = ""
    reason: str = ""

    name: ClassVar[str] = SCENARIO
    length: ClassVar[float] = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """What tells it from others."""
        return asdict(self)


PartyCell = Cell[Heard]


@dataclass
class Captured:
    """The captures of a run, by the names under which the report knows them."""

    captures: Mapping[str, Judgeable]
    paths: Sequence[Path]
    _passive: frozenset[str] | None = None
    _told: set[str] = field(default_factory=set)
    _latest: tuple[Heard, Recording] | None = None

    @classmethod
    def open(cls, paths: Sequence[Path],
             progress: Callable[[str, int], None] = lambda name, packets: None) -> Captured:
        """Read them all; `progress` is told how many packets of which have been read. Raises CaptureError."""
        found: dict[str, Judgeable] = {}
        for path in paths:
            name, number = path.name, 1
            while name in found:
                number += 1
                name = f"{path.stem}-{number}{path.suffix}"
            found[name] = judgeable(path, partial(progress, name))
        if all(not capture.packets for capture in found.values()):
            raise CaptureError(f"{paths[0]}: the capture has no packet; let it run while a guest boots")
        return cls(found, paths)

    def cells(self, check: Check) -> Iterator[PartyCell]:
        """A passive check has one for each party of its role; a requirement that is not judged has one in all."""
        verify(check)
        if not check.passive:
            id = check.requirement
            if id not in self._judged_in_passing() and id not in self._told:
                self._told.add(id)
                yield Cell(check, Heard(role=check.role, reason=NEEDS_A_PLAY), {}, SCENARIO)
            return
        for name, capture in self.captures.items():
            parties = [party for party in capture.parties if party.role == check.role]
            for party in parties:
                scene = Heard(name, party.link, party.name, party.role)
                yield Cell(check, scene, {party.role: _as_program(party)}, ending(check, _label(name, party)))
            if not parties:
                reason = f"nobody in {name} behaves as a {check.role}{_left_out(capture)}"
                yield Cell(check, Heard(file=name, role=check.role, reason=reason), {}, ending(check, _word(name)))

    def request(self, cell: PartyCell) -> None:
        """Nothing is played."""

    def recording(self, cell: PartyCell) -> Recording:
        """What the party said and heard. Raises NotRun."""
        scene = cell.scenario
        if scene.reason:
            raise NotRun(scene.reason)
        if self._latest is None or self._latest[0] != scene:
            self._latest = None  # of a busy day no two find room
            party = Party(scene.role, scene.party, scene.link)
            self._latest = scene, self.captures[scene.file].recording(party, scene.file)
        return self._latest[1]

    def turn(self, cell: PartyCell) -> tuple[int, int]:
        """The checks of one party come one after the other."""
        scene = cell.scenario
        if scene.reason:
            return len(self.captures), 0
        party = Party(scene.role, scene.party, scene.link)
        return list(self.captures).index(scene.file), self._places[scene.file][party]

    @cached_property
    def _places(self) -> dict[str, dict[Party, int]]:
        return {name: {party: at for at, party in enumerate(capture.parties)}
                for name, capture in self.captures.items()}

    def beside(self, cell: PartyCell) -> str:
        """When the capture was made."""
        when = day(self.captures[cell.scenario.file].started_ns)
        return f"captured on {when:%-d %B %Y}" if when else "captured at an unknown time"

    def why_declined(self, cell: PartyCell, recording: Recording) -> None:
        """Nobody was asked to play."""

    def excuse(self, cell: PartyCell) -> str:
        """Nobody gave a stimulus."""
        return AS_IT_CAME

    def options(self, cell: PartyCell) -> str:
        """None."""
        return ""

    def files(self) -> Mapping[str, Path]:
        """All captures."""
        return {name: capture.path for name, capture in self.captures.items()}

    def introduction(self) -> list[str]:
        """Who speaks in each capture, and what was left out."""
        lines = [f"judging {_count(len(self.captures), 'capture')}; nothing is played"]
        for name, capture in self.captures.items():
            seconds = (capture.ended_ns - capture.started_ns) / 1e9
            when = day(capture.started_ns)
            date = f" on {when:%-d %B %Y}" if when else ""
            speaking = [text for role in ROLES if (text := _speaking(role, capture.parties))]
            told = "; ".join(speaking) or "nobody speaks Neighbor Discovery or DHCPv6 in it"
            lines.append(f"{name}: {_count(capture.packets, 'packet')} in {seconds:.1f} s{date}: {told}")
            lines += [f"{name}: {note}" for note in capture.notes]
        return lines

    def _judged_in_passing(self) -> frozenset[str]:
        """The requirements that have a passive check."""
        if self._passive is None:
            from conformance.selection.declared import declared_checks

            self._passive = frozenset(check.requirement for check in declared_checks() if check.passive)
        return self._passive


def _left_out(capture: Judgeable) -> str:
    """What keeps one from being sure that nobody does."""
    return f", as far as it could be read ({'; '.join(capture.notes)})" if capture.notes else ""


def _speaking(role: str, parties: Sequence[Party]) -> str:
    names = [_as_program(party) for party in parties if party.role == role]
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{role} {', '.join(names[:_NAMES])}{more}" if names else ""


def _as_program(party: Party) -> str:
    return f"{party.name} ({party.link})" if party.link else party.name


def _label(file: str, party: Party) -> str:
    return "-".join(_word(part) for part in (file, party.link, party.name) if part)


def _word(text: str) -> str:
    """The text as a part of a test id that works in `-k`."""
    return re.sub(r"[^\w.+:]+|::+", "-", text).strip("-") or "capture"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
