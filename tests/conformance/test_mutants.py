"""Every registered check can fail: on its mutants it does, on their healthy twin it passes, and only with its evidence.

`-k NAME` proves one check and plays only what that needs.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.judging.check import Check, Mutant
from conformance.judging.evidence import evidence_of
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from conformance.plugin.proving import PROPERTY
from tests.conformance.edits import edited_in_place
from tests.conformance.proof import Proof, all_checks, bereft, describe

CHECKS = all_checks()
EVERY_CHECK = pytest.mark.parametrize("check", [pytest.param(check, id=check.label) for check in CHECKS.values()])
EVERY_MUTANT = pytest.mark.parametrize(("check", "mutant"), [
    pytest.param(check, mutant, id=f"{check.label}-{mutant.name}") for check in CHECKS.values()
    for mutant in check.mutants])
EVERY_EDIT = pytest.mark.parametrize(("check", "mutant"), [
    pytest.param(check, mutant, id=f"{check.name}-{mutant.name}") for check in CHECKS.values()
    for mutant in check.mutants if mutant.edit is not None])


@pytest.fixture
def proof(check: Check, proofs: dict[str, Proof], record_property: Callable[[str, object], None]) -> Proof:
    """The proof of one check; the terminal's summary counts those that hold in every part."""
    record_property(PROPERTY, check.label)
    return proofs[check.label]


@EVERY_CHECK
def test_has_a_mutant_and_its_healthy_twin_passes(check: Check, proof: Proof) -> None:
    assert check.mutants, f"{check.label} has no mutant: nothing shows that it can fail"
    proof.healthy()


@EVERY_MUTANT
def test_fails_on_its_mutant(check: Check, mutant: Mutant, proof: Proof) -> None:
    judgement = judge(check, proof.recording_of(mutant))
    assert judgement.outcome in (Outcome.FAIL, Outcome.WARN), describe(judgement)
    assert mutant.because in judgement.reason, f"it fails for another reason: {judgement.reason}"


@EVERY_EDIT
def test_what_its_mutant_edits_can_be_read(check: Check, mutant: Mutant, proof: Proof) -> None:
    """A field that an edit changes stands in the text of the evidence, which so shows what decided."""
    changed = proof.recording_of(mutant)
    edits = edited_in_place(proof.healthy(), changed)
    for before, after in edits:
        assert evidence_of(before).text != (text := evidence_of(after).text), f"the edit does not show in: {text}"
    assert proof.judgement is not None
    passed, failed = proof.judgement.evidence, judge(check, changed).evidence
    same = [each.text for each in passed] == [each.text for each in failed]
    assert not (edits and same), "what decided is not cited: the evidence reads as that of the healthy twin"


@EVERY_CHECK
def test_does_not_pass_without_its_evidence(check: Check, proof: Proof) -> None:
    twin = proof.healthy()
    assert proof.judgement is not None
    judgement = judge(check, bereft(twin, proof.judgement.evidence))
    assert judgement.outcome is not Outcome.PASS, "it passes although nothing of what it cites was seen"
