"""What the passive checks say of a capture, without pytest in between."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, Outcome
from conformance.selection.declared import declared_checks
from fixtures.captures.parties import judgeable

_WORST_FIRST = (Outcome.ERROR, Outcome.FAIL, Outcome.WARN, Outcome.INCONCLUSIVE, Outcome.PASS,
                *(each for each in Outcome if each in (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN, Outcome.FLAKY)))
CHECKS = [check for check in declared_checks() if check.passive]


def judgements(path: Path) -> dict[tuple[str, str, str], Judgement]:
    """The judgements by role, party and name of the check, of its parts the worst. Raises CaptureError."""
    found = judgeable(path)
    told: dict[tuple[str, str, str], Judgement] = {}
    for party in found.parties:
        for check in (each for each in CHECKS if each.role == party.role):
            judgement = judge(check, found.recording(party))
            key = (party.role, party.name, check.name)
            told[key] = min(judgement, told.get(key, judgement), key=lambda each: _WORST_FIRST.index(each.outcome))
    return told


def outcomes(path: Path) -> dict[str, set[Outcome]]:
    """The outcomes of all parties by the name of the check."""
    found: dict[str, set[Outcome]] = defaultdict(set)
    for (_, _, check), judgement in judgements(path).items():
        found[check].add(judgement.outcome)
    return dict(found)


def failures(path: Path) -> dict[str, str]:
    """The reasons of all that fail, by the name of the check; an error counts."""
    return {check: judgement.reason for (_, _, check), judgement in judgements(path).items()
            if judgement.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.ERROR)}
