"""Quarters: a program reaches nothing that is not its node's."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from topologies.stage.stage import Stage


def output_of(lan: Stage, node: str, script: str) -> str:
    """What a shell script of that node writes, errors too."""
    done = lan.get(node).popen(["sh", "-c", f"exec 2>&1; {script}"])
    return str(done.communicate()[0], "utf-8").strip()


def test_who_kills_everybody_kills_his_own_node(lan: Stage) -> None:
    other = lan.get("router").popen(["sleep", "1000"])
    mine = lan.get("guest").popen(["sleep", "1000"])
    done = lan.get("guest").popen(["python3", "-c", "import os, signal; os.kill(-1, signal.SIGKILL)"])
    assert mine.wait() == -signal.SIGKILL
    assert done.wait() in (0, -signal.SIGKILL)
    assert other.poll() is None
    assert output_of(lan, "guest", "echo lives on") == "lives on"
    other.kill()


def test_others_processes_are_not_seen(lan: Stage) -> None:
    other = lan.get("router").popen(["sleep", "1000"])
    seen = output_of(lan, "guest", "cat /proc/[0-9]*/comm").split()
    assert "python3" not in seen
    assert seen.count("sleep") == 1, "the first process alone"
    assert not Path(f"/proc/{other.pid}/ns/net").samefile(f"/proc/{os.getpid()}/ns/net")
    other.kill()


def test_orphans_are_reaped(lan: Stage) -> None:
    assert output_of(lan, "guest", "sh -c 'sleep 0.05 & exit'; sleep 0.2; grep -l 'State:.Z' /proc/[0-9]*/status") == ""


def test_a_host_name_of_its_own(lan: Stage) -> None:
    before = os.uname().nodename
    assert output_of(lan, "guest", "cat /proc/sys/kernel/hostname") == "guest"
    assert output_of(lan, "router", "cat /proc/sys/kernel/hostname") == "router"
    assert os.uname().nodename == before


def test_only_the_networks_sysctls_are_writable(lan: Stage) -> None:
    assert output_of(lan, "guest", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; "
                     "cat /proc/sys/net/ipv6/conf/all/forwarding") == "1"
    assert "Read-only" in output_of(lan, "guest", "echo 7 >/proc/sys/kernel/printk_ratelimit")
    assert output_of(lan, "guest", "cat /proc/sys/kernel/printk_ratelimit") != "7"


def test_who_unmounts_proc_and_sys_does_it_for_his_node_alone(lan: Stage) -> None:
    assert output_of(lan, "guest", "umount -l /sys; umount -l /proc; ls /proc /sys") == "/proc:\n\n/sys:"
    assert output_of(lan, "router", "ls -d /proc/self /sys/class") == "/proc/self\n/sys/class"
    assert "net" in lan.get("guest").inside(lambda: os.listdir("/proc/thread-self"), files=True), "we see it still"


def test_what_is_laid_later_is_seen(lan: Stage, tmp_path: Path) -> None:
    guest = lan.get("guest")
    assert output_of(lan, "guest", "ls /var/lib | wc -l") != "1"
    (tmp_path / "lease").write_text("kept")
    guest.hide("/var/lib", tmp_path)
    assert output_of(lan, "guest", "cat /var/lib/lease") == "kept"


def test_a_node_without_programs_has_no_process(lan: Stage) -> None:
    assert lan.get("guest").room.init is None
    running = lan.get("guest").popen(["sleep", "1000"], stdout=subprocess.DEVNULL)
    assert lan.get("guest").room.init is not None
    running.kill()
