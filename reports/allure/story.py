"""The story of a cell, in five lines: promised, done, seen, decided by, seen again with."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.judging.verdict import Outcome
from fixtures.recording.model import TraceLine
from fixtures.recording.traces import as_text as as_lines
from reports.document.cells import Cell, roles_in_order
from reports.document.compliance import Evidence, Requirement, Verdict
from reports.document.recordings import NAMES, Told, details_of

#: More evidence than this is left to compliance.json, and of a pass, more than that; the page says so.
SHOWN, SHOWN_OF_PASS = 12, 6


@dataclass(frozen=True)
class Story:
    """What the page tells of one verdict; every field is plain text."""

    cell: Cell
    requirement: Requirement | None
    promised: str
    done: str
    seen: str
    known: str | None
    traceback: str
    evidence: list[str]
    decisive: int | None
    left_out: int
    capture: str | None
    look: str | None
    again: str


def tell(cell: Cell, requirement: Requirement | None, base: Path) -> Story:
    """The story of a cell; `base` is the report's directory, in which recordings are looked up."""
    verdict = cell.verdict
    play = details_of(base, verdict["recording"])
    shown, decisive = _choose(verdict)
    frame = next((each["frame"] for each in reversed(verdict["evidence"]) if each["frame"]), None)
    return Story(
        cell=cell,
        requirement=requirement,
        promised=requirement["text"] if requirement else "nothing that the catalogue knows",
        done=_what_was_played(verdict, play),
        seen=verdict["reason"],
        known=_deviation_text(verdict["known_deviation"]),
        traceback=as_lines(tuple(TraceLine(**step) for step in verdict.get("traceback", ()))),
        evidence=[_line(each) for each in shown],
        decisive=decisive,
        left_out=len(verdict["evidence"]) - len(shown),
        capture=play.capture if play else None,
        look=_look(play, frame),
        again=verdict["reproduce"],
    )


def as_text(story: Story) -> str:
    """The five lines as plain text, for Allure and for copying."""
    lines = [
        f"promised: {story.promised}",
        f"done: {story.done}",
        f"seen: {story.seen}",
        *([f"known deviation: {story.known}"] if story.known else []),
        *([f"traceback:\n{story.traceback}"] if story.traceback else []),
        *[f"evidence: {line}" for line in story.evidence or ["none"]],
        *([f"and {story.left_out} more in compliance.json"] if story.left_out else []),
        *([f"recording: {story.capture}"] if story.capture else []),
        f"again: {story.again}",
    ]
    return "\n".join(lines) + "\n"


def _what_was_played(verdict: Verdict, play: Told | None) -> str:
    """Who played what, in which situation."""
    parties = verdict["implementations"]
    who = ", ".join(
        f"{parties[role]['name']} {parties[role]['version']}".strip() + f" as {role}" for role
                    in roles_in_order(parties)
    )
    words = [verdict["scenario"] or (play.scenario if play else None) or "nothing was played"]
    if play and play.options:
        words.append("with " + ", ".join(play.options))
    if who:
        words.append(f"by {who}")
    if verdict["cloud"]:
        words.append(f"in the {verdict['cloud']} cloud")
    return " ".join(words)


def _choose(verdict: Verdict) -> tuple[list[Evidence], int | None]:
    """The evidence to show, and which of it decided: what a check cites last before it says that a rule is broken."""
    evidence = verdict["evidence"]
    most = SHOWN_OF_PASS if verdict["verdict"] == Outcome.PASS else SHOWN
    shown = evidence if len(evidence) <= most else [*evidence[: most - 1], evidence[-1]]
    return shown, len(shown) - 1 if shown and verdict["verdict"] in (Outcome.FAIL, Outcome.WARN) else None


def _line(evidence: Evidence) -> str:
    """One piece of evidence: what, where, when."""
    what = f"frame {evidence['frame']}" if evidence["frame"] else evidence["kind"]
    where = " ".join(filter(None, (evidence["node"], evidence["interface"])))
    return f"{evidence['time']:.6f} s  {what}{f' at {where}' if where else ''}: {evidence['text']}"


def _deviation_text(deviation: Any) -> str | None:
    """What makes a failure a known one."""
    if not deviation:
        return None
    if isinstance(deviation, dict):
        which = " ".join(str(deviation.get(key) or "") for key in ("implementation", "versions")).strip()
        why = "; ".join(str(deviation[key]) for key in ("reason", "source") if deviation.get(key))
        return f"{which}: {why}" if which else why
    return deviation if isinstance(deviation, str) else "listed in conformance/catalogue/deviations"


def _look(play: Told | None, frame: int | None) -> str | None:
    """The command that decodes the deciding packet."""
    if play is None or play.capture is None or frame is None or not play.capture.endswith(NAMES):
        return None
    return f"tshark -r {shlex.quote(play.capture)} -Y 'frame.number == {frame}' -V"
