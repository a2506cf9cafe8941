"""How far verdicts can be trusted, measured on the recordings of all healthy twins (docs/trust.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.plugin.proving import FIGURE
from fixtures.recording.model import Recording
from tests.conformance.proof import Proof
from tests.trust.oracle import compared


@pytest.fixture(scope="session")
def good(proofs: dict[str, Proof]) -> list[Recording]:
    """Each healthy twin's recording once."""
    found = {proof.twin.play.id: proof.twin for proof in proofs.values() if proof.twin is not None}
    return [found[id] for id in sorted(found)]


def test_tshark_and_the_views_agree_on_all_twins(good: list[Recording], tmp_path: Path,
                                                 record_property: Callable[[str, object], None]) -> None:
    opinions = compared(good, tmp_path)
    record_property(FIGURE, str(opinions))
    assert opinions.frames, "there was nothing to compare"
    assert not opinions.differences, "\n".join(opinions.differences)
