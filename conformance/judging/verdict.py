"""Verdicts, and the notebook in which a check writes while it judges one recording."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from conformance.judging.deciding import Reads
from conformance.judging.evidence import Evidence, Seen, evidence_of, place
from fixtures.recording.disturbances import crowding_words
from fixtures.recording.model import Frame, Recording, TraceLine
from fixtures.recording.views.base import View


class Outcome(StrEnum):
    """The words of the report; see docs/reading-a-report.md."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"
    ERROR = "error"
    FLAKY = "flaky"


#: Of several verdicts the first of these counts most.
WORST_FIRST = (Outcome.ERROR, Outcome.FAIL, Outcome.FLAKY, Outcome.INCONCLUSIVE, Outcome.WARN, Outcome.NOT_RUN,
               Outcome.NOT_APPLICABLE, Outcome.PASS)

#: A crowded machine is not fair to everybody: a program may have waited so many times what was measured.
UNFAIR = 2.0

#: Seconds before the first of two sightings in which a stall may have kept it back.
_KEPT_BACK = 1.0

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """A measured number, for the report; it never defines a limit."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Judgement:
    """What a check says of one recording.

    `stalled` is the host's stall, in seconds, for which alone the check could not decide; 0 where that was not so.
    `trace` says where the bug is that made it an error; `cause` is what the check raised, for whoever debugs it.
    """

    outcome: Outcome
    reason: str
    evidence: tuple[Evidence, ...] = ()
    figures: tuple[Figure, ...] = ()
    stalled: float = 0.0
    trace: tuple[TraceLine, ...] = ()
    cause: Exception | None = field(default=None, compare=False, repr=False)


class Violated(Exception):
    """The requirement is not met; the text says what was seen instead."""


class Unjudgeable(Exception):
    """The stimulus did not take place, or the machine was too late to tell: it `stalled` for so many seconds."""

    def __init__(self, reason: str, *, stalled: float = 0.0) -> None:
        super().__init__(reason)
        self.stalled = stalled


class NoOccasion(Unjudgeable):
    """Nothing that the requirement speaks of was seen."""


@dataclass
class Notebook:
    """What a check uses to judge: it asks for the stimulus, expects what the requirement says, and cites what it saw.

    A pass must rest on cited evidence; `expect` cites on both sides, so the packet that broke the rule is kept too.
    `finding` may be set to one sentence that says, for the reader of a pass, what was seen. `reads` is there while it
    is watched which fields decide.
    """

    recording: Recording
    evidence: list[Evidence] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    finding: str = ""
    reads: Reads | None = None

    def cite(self, *seen: Seen, fields: tuple[str, ...] = ()) -> None:
        """Keep frames (or views of them), events, snapshots or marks as evidence.

        `fields` decide in these packets, by the names that the report has for them; only where `expect` reads none.
        """
        for item in seen:
            entry = evidence_of(item)
            if entry not in self.evidence:
                self.evidence.append(replace(entry, fields=fields))

    def expect(self, holds: object, otherwise: str, *seen: Seen) -> None:
        """Cite what was seen; raise Violated with the sentence `otherwise` when the condition does not hold."""
        __tracebackhide__ = True
        self.cite(*seen)
        self._read(holds, seen)
        if not holds:
            raise Violated(otherwise)

    def _read(self, holds: object, seen: tuple[Seen, ...]) -> None:
        """Note at the evidence which fields decided, where reads are watched and what is expected does not hold."""
        if self.reads is None:
            return
        if holds:
            self.reads.forget()
            return
        frames = [each.frame if isinstance(each, View) else each for each in seen if isinstance(each, (Frame, View))]
        fields = self.reads.of_statement(frames, sys._getframe(2))
        places = {place(each) for each in seen if isinstance(each, (Frame, View))}
        self.evidence = [replace(each, fields=fields) if each.place in places else each for each in self.evidence]

    def recommend(self, holds: object, otherwise: str, *seen: Seen) -> None:
        """A SHOULD inside a MUST: cite and go on; where it does not hold the verdict is `warn` at best."""
        self.cite(*seen)
        self._read(holds, seen)
        if not holds:
            self.doubts.append(otherwise)

    def stimulus(self, found: Iterable[T], otherwise: str) -> list[T]:
        """The occurrences of the stimulus; raise NoOccasion with `otherwise` when there is none."""
        __tracebackhide__ = True
        items = list(found)
        if not items:
            raise NoOccasion(otherwise)
        return items

    def in_time(self, seconds: float, limit: float, otherwise: str, *seen: Seen) -> None:
        """Expect `seconds` <= `limit`, widened by the host's stall; late only through the stall is unjudgeable.

        The stall that counts is that between the first and the last of what was seen; of the play, where that is one.
        A program may have been kept waiting for longer than those who measure it, by UNFAIR times.
        """
        __tracebackhide__ = True
        self.cite(*seen)
        times = [item.time for item in seen]
        stall = self.recording.stall(min(times), max(times)) if len(times) > 1 else self.recording.stall()
        if seconds <= limit:
            return
        if seconds <= limit + UNFAIR * stall:
            late = f"{seconds:.3f} s, limit {limit:g} s"
            raise Unjudgeable(f"{otherwise} ({late}), but the host stalled for {stall:.3f} s", stalled=stall)
        raise Violated(f"{otherwise} ({seconds:.3f} s, limit {limit:g} s)")

    def not_before(self, seconds: float, limit: float, otherwise: str, first: Seen, second: Seen) -> None:
        """Expect that from `first` to `second` it took `seconds` >= `limit`.

        Early only because a stall had kept the first back is unjudgeable; the machine tells of a stall when it is over.
        """
        __tracebackhide__ = True
        self.cite(first, second)
        stall = self.recording.stall(first.time - _KEPT_BACK, second.time)
        if seconds >= limit:
            return
        if seconds >= limit - stall:
            raise Unjudgeable(f"{otherwise}, but the host stalled for {stall:.3f} s", stalled=stall)
        raise Violated(otherwise)

    def neighbors_undisturbed(self) -> None:
        """For a verdict that rests on entries of a neighbor table staying there: all namespaces share that table.

        Raises Unjudgeable when it was so full during the play that the kernel threw entries away early.
        """
        __tracebackhide__ = True
        crowd = crowding_words(self.recording)
        if crowd:
            raise Unjudgeable(f"neighbor entries may be gone for another reason: {crowd}")

    def figure(self, name: str, value: float, unit: str) -> None:
        """Keep a measured number for the report."""
        self.figures.append(Figure(name, value, unit))
