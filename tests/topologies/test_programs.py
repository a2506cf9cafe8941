"""Programs in nodes: namespaces, private files, Mininet's commands and its CLI."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from mininet.cli import CLI
from mininet.log import lg, setLogLevel

from topologies.stage.privacy import CannotHide
from topologies.stage.rooms import RoomClosed
from topologies.stage.stage import Stage


def output_of(stage: Stage, node: str, *argv: str, **options: object) -> str:
    done = stage.get(node).spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    text, _ = done.communicate()
    return str(text)


def test_inside_returns_and_raises(lan: Stage) -> None:
    assert lan.get("guest").inside(lambda: os.stat("/proc/thread-self/ns/net").st_ino) == lan.get("guest").netns_inode
    with pytest.raises(ZeroDivisionError):
        lan.get("guest").inside(lambda: 1 // 0)
    own = os.stat("/proc/self/ns/net").st_ino
    assert os.stat("/proc/thread-self/ns/net").st_ino == own != lan.get("guest").netns_inode


def test_inside_nests(lan: Stage) -> None:
    guest, peer = lan.get("guest"), lan.get("peer")

    def here() -> int:
        return os.stat("/proc/thread-self/ns/net").st_ino

    seen = guest.inside(lambda: (here(), peer.inside(here), here()))
    assert seen == (guest.netns_inode, peer.netns_inode, guest.netns_inode)


def test_a_program_is_in_its_node_and_in_a_session_of_its_own(lan: Stage) -> None:
    sleeper = lan.get("guest").spawn(["sleep", "1000"])
    assert os.stat(f"/proc/{sleeper.pid}/ns/net").st_ino == lan.get("guest").netns_inode
    assert os.getsid(sleeper.pid) == sleeper.pid
    sleeper.kill()
    sleeper.wait()


def test_a_missing_program_is_an_error_here(lan: Stage) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        lan.get("guest").spawn(["no-such-program"])


def test_no_process_until_one_is_asked_for(lan: Stage) -> None:
    assert all(node._shell is None and not node._spawned for node in (*lan.hosts, *lan.switches))


def test_systemd_takes_a_node_for_the_container_that_it_is(lan: Stage) -> None:
    """systemd.io/CONTAINER_INTERFACE: /sys is read-only, and /run says it to whoever is not process 1."""
    assert output_of(lan, "guest", "cat", "/run/systemd/container") == "container-other\n"
    if which("systemd-detect-virt"):
        assert output_of(lan, "guest", "systemd-detect-virt", "--container") == "container-other\n"


@pytest.mark.parametrize("directory", ["/run", "/tmp", "/var/tmp"])
def test_directories_are_private_and_empty(lan: Stage, directory: str) -> None:
    mark = f"{directory}/of-one-node"
    assert output_of(lan, "guest", "touch", mark) == ""
    assert "of-one-node" in output_of(lan, "guest", "ls", directory)
    assert "of-one-node" not in output_of(lan, "peer", "ls", directory)
    assert not Path(mark).exists()


def test_etc_is_private_and_writable(lan: Stage) -> None:
    ours = Path("/etc/hosts").read_text()
    assert output_of(lan, "guest", "sh", "-c", "cat /etc/resolv.conf; echo nameserver ::1 > /etc/resolv.conf") == ""
    assert output_of(lan, "guest", "sh", "-c", "echo x > /etc/n && mv /etc/n /etc/hosts; cat /etc/hosts") == "x\n"
    assert "nameserver" not in output_of(lan, "peer", "cat", "/etc/resolv.conf")
    assert Path("/etc/hosts").read_text() == ours
    assert lan.get("guest").inside(lambda: Path("/etc/resolv.conf").read_text()) == "nameserver ::1\n"


def test_sys_shows_the_nodes_links_and_is_read_only(lan: Stage) -> None:
    assert output_of(lan, "router", "ls", "/sys/class/net").split() == ["lan0", "lo", "up0"]
    assert "Read-only" in output_of(lan, "router", "sh", "-c", "echo 1 > /sys/class/net/lan0/ifalias")


def test_the_working_directory_stays_visible(lan: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("seen")
    assert output_of(lan, "guest", "cat", "file", cwd=tmp_path) == "seen"
    assert output_of(lan, "guest", "cat", str(tmp_path / "file")) == "seen"
    assert output_of(lan, "guest", sys.executable, "-c", "print(1)") == "1\n"


def test_a_hidden_directory_is_a_disk_that_outlives_power(lan: Stage, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    guest = lan.get("guest")
    guest.hide("/run/state", disk)
    guest.hide("/run/state", disk)
    guest.hide("/var/tmp")
    output_of(lan, "guest", "sh", "-c", "echo lease > /run/state/leases; echo x > /var/tmp/x")
    assert (disk / "leases").read_text() == "lease\n"
    lan.power_off("guest")
    lan.power_on("guest")
    assert output_of(lan, "guest", "cat", "/run/state/leases") == "lease\n"
    assert output_of(lan, "guest", "ls", "/var/tmp") == ""


def test_hiding_never_changes_the_machine(lan: Stage) -> None:
    with pytest.raises(CannotHide, match="/no-such-directory"):
        lan.get("guest").hide("/no-such-directory/here")
    assert not Path("/no-such-directory").exists()


def test_cmd_sendcmd_popen_and_pexec(lan: Stage) -> None:
    guest = lan.get("guest")
    assert guest.cmd("echo one; echo two").split() == ["one", "two"]
    assert guest.cmd("cd /; x=5").strip() == ""
    assert guest.cmd("echo $x").strip() == "5"
    guest.sendCmd("echo", "sent")
    assert guest.waitOutput().strip() == "sent"
    assert guest.popen("ls /sys/class/net").communicate()[0].decode().split() == ["eth0", "lo"]
    assert guest.popen("echo $((1+1))", shell=True).communicate()[0] == b"2\n"
    out, _, status = guest.pexec(["sh", "-c", "echo out; exit 3"])
    assert (out, status) == ("out\n", 3)
    assert os.stat(f"/proc/{guest.pid}/ns/net").st_ino == guest.netns_inode


def test_an_interrupt_reaches_the_command(lan: Stage) -> None:
    guest = lan.get("guest")
    guest.sendCmd("sh -c 'echo begun; exec sleep 1000'")  # the child says when it is there to be interrupted
    seen = ""
    while "begun" not in seen:
        seen += guest.monitor()
    guest.sendInt()
    guest.waitOutput()
    assert guest.cmd("echo alive").strip() == "alive"


def test_commands_of_a_node_without_power(lan: Stage) -> None:
    lan.power_off("guest")
    assert "(off)" in repr(lan.get("guest"))
    with pytest.raises(RoomClosed):
        lan.get("guest").spawn(["true"])


def test_mininets_cli(lan: Stage, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("nodes\nnet\ndump\nlinks\nintfs\nguest ip -br link\npy router.interfaces()\nlink guest lan up\n"
                      "peer ping -c 1 -W 1 router\nsh echo shell\n")
    lan.settle()
    written = io.StringIO()
    handler = lg.handlers[0]
    former, handler.stream = handler.stream, written  # type: ignore[attr-defined]
    try:
        setLogLevel("output")
        with open(os.devnull, encoding="ascii") as nothing:
            CLI(lan, stdin=nothing, script=str(script))
    finally:
        handler.stream = former  # type: ignore[attr-defined]
    text = written.getvalue()
    for words in ("guest lan outside peer peer2 router", "<Guest guest: eth0 02:00:00:", "(OK OK)", "guest eth0:guest-",
                  "lan0", "eth0@"):
        assert words in text, text
    assert lan.get("guest").intf("eth0").isUp()
