"""A red cell as a story in five lines, for the terminal."""

from __future__ import annotations

from conformance.catalogue.requirements import catalogue
from conformance.judging.evidence import Evidence
from conformance.judging.verdict import Judgement
from conformance.plugin.plain import plain
from conformance.selection.cells import Cell, Scene


def story(cell: Cell[Scene], judgement: Judgement, recording: str | None, again: str) -> str:
    """What was promised, what was done, what was seen, what decided it, and the command that shows it again."""
    promise = catalogue().promise(cell.check.id)
    players = ", ".join(f"{role} {name}" for role, name in cell.cast.items()) or "kernels alone"
    decided = _line(judgement.evidence[-1]) if judgement.evidence else "nothing was cited"
    return plain("\n".join([
        f"promised: {promise.id} ({promise.level}, {promise.source}): {promise.text}",
        f"done:     {cell.scenario.name} with {players}" + (f", recorded as {recording}" if recording else ""),
        f"seen:     {judgement.outcome}: {judgement.reason}",
        f"decided:  {decided}",
        f"again:    {again}",
    ]))


def _line(evidence: Evidence) -> str:
    place = "/".join(word for word in (evidence.node, evidence.interface) if word)
    number = f" {evidence.frame}" if evidence.frame is not None else ""
    return f"{evidence.kind}{number} at {evidence.time:.3f} s{f' in {place}' if place else ''}: {evidence.text}"
