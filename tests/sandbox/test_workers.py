"""pytest-xdist: every worker has a sandbox of its own."""

from __future__ import annotations

import os
import select

from tests.sandbox.trial import LIMIT, Trial

_SAME_NAMES = """
    import os, pathlib, socket, subprocess, pytest

    @pytest.mark.parametrize("number", range(4))
    def test_it(number, tmp_path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\\0sextant-trial")
        subprocess.run(["ip", "link", "add", "eth7", "type", "veth", "peer", "eth8"], check=True)
        subprocess.run(["ip", "address", "add", "2001:db8::7/64", "dev", "eth7", "nodad"], check=True)
        subprocess.run(["ip", "netns", "add", "same"], check=True)
        for path in ("/run/same", "/tmp/same", "/var/tmp/same", "/etc/same", "/var/lib/same", "/dev/shm/same"):
            pathlib.Path(path).touch(exist_ok=False)
        assert sum(name.isdecimal() for name in os.listdir("/proc")) < 8  # sees no other worker's processes
        (tmp_path / "kept").touch()
        with open("up", "w") as up:
            up.write("u")
        with open("go", "rb", buffering=0) as go:  # all hold the same names at once
            assert go.read(1) == b"g"
"""


def test_four_workers_use_the_same_names_at_once(trial: Trial) -> None:
    trial.write("test_it.py", _SAME_NAMES)
    for name in ("up", "go"):
        os.mkfifo(trial.directory / name)
    up = os.open(trial.directory / "up", os.O_RDWR)
    go = os.open(trial.directory / "go", os.O_RDWR)
    run = trial.start(trial.pytest("-n", "4", f"--basetemp={trial.directory}/base"))
    said = b""
    while len(said) < 4:
        readable, _, _ = select.select([up], [], [], LIMIT)
        assert readable, "not all four workers got their names"
        said += os.read(up, 4)
    os.write(go, b"gggg")
    assert run.wait(LIMIT) == 0
    os.close(up)
    os.close(go)
    assert len(list(trial.directory.glob("base/popen-gw*/*0/kept"))) == 4


def test_successor_of_a_crashed_worker_finds_nothing(trial: Trial) -> None:
    trial.write(
        "test_it.py",
        """
        import os, pathlib, pytest, signal, subprocess
        @pytest.mark.parametrize("number", range(3))
        def test_it(number):
            pathlib.Path("/run/same").touch(exist_ok=False)
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    done = trial.run(trial.pytest("-n", "1"))
    assert done.returncode == 1
    assert "3 failed" in done.stdout
    assert "FileExistsError" not in done.stdout
    assert not trial.processes()
