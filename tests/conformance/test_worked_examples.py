"""The worked example of docs/writing-a-play.md is played, with its check and its mutants."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conformance.judging.check import CHECKS, Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from conformance.selection.cells import verify
from conformance.selection.undisturbed import Attempt
from fixtures.implementations.registry import all_implementations
from fixtures.playing.request import PlayRequest
from tests.conformance.proof import Proof, prove
from tests.worked import worked_modules

CHECK = "conformance.checks.router_discovery.test_withdrawn_router"


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """The proof of the check that docs/writing-a-play.md shows."""
    def play(requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        from fixtures.playing.player import play_all
        play_all(requests, into, window=attempt.window)

    before = dict(CHECKS)
    modules = worked_modules("writing-a-play.md")
    try:
        (check,) = [each for each in CHECKS.values() if each.key not in before]
        assert check.function.__module__ == CHECK
        verify(check)
        (found,) = prove([check], all_implementations(), tmp_path_factory.mktemp("example"), play).values()
        yield found
    finally:
        CHECKS.clear()
        CHECKS.update(before)
        for name in modules:
            sys.modules.pop(name)


def test_the_check_of_the_docs_passes_on_its_twin(proof: Proof) -> None:
    assert judge(proof.check, proof.healthy()).outcome is Outcome.PASS


def test_the_check_of_the_docs_fails_on_its_mutants(proof: Proof) -> None:
    check: Check = proof.check
    assert len(check.mutants) == 2
    for mutant in check.mutants:
        judgement = judge(check, proof.recording_of(mutant))
        assert judgement.outcome is Outcome.FAIL and mutant.because in judgement.reason, judgement.reason
