"""How fast a segment with many guests comes up and goes away: stock Mininet, the stage, and bare netlink, in one run.

    python -m benchmarks.bring_up [--quick] [--stock-limit N] [GUESTS ...]

Bring-up is build and start: until every guest has its own namespace and its link is up on the segment. Tear-down is
until the last interface is gone, not until a call returns. Each measurement has a fresh process in a sandbox of its
own, and the three take turns, so that they meet the same machine. Stock Mininet is the one from PyPI with its
LinuxBridge and without a controller; it needs the programs mnexec and brctl (Debian: mininet, bridge-utils).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONTENDERS = ("stock", "stage", "netlink")
SIZES = (10, 50, 200, 1000)
#: What the stage promises at 200 guests: times faster than stock up and down, and slower than bare netlink at most.
PROMISE_AT, PROMISE_UP, PROMISE_DOWN, PROMISE_RAW = 200, 8.0, 20.0, 1.5
#: With fewer guests the machine's own comings and goings are larger than what the network takes.
MEMORY_FROM = 200


@dataclass(frozen=True)
class Measured:
    """One measurement: seconds, and bytes for each guest; `processes` are those that the network keeps running."""

    up: float
    down: float
    memory: float
    processes: int


def measure(contender: str, guests: int) -> Measured:
    """Measure in a fresh process in a sandbox of its own. Raises CalledProcessError with what it said."""
    command = [sys.executable, "-m", "fixtures.sandbox", "--", sys.executable, "-m", "benchmarks.contenders",
               contender, str(guests)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    if done.returncode != 0:
        raise SystemExit(f"bring_up: {contender} with {guests} guests failed:\n{done.stdout}{done.stderr}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def best(contender: str, guests: int, rounds: int, into: dict[tuple[str, int], list[Measured]]) -> Measured:
    """The quickest bring-up and tear-down of the rounds so far: what the machine does when nobody disturbs it."""
    seen = into[contender, guests][:rounds]
    return Measured(min(one.up for one in seen), min(one.down for one in seen),
                    sorted(one.memory for one in seen)[len(seen) // 2], seen[0].processes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status is 1 when a promise is not kept."""
    options = _options().parse_args(arguments)
    missing = [program for program in ("mnexec", "brctl") if shutil.which(program) is None]
    if missing:
        print(f"stock Mininet is left out: {' and '.join(missing)} not found (Debian: mininet, bridge-utils)")
    sizes = options.guests or (SIZES[:2] if options.quick else SIZES)
    kept = True
    print(f"{'guests':>6} {'':8} {'up s':>8} {'down s':>8} {'KiB/guest':>10} {'processes':>9}")
    for guests in sizes:
        field = [one for one in CONTENDERS if one != "stock" or not (missing or guests > options.stock_limit)]
        results: dict[tuple[str, int], list[Measured]] = {(one, guests): [] for one in field}
        for _ in range(options.rounds):
            for contender in field:
                results[contender, guests].append(measure(contender, guests))
        table = {one: best(one, guests, options.rounds, results) for one in field}
        for contender, one in table.items():
            memory = f"{one.memory / 1024:10.0f}" if guests >= MEMORY_FROM else f"{'-':>10}"
            print(f"{guests:6} {contender:8} {one.up:8.3f} {one.down:8.3f} {memory} {one.processes:9}")
        kept &= _ratios(guests, table)
    return 0 if kept else 1


def _ratios(guests: int, table: dict[str, Measured]) -> bool:
    stage, raw, stock = table["stage"], table["netlink"], table.get("stock")
    text = f"       stage: {stage.up / raw.up:.2f}x the time of bare netlink"
    kept = stage.up / raw.up <= PROMISE_RAW
    if stock is not None:
        up, down = stock.up / stage.up, stock.down / stage.down
        text += f"; {up:.1f} times faster up and {down:.1f} times faster down than stock"
        kept &= up >= PROMISE_UP and down >= PROMISE_DOWN
    if guests != PROMISE_AT:
        print(text)
        return True
    promise = f"{PROMISE_UP:g} times up, {PROMISE_DOWN:g} times down, {PROMISE_RAW:g}x bare netlink"
    print(f"{text}\n       promised: {promise}: {'kept' if kept else 'NOT KEPT'}")
    return kept


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bring_up", description=__doc__.splitlines()[0])
    parser.add_argument("guests", nargs="*", type=int, metavar="GUESTS", help="default: 10 50 200 1000")
    parser.add_argument("--quick", action="store_true", help="10 and 50 guests only")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each (default 3); the best counts")
    parser.add_argument("--stock-limit", type=int, default=200, metavar="N",
                        help="no stock Mininet with more guests than this (default 200): it takes minutes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
