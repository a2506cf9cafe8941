"""How far verdicts can be trusted, measured on the recordings of all healthy twins (docs/trust.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies

from conformance.judging.check import Check
from conformance.plugin.proving import FIGURE
from fixtures.recording.model import Recording
from tests.conformance.proof import Proof
from tests.trust.generic import try_mutants
from tests.trust.hostile import HARMS, Harm, crashes, harmed, systematic
from tests.trust.judged import Bench
from tests.trust.oracle import compare

#: Hostile recordings and generic mutants that `script/test` judges; more of both: docs/trust.md.
EXAMPLES, MUTANTS = 1_000, 300
#: The part of what an RFC forbids that some check notices, at least (docs/trust.md names what survives).
KILLED = 0.9


@pytest.fixture(scope="session")
def good(proofs: dict[str, Proof]) -> list[Recording]:
    """Each healthy twin's recording once."""
    found = {proof.twin.play.id: proof.twin for proof in proofs.values() if proof.twin is not None}
    return [found[id] for id in sorted(found)]


def test_tshark_and_the_views_agree_on_all_twins(good: list[Recording], tmp_path: Path,
                                                 record_property: Callable[[str, object], None]) -> None:
    opinions = compare(good, tmp_path)
    record_property(FIGURE, str(opinions))
    assert opinions.frames, "there was nothing to compare"
    assert not opinions.differences, "\n".join(opinions.differences)


@pytest.fixture(scope="session")
def checked_recordings(good: list[Recording]) -> list[tuple[Recording, list[Check]]]:
    """Each recording with the checks that judge it."""
    bench = Bench()
    return [(recording, bench.checks(recording)) for recording in good if recording.frames]


def test_no_hostile_recording_breaks_a_check(checked_recordings: list[tuple[Recording, list[Check]]],
                                             record_property: Callable[[str, object], None]) -> None:
    count, found = 0, set[str]()

    @seed(1)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink])
    @given(which=strategies.integers(0, len(checked_recordings) - 1), harms=HARMS)
    def judge_it(which: int, harms: list[Harm]) -> None:
        nonlocal count
        count += 1
        recording, checks = checked_recordings[which]
        broken = crashes(checks, harmed(recording, harms), count)
        found.update(broken)
        assert not broken, f"{recording.play.id}: {broken}"

    try:
        judge_it()
    finally:
        record_property(FIGURE, f"hostile inputs: {count}, crashes: {len(found)}")


def test_no_check_breaks_of_what_chance_finds_late(checked_recordings: list[tuple[Recording, list[Check]]],
                                                  record_property: Callable[[str, object], None]) -> None:
    """Frames cut at the borders of their headers, and a kind of message that is missing."""
    count, found = 0, list[str]()
    for recording, checks in checked_recordings:
        for what, hostile in systematic(recording):
            count += 1
            found += [f"{recording.play.id} {what}: {broken}" for broken in crashes(checks, hostile, count)]
    record_property(FIGURE, f"systematic hostile inputs: {count}, crashes: {len(found)}")
    assert not found, "\n".join(found)


def test_generic_mutants_are_killed(checked_recordings: list[tuple[Recording, list[Check]]], tmp_path: Path,
                                    record_property: Callable[[str, object], None]) -> None:
    """A sample of what an RFC forbids; the whole matrix, with its survivors, is `python -m tests.trust RECORDINGS`."""
    matrix = try_mutants(checked_recordings, MUTANTS, seed=1, only_forbidden=True, first_killer=True)
    record_property(FIGURE, str(matrix))
    assert matrix.rate >= KILLED, "\n".join(matrix.survivors())
