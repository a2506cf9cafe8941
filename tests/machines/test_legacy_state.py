"""A tracer that is to know nothing of newer registers: what it asks for, and what user-mode-linux is started with."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.implementations.registry import implementation_named
from fixtures.machines import legacy_state

#: Asks for registers of a process that cannot be: what the kernel itself answers is ESRCH.
ASK = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for request, address in ((0x4204, 0x202), (0x4204, 1), (0x4205, 0x202), (14, 0x202)):
    libc.ptrace(request, 2**22 + 1, address, 0)
    print(errno.errorcode[ctypes.get_errno()])
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="registers of x86_64")
def test_only_the_newer_registers_are_unknown() -> None:
    command = [sys.executable, "-I", "-S", legacy_state.__file__, sys.executable, "-c", ASK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["EINVAL", "ESRCH", "ESRCH", "ESRCH"]


@pytest.mark.parametrize(("flags", "kept"), [("fpu avx512f pku", False), ("fpu amx_bf16 amx_tile", True)])
def test_user_mode_linux_beside_amx(flags: str, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\nflags : {flags}\n")
    monkeypatch.setattr(legacy_state, "PROCESSORS", cpuinfo)
    monkeypatch.setattr("fixtures.implementations.uml.configuration", lambda post, text: "")
    post: Any = SimpleNamespace(
        node="guest", directory=tmp_path, write=lambda name, text: write(tmp_path / name, text))
    uml: Any = implementation_named("uml-dhcpcd")
    command = list(uml.command(post, "02:00:00:00:00:01"))
    assert (legacy_state.__file__ in command, legacy_state.WITHOUT_AVX in command) == (kept, kept)
    assert (command[0] == "linux.uml") is not kept


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
