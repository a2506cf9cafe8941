"""Are verdicts steady? Runs the suite many times, some of them with every core loaded, and compares cell by cell.

    python -m benchmarks.repeat [--times N] [--loaded N] [--keep DIR] [pytest arguments]

Prints one line a run and, at the end, every cell that did not get the same verdict each time. `inconclusive` with the
machine's stall as its reason is told apart: it is allowed in loaded runs for fewer than 2 % of the cells. Exit status 1
when any other verdict differs. What went otherwise than before, and what was red, is told at once, and its recording is
kept in DIR/run-N for whoever looks for the cause.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UNDECIDED = "inconclusive"
#: A busy loop that ends when who started it has ended, however that was.
LOOP = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"


@contextmanager
def load(busy: bool) -> Iterator[None]:
    """One busy loop for each core, as processes of their own."""
    loops = [subprocess.Popen([sys.executable, "-I", "-S", "-c", LOOP])
             for _ in os.sched_getaffinity(0)] if busy else []
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def one_run(arguments: Sequence[str], report: Path) -> dict[str, Any]:
    """Run once and return the content of compliance.json. Raises FileNotFoundError when the run made none."""
    argv = [sys.executable, "-m", "pytest", str(ROOT / "conformance"), "-q", "--report-dir", str(report), *arguments]
    subprocess.run(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    found: dict[str, Any] = json.loads((report / "compliance.json").read_text())
    return found


def run_line(number: int, busy: bool, seconds: float, content: dict[str, Any]) -> str:
    """One run in one line."""
    counts = Counter(verdict["verdict"] for verdict in content["verdicts"])
    spread = " ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    run = content["run"]
    state = "loaded" if busy else "calm  "
    return f"{number:3} {state} {seconds:6.1f} s  CPU {run['cpu_s']:5.1f} s  stall {run['stall_s']:.2f} s  {spread}"


def strange(content: dict[str, Any], seen: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The verdicts that are unlike those of the runs before, and failures that are no known deviation."""
    return [each for each in content["verdicts"]
            if set(seen[each["test"]]) - {each["verdict"], UNDECIDED}
            or each["verdict"] == "error" or (each["verdict"] == "fail" and not each["known_deviation"])]


def keep(odd: Sequence[dict[str, Any]], report: Path, place: Path) -> None:
    """Print these verdicts, and copy what they were made from."""
    for each in odd:
        print(f"      {each['verdict']}: {each['test']}: {each['reason']}", flush=True)
        recording = report / "recordings" / (each["recording"] or "none")
        if recording.is_dir():
            shutil.copytree(recording, place / recording.name, dirs_exist_ok=True)


def main(arguments: Sequence[str]) -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repeat", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="how many runs (default 20)")
    parser.add_argument("--loaded", type=int, default=10, help="how many of them with every core loaded (default 10)")
    parser.add_argument("--keep", type=Path, default=ROOT / "reports" / ".out.repeat", metavar="DIR",
                        help="where recordings of what differs are kept (default reports/.out.repeat)")
    options, rest = parser.parse_known_args(arguments)
    seen: dict[str, list[str]] = defaultdict(list)
    worst = 0.0
    with tempfile.TemporaryDirectory(dir=ROOT / "reports", prefix=".out.repeat-") as scratch:
        for number in range(1, options.times + 1):
            busy = number > options.times - options.loaded
            begin = time.monotonic()
            with load(busy):
                content = one_run(rest, Path(scratch) / "report")
            print(run_line(number, busy, time.monotonic() - begin, content), flush=True)
            keep(strange(content, seen), Path(scratch) / "report", options.keep / f"run-{number}")
            verdicts = content["verdicts"]
            worst = max(worst, sum(each["verdict"] == UNDECIDED for each in verdicts) / len(verdicts))
            for each in verdicts:
                seen[each["test"]].append(each["verdict"])
    return summed_up(seen, worst)


def summed_up(seen: dict[str, list[str]], worst: float) -> int:
    """Print the cells that differ; the exit status."""
    status = 0
    for test, verdicts in sorted(seen.items()):
        if len(set(verdicts)) > 1:
            decided = set(verdicts) - {UNDECIDED}
            status = max(status, int(len(decided) > 1))
            print(f"{'differs' if len(decided) > 1 else 'undecided at times'}: {test}: {dict(Counter(verdicts))}")
    print(f"{len(seen)} cells; at most {100 * worst:.1f} % of them inconclusive in one run")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
