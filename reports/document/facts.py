"""The facts of a run: when, how long, how much CPU, on what."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import shlex
import time
from collections.abc import Sequence

from fixtures.sandbox import environment
from reports.document.compliance import Run

#: Seconds of the wall clock at which this process started.
STARTED = time.time()


def run_facts(arguments: Sequence[str], workers: int, since: float = STARTED) -> Run:
    """What is known of this run now, at its end."""
    started = datetime.datetime.fromtimestamp(since, datetime.UTC)
    return {
        "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": round(time.time() - since, 3),
        "cpu_s": round(cpu_seconds(), 3),
        "kernel": platform.release(),
        "workers": workers,
        "command": shlex.join(["pytest", *arguments]),
    }


def cpu_seconds() -> float:
    """CPU time of this run: in the sandbox every process is ours, elsewhere only our own and our children's count.

    The sandbox's first process takes over orphans, so its account holds what nobody else waited for (proc(5), cutime).
    """
    if not environment.inside():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)
    ticks = sum(_ticks(name) for name in os.listdir("/proc") if name.isdigit())
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: str) -> int:
    """utime, stime, cutime and cstime of a process; 0 when it has just ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
    except OSError:
        return 0
