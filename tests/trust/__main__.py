"""The figures of docs/trust.md on a run's recordings: python -m tests.trust RECORDINGS [MUTANTS [EXAMPLES [MATRIX]]].

MATRIX is the file that takes the kill matrix: kill-matrix.tsv where none is named.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings, strategies

from fixtures.recording.storage import load
from tests.trust.generic import try_mutants
from tests.trust.hostile import HARMS, Harm, crashes, harmed
from tests.trust.judged import Bench
from tests.trust.oracle import compare


def main(folder: str, mutants: str = "2000", examples: str = "2000", table: str = "kill-matrix.tsv") -> int:
    """Print the figures, and what stands behind those that are not 0. Returns the exit status."""
    whole = [load(path) for path in sorted(Path(folder).iterdir()) if path.is_dir()]
    whole = [each for each in whole if each.frames and not each.error and not each.declined]
    if not whole:
        print(f"{folder} holds no recording of a play")
        return 4
    with tempfile.TemporaryDirectory() as kept:
        opinions = compare(whole, Path(kept))
    print(opinions, *opinions.differences, sep="\n")

    bench = Bench()
    todo = [(recording, bench.checks(recording)) for recording in whole]
    matrix = try_mutants(todo, int(mutants), seed=1)
    Path(table).write_text(matrix.table())
    print(matrix, f"the kill matrix: {table}", "survivors:", *matrix.survivors(), sep="\n")

    found: Counter[str] = Counter()
    turn = 0

    @seed(1)
    @settings(max_examples=int(examples), database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(which=strategies.integers(0, len(todo) - 1), harms=HARMS)
    def judge_it(which: int, harms: list[Harm]) -> None:
        nonlocal turn
        turn += 1
        recording, checks = todo[which]
        found.update(f"{broken}; {recording.play.id} after {harms}"
                     for broken in crashes(checks, harmed(recording, harms), turn))

    judge_it()
    print(f"hostile inputs: {examples}, crashes: {found.total()}", *found, sep="\n")
    return 1 if opinions.differences or found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
