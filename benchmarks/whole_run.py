"""Where a whole run's time goes: wall and CPU against its critical path, which is its longest play.

    python -m benchmarks.whole_run [pytest arguments]       # runs `pytest conformance/`, then reads its report
    python -m benchmarks.whole_run --report DIR             # reads the report of a run that has ended

Plays wait for protocol timers, so a run cannot be shorter than its longest play. The ratio says how much longer it is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fixtures.recording.model import Recording
from fixtures.recording.storage import load

ROOT = Path(__file__).resolve().parent.parent
ROWS = 40


@dataclass(frozen=True)
class Row:
    """The plays of one scenario: how many, the longest, seconds in all, frames and kernel events in all."""

    scenario: str
    plays: int
    longest: float
    seconds: float
    frames: int
    events: int


def rows(recordings: Sequence[Recording]) -> list[Row]:
    """One row for each scenario, the longest play first."""
    by_scenario: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        by_scenario[recording.play.scenario].append(recording)
    found = [
        Row(name, len(plays), max(each.duration for each in plays), sum(each.duration for each in plays),
            sum(len(each.frames) for each in plays), sum(len(each.events) for each in plays))
        for name, plays in by_scenario.items()
    ]
    return sorted(found, key=lambda row: -row.longest)


def table(report: Path) -> str:
    """The figures of a run as text. Raises OSError where there is no report, SavedError for a broken recording."""
    run = json.loads((report / "compliance.json").read_text())["run"]
    recordings = [load(path) for path in sorted((report / "recordings").iterdir()) if path.is_dir()]
    longest = max(recordings, key=lambda each: each.duration)
    ratio = run["duration_s"] / longest.duration
    stall = max(each.stall() for each in recordings)
    lines = [
        f"{len(recordings)} plays, {sum(each.duration for each in recordings):.0f} s of playing in all",
        f"wall        {run['duration_s']:7.1f} s",
        f"longest     {longest.duration:7.1f} s   {longest.play.id}",
        f"ratio       {ratio:7.2f}     wall / longest play",
        f"CPU         {run['cpu_s']:7.1f} s   {1000 * run['cpu_s'] / len(recordings):.0f} ms a play",
        f"worst stall {1000 * stall:7.0f} ms",
        "",
        f"{'scenario':{ROWS}} plays  longest  seconds   frames   events",
    ]
    lines += [f"{row.scenario:{ROWS}} {row.plays:5} {row.longest:8.1f} {row.seconds:8.0f} {row.frames:8} {row.events:8}"
              for row in rows(recordings)]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run or read, and print; the exit status is that of the run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_run", description=__doc__)
    parser.add_argument("--report", type=Path, help="read this report instead of running")
    options, rest = parser.parse_known_args(arguments)
    if options.report:
        print(table(options.report))
        return 0
    with tempfile.TemporaryDirectory(dir=ROOT / "reports", prefix=".out.benchmark-") as scratch:
        report = Path(scratch) / "report"
        argv = [sys.executable, "-m", "pytest", "conformance/", "-q", "--report-dir", str(report), *rest]
        status = subprocess.run(argv, cwd=ROOT, check=False).returncode
        print(table(report))
        return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
