"""The judge: a pure function from a recording and a check to a judgement."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from conformance.catalogue.requirements import catalogue
from conformance.catalogue.words import BINDING
from conformance.judging import check as declaring
from conformance.judging.check import Check
from conformance.judging.deciding import watch_reads
from conformance.judging.evidence import Evidence
from conformance.judging.verdict import Judgement, NoOccasion, Notebook, Outcome, Unjudgeable, Violated
from fixtures.captures.parties import SCENARIO
from fixtures.recording.disturbances import missed_words, refusal_words
from fixtures.recording.model import Opaque, Recording
from fixtures.recording.traces import place, trace
from fixtures.recording.views.base import lost_packets

#: Seconds. Whatever the play waited for in vain may have been late for a shorter one; what a check measures is widened
#: by each (`Notebook.in_time`).
STALL = 0.25

#: Seconds. When the host stalled for so long, every wait of the play may have ended for that reason.
GROSS_STALL = 1.0

#: Why a play that did not begin says nothing.
LEFT_OUT = "the play had not begun when the time for playing (--patience) was over"


def judge(check: Check, recording: Recording, lacking: Mapping[str, str] | None = None) -> Judgement:
    """What the check says of the recording.

    `lacking` maps needed features that somebody in the cast declares not to have to the source of that declaration.
    Such a cell is judged all the same: the judgement is the probe that finds a wrong declaration.
    """
    if recording.error:
        return Judgement(Outcome.ERROR, f"the play broke: {recording.error}", trace=recording.trace)
    if recording.left_out:
        return Judgement(Outcome.INCONCLUSIVE, LEFT_OUT)
    if recording.declined:
        return Judgement(Outcome.NOT_APPLICABLE, str(recording.declined))
    judgement = _outcome(check, recording)
    if lacking and judgement.outcome is not Outcome.ERROR:
        return _probe_lack(judgement, lacking)
    return judgement


def _outcome(check: Check, recording: Recording) -> Judgement:
    notebook = Notebook(recording)
    cause: Exception | None = None
    try:
        check.judges(recording, notebook)
    except Violated as violated:
        promise = catalogue().promise(check.id)
        broken = Outcome.FAIL if promise.level in BINDING else Outcome.WARN
        found, cause = _violation(recording, broken, str(violated), promise.source), violated
    except Opaque as opaque:
        reason = f"only the kernel of {opaque.node} could tell, and of that node only the wire was seen"
        found = Judgement(Outcome.NOT_APPLICABLE, reason)
    except Unjudgeable as unjudgeable:
        found, cause = _as_undecided(recording, unjudgeable, check), unjudgeable
    except Exception as bug:  # a bug in a check is an error of the suite, never a verdict on a program
        found, cause = _bug_in_check(bug), bug
    else:
        found = _acceptance(recording, notebook, catalogue().promise(check.id).source)
    evidence = notebook.evidence
    if found.outcome in (Outcome.FAIL, Outcome.WARN):
        evidence = _with_deciding_fields(check, recording)
    return replace(found, evidence=tuple(evidence), figures=tuple(notebook.figures), cause=cause)


def _with_deciding_fields(check: Check, recording: Recording) -> list[Evidence]:
    """The evidence once more, and at each packet the fields that decided: a check is a pure function of a recording."""
    with watch_reads() as reads, suppress(Violated):
        notebook = Notebook(recording, reads=reads)
        check.judges(recording, notebook)
    return notebook.evidence


def _as_undecided(recording: Recording, unjudgeable: Unjudgeable, check: Check) -> Judgement:
    """Why a recording cannot be judged: what did not come may have been the machine's fault.

    Not so for a passive check: no play is made so that something comes up for it.
    """
    reason, stall = f"{unjudgeable}{_left_out_words(recording)}", recording.stall()
    by_the_way = check.passive and isinstance(unjudgeable, NoOccasion)
    if unjudgeable.stalled or stall < STALL or by_the_way:
        return Judgement(Outcome.INCONCLUSIVE, reason, stalled=unjudgeable.stalled)
    late = f"the host stalled for {stall:.1f} s during the play"
    return Judgement(Outcome.INCONCLUSIVE, f"{reason}; and {late}", stalled=stall)


def _left_out_words(recording: Recording) -> str:
    """What of a play no view shows, since it was never whole; a capture tells of its own once."""
    lost = 0 if recording.play.scenario == SCENARIO else lost_packets(recording.frames)
    return f"; {_count(lost, 'packet')} in fragments that cannot be put together {_is(lost)} left out" if lost else ""


def _acceptance(recording: Recording, notebook: Notebook, source: str) -> Judgement:
    if not notebook.evidence:
        return Judgement(Outcome.ERROR, "vacuous: the check passed without citing what it saw")
    if notebook.doubts:
        return _violation(recording, Outcome.WARN, "; ".join(notebook.doubts), source)
    missed = missed_words(recording)
    if missed:
        return Judgement(Outcome.INCONCLUSIVE, missed)
    pieces = _count(len(notebook.evidence), "piece")
    return Judgement(Outcome.PASS, notebook.finding or f"as required, on {pieces} of evidence")


def _violation(recording: Recording, outcome: Outcome, reason: str, source: str) -> Judgement:
    """A violation counts against the program only where the suite itself saw everything and was not late.

    Its reason ends with the `source` of the requirement, so that it can stand alone in a bug report.
    """
    missed = missed_words(recording) or refusal_words(recording)
    if missed:
        return Judgement(Outcome.INCONCLUSIVE, f"{reason}; but {missed}")
    stall = recording.stall()
    if stall >= GROSS_STALL:
        late = f"the host stalled for {stall:.1f} s during the play"
        return Judgement(Outcome.INCONCLUSIVE, f"{reason}; but {late}", stalled=stall)
    return Judgement(outcome, f"{reason} [{source}]")


def _probe_lack(judgement: Judgement, lacking: Mapping[str, str]) -> Judgement:
    told = "; ".join(f"{feature}: {source}" for feature, source in lacking.items())
    if judgement.outcome is Outcome.PASS:
        return Judgement(
            Outcome.ERROR, f"declared as lacking, yet the check passes, so the declaration is wrong ({told})",
            judgement.evidence, judgement.figures,
        )
    return Judgement(Outcome.NOT_APPLICABLE, f"lacks {told}", judgement.evidence)


def _bug_in_check(bug: Exception) -> Judgement:
    steps = trace(bug, declaring.__file__)
    return Judgement(Outcome.ERROR, f"the check broke: {type(bug).__name__}: {bug} ({place(steps)})", trace=steps)


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
