"""The judge: a pure function from a recording and a check to a judgement."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check
from conformance.judging.verdict import STALLED, Judgement, Notebook, Outcome, Unjudgeable, Violated
from fixtures.recording.disturbances import lost, refused
from fixtures.recording.model import Opaque, Recording

#: Seconds. When the machine stood still for so long, every wait of the play may have ended for that reason.
GROSS_STALL = 1.0


def judge(check: Check, recording: Recording, lacking: Mapping[str, str] | None = None) -> Judgement:
    """What the check says of the recording.

    `lacking` maps needed features that somebody in the cast declares not to have to the source of that declaration.
    Such a cell is judged all the same: the judgement is the probe that finds a wrong declaration.
    """
    if recording.error:
        return Judgement(Outcome.ERROR, f"the play broke: {recording.error}")
    if recording.declined:
        return Judgement(Outcome.NOT_APPLICABLE, recording.declined)
    judgement = _unhindered(check, recording)
    if lacking and judgement.outcome is not Outcome.ERROR:
        return _probed(judgement, lacking)
    return judgement


def _unhindered(check: Check, recording: Recording) -> Judgement:
    notebook = Notebook(recording)
    try:
        check.function(recording, notebook)
    except Violated as violated:
        broken = Outcome.FAIL if catalogue().named(check.requirement).binding else Outcome.WARN
        outcome, reason = _excused(recording, broken, str(violated))
    except Opaque as opaque:
        outcome = Outcome.NOT_APPLICABLE
        reason = f"only the kernel of {opaque.node} could tell, and of that node only the wire was seen"
    except Unjudgeable as unjudgeable:
        outcome, reason = Outcome.INCONCLUSIVE, str(unjudgeable)
    except Exception as bug:  # a bug in a check is an error of the suite, never a verdict on a program
        outcome, reason = Outcome.ERROR, f"the check broke: {_described(bug)}"
    else:
        outcome, reason = _accepted(recording, notebook)
    return Judgement(outcome, reason, tuple(notebook.evidence), tuple(notebook.figures))


def _accepted(recording: Recording, notebook: Notebook) -> tuple[Outcome, str]:
    if not notebook.evidence:
        return Outcome.ERROR, "vacuous: the check passed without citing what it saw"
    if notebook.doubts:
        return _excused(recording, Outcome.WARN, "; ".join(notebook.doubts))
    missed = lost(recording)
    if missed:
        return Outcome.INCONCLUSIVE, missed
    return Outcome.PASS, notebook.finding or f"as required, on {_count(len(notebook.evidence), 'piece')} of evidence"


def _excused(recording: Recording, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
    """A violation counts against the program only where the suite itself saw everything and was not late."""
    missed = lost(recording) or refused(recording)
    if missed:
        return Outcome.INCONCLUSIVE, f"{reason}; but {missed}"
    stall = recording.stall()
    if stall >= GROSS_STALL:
        return Outcome.INCONCLUSIVE, f"{reason}; but {STALLED} {stall:.1f} s during the play"
    return outcome, reason


def _probed(judgement: Judgement, lacking: Mapping[str, str]) -> Judgement:
    told = "; ".join(f"{feature}: {source}" for feature, source in lacking.items())
    if judgement.outcome is Outcome.PASS:
        return Judgement(
            Outcome.ERROR, f"declared as lacking, yet the check passes, so the declaration is wrong ({told})",
            judgement.evidence, judgement.figures,
        )
    return Judgement(Outcome.NOT_APPLICABLE, f"lacks {told}", judgement.evidence)


def _described(bug: Exception) -> str:
    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__}: {bug} ({Path(last.filename).name}:{last.lineno})"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
