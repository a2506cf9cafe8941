"""What a command in a sandbox sees and may write, and that none of it reaches the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.sandbox.trial import Trial

_EMPTIED = ("/run", "/tmp", "/var/tmp", "/dev/shm")
_OVERLAID = ("/etc", "/var/lib", "/var/log", "/var/cache")


@pytest.mark.parametrize("folder", _EMPTIED)
def test_emptied(trial: Trial, folder: str) -> None:
    stranger = Path(folder, "stranger")
    stranger.touch()
    try:
        script = f"test ! -e {stranger} && touch {folder}/private"
        assert trial.run(trial.sandbox("sh", "-c", script)).returncode == 0
    finally:
        stranger.unlink()
    assert not Path(folder, "private").exists()


@pytest.mark.parametrize("folder", _OVERLAID)
def test_overlaid(trial: Trial, folder: str) -> None:
    before = sorted(os.listdir(folder))
    folders = [f"{folder}/{name}" for name in before if os.path.isdir(f"{folder}/{name}")]
    script = f"ls -A {folder}; for below in {folder} {' '.join(folders)}; do touch $below/sextant-trial; done"
    done = trial.run(trial.sandbox("sh", "-ec", script), LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == before
    assert sorted(os.listdir(folder)) == before


def test_etc_can_be_written_where_somebody_else_has_mounts_in_it(tmp_path: Path) -> None:
    """As in a container, whose engine lays its own resolv.conf and hosts: the kernel refuses an overlay over them."""
    restricted = Path(__file__).with_name("restricted.py")
    trial = Trial(tmp_path, user=(sys.executable, "-I", "-S", str(restricted), "mount-in-etc"))
    script = "! grep ' /etc overlay' /proc/self/mounts; ls -A /etc; cat /etc/passwd; : >/etc/new; echo x >/etc/hosts"
    done = trial.run(trial.sandbox("sh", "-ec", script), LC_ALL="C")
    assert done.returncode == 0, done.stderr
    entries = set(os.listdir("/etc"))
    readable = {name for name in entries if os.path.islink(f"/etc/{name}") or os.access(f"/etc/{name}", os.R_OK)}
    assert readable <= set(done.stdout.splitlines())
    assert Path("/etc/passwd").read_text() in done.stdout
    assert not Path("/etc/new").exists()


def test_files_of_the_machine_are_still_read(trial: Trial) -> None:
    done = trial.run(trial.sandbox("sh", "-c", "cat /etc/passwd; sort --version >/dev/null && ls /var/lib/dpkg"))
    assert done.returncode == 0
    assert Path("/etc/passwd").read_text() in done.stdout


def test_names_and_name_servers_are_not_the_machines(trial: Trial) -> None:
    done = trial.run(trial.sandbox("sh", "-c", "hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf"))
    assert done.stdout.split()[:2] == ["sextant", "sextant"]
    assert "nameserver" not in done.stdout


def test_no_link_but_loopback(trial: Trial) -> None:
    done = trial.run(trial.sandbox("ip", "-br", "address"))
    assert done.stdout.split() == ["lo", "UNKNOWN", "127.0.0.1/8", "::1/128"]


def test_sysfs_and_proc_are_the_sandboxs(trial: Trial) -> None:
    done = trial.run(trial.sandbox("sh", "-c", "ls /sys/class/net; ls /proc | grep -c '^[0-9]'; cat /proc/1/comm"))
    links, processes, _ = done.stdout.split()
    assert links == "lo"
    assert int(processes) <= 5


def test_environment(trial: Trial) -> None:
    done = trial.run(
        trial.sandbox("sh", "-c", "env; ulimit -Sn; ulimit -Hn"),
        PATH="/usr/bin:/bin",
        https_proxy="http://192.0.2.1",
        NO_PROXY="*",
        XDG_RUNTIME_DIR="/run/user/1000",
        LC_ALL="de_DE.UTF-8",
        KEEP_ME="yes",
    )
    *lines, soft, hard = done.stdout.splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    assert variables["PATH"].split(":")[:2] == ["/usr/bin", "/bin"]
    assert "/usr/sbin" in variables["PATH"].split(":")
    assert variables["LC_ALL"] == "C.UTF-8"
    assert variables["KEEP_ME"] == "yes"
    assert not {"https_proxy", "NO_PROXY", "XDG_RUNTIME_DIR"} & variables.keys()
    assert soft == hard


def test_project_and_arguments_below_hidden_folders_are_bound_back(trial: Trial) -> None:
    named = trial.write("elsewhere/named.txt", "named")
    done = trial.run(trial.sandbox("sh", "-c", f"pwd; cat {named}; echo new > {named.parent}/new", f"{named.parent}"))
    assert done.stdout.split() == [str(trial.directory), "named"]
    assert (named.parent / "new").read_text() == "new\n"


def test_what_is_written_next_to_bound_back_files_is_kept(trial: Trial) -> None:
    new = trial.directory.parent / f"{trial.directory.name}-new"
    assert trial.run(trial.sandbox("sh", "-c", 'touch "$0"', str(new))).returncode == 0
    assert new.exists()


def test_keep(trial: Trial) -> None:
    kept = Path("/var/tmp/sextant-kept")
    kept.write_text("kept")
    try:
        command = trial.sandbox("cat", "sextant-kept")
        command[command.index("--")] = f"--keep={kept}"
        assert trial.run(command).returncode == 4  # two words, not one
        command = trial.sandbox("sh", "-c", "cat /var/tmp/*")
        position = command.index("--")
        command[position:position] = ["--keep", str(kept)]
        assert trial.run(command).stdout == "kept"
    finally:
        kept.unlink()


def test_sandbox_in_a_sandbox_in_a_sandbox(trial: Trial) -> None:
    trial.write("here", "still here")
    once = trial.sandbox("cat", "here")
    inner = once[len(trial.user) :]
    thrice = [*once[:-2], *inner[:-2], *inner[:-2], "sh", "-c", "cat here; touch /etc/x && mount | grep -c ' /etc '"]
    done = trial.run(thrice)
    assert done.stdout.startswith("still here"), done.stderr
    assert done.returncode == 0
