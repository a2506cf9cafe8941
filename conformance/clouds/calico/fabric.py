"""What checks of Calico's fabric share: the play of its data centre, and how long a move silences a flow."""

from __future__ import annotations

from itertools import pairwise

from conformance.judging.verdict import Notebook
from fixtures.clouds.calico.control import Endpoint
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.calico.cast import AT
from fixtures.scenarios.clouds.calico.datacentre import CalicoDatacentre

LIVES = CalicoDatacentre()

#: Seconds in which a route is known everywhere, and in which traffic has resumed after a move; no standard says it.
CONVERGENCE = 2.0


def beginning(recording: Recording, made: Mark) -> Mark:
    """The moment before the agent made an endpoint."""
    return [mark for mark in recording.marked(Endpoint) if mark.what == made.what and mark.ns <= made.ns][-1]


def gap(recording: Recording, notebook: Notebook, moving: Mark, source: str, to: str, limit: float) -> None:
    """Expect that a flow was answered before and after a move, with no longer a silence than so many seconds."""
    heard = [each for each in echoes(recording.at(source, outgoing=False), reply=True) if each.source == AT[to]]
    before = [each for each in heard if each.frame.ns < moving.ns]
    after = [each for each in heard if each.frame.ns >= moving.ns]
    notebook.cite(*notebook.stimulus(before, f"{to} did not answer {source} before it moved")[-1:])
    notebook.expect(after, f"{to} did not answer {source} any more after it moved", moving)
    asked = [each.time for each in echoes(recording.at(source, outgoing=True), reply=False)
             if each.destination == AT[to] and each.frame.ns >= moving.ns]
    times = [moving.time, *(each.time for each in after), max([*asked, after[-1].time])]
    silence = max(late - early for early, late in pairwise(times))
    notebook.figure(f"silence of {to} when it moves", silence, "s")
    notebook.in_time(silence, limit, f"{to} answered {source} late after it moved", after[0])
