"""Daemons that give up root run unmodified where there is only one user."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fixtures.sandbox import seccomp
from tests.sandbox.trial import Trial

_HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"),),
}


@pytest.mark.parametrize("machine", sorted(seccomp.SYSTEM_CALLS))
def test_numbers_are_the_kernels(machine: str) -> None:
    header = next((path for path in _HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read_text())}
    assert {name: numbers[name] for name in seccomp.SYSTEM_CALLS[machine]} == seccomp.SYSTEM_CALLS[machine]


def test_both_processors_cover_the_same_calls() -> None:
    """aarch64 has no chown and lchown; its C library uses fchownat for them."""
    assert seccomp.SYSTEM_CALLS["x86_64"].keys() - seccomp.SYSTEM_CALLS["aarch64"].keys() == {"chown", "lchown"}


def test_filter_jumps_to_its_last_line_for_listed_calls_only() -> None:
    """Run the BPF program as the kernel would."""
    listed = [5, 7, 9]
    code = seccomp.program(0xC000003E, listed, error=0)

    def judge(architecture: int, number: int) -> int:
        line, loaded = 0, 0
        while True:
            operation, if_equal, if_not, value = code[line]
            if operation == 0x20:
                loaded = {0: number, 4: architecture}[value]
            elif operation == 0x15:
                line += if_equal if loaded == value else if_not
            else:
                return value
            line += 1

    assert all(judge(0xC000003E, number) == 0x00050000 for number in listed)
    assert all(judge(0xC000003E, number) == 0x7FFF0000 for number in (0, 4, 6, 8, 10, 1 << 30))
    assert all(judge(0x40000003, number) == 0x7FFF0000 for number in listed)


@pytest.mark.parametrize(
    "command",
    [
        "touch file && chown 33:33 file && chown -h 33:33 file",
        "setpriv --reuid=33 --regid=33 --clear-groups true",
        "setpriv --reuid=33 --regid=33 --init-groups true",
    ],
)
def test_giving_up_root_is_answered_with_done(trial: Trial, command: str) -> None:
    done = trial.run(trial.sandbox("sh", "-ec", command))
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("dnsmasq") is None, reason="dnsmasq is not installed (Debian package dnsmasq-base)")
def test_dnsmasq_with_its_own_user(trial: Trial) -> None:
    """In the background it returns when it is ready, and fails when it cannot become its user."""
    options = "--port=0 --conf-file=/dev/null --dhcp-range=192.0.2.1,192.0.2.9 --user=nobody --pid-file=/run/pid"
    done = trial.run(trial.sandbox("sh", "-ec", f"dnsmasq {options} && kill -0 $(cat /run/pid)"))
    assert done.returncode == 0, done.stderr


def test_no_new_privileges(trial: Trial) -> None:
    done = trial.run(trial.sandbox("grep", "NoNewPrivs", "/proc/self/status"))
    assert done.stdout.split() == ["NoNewPrivs:", "1"]
