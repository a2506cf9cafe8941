"""A run with an uplink: a veth whose other end is in a namespace with a router of its own. Then it is given back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.test_bad_input import outside

PROJECT = Path(__file__).parents[2]
SANDBOX = [sys.executable, "-m", "fixtures.sandbox"]
ROUTER = """no-resolv
no-hosts
port=0
interface=far0
enable-ra
ra-param=far0,10,600
dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,64,120
"""


class Machine:
    """A namespace that stands for the machine, with up0, whose other end far0 is in another namespace."""

    def __init__(self) -> None:
        self.here, self.far = self._namespace(), self._namespace()
        # It takes no default route from the router behind up0: an interface with one is not lent.
        self.run("ip link add up0 type veth peer name far0 && echo 0 >/proc/sys/net/ipv6/conf/up0/accept_ra && "
                 "ip link set up0 up && ip link set far0 netns "
                 f"{self.far.pid} && nsenter -t {self.far.pid} -n ip link set far0 up")

    @staticmethod
    def _namespace() -> subprocess.Popen[bytes]:
        """Ready as soon as it has spoken."""
        process = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up; echo; exec sleep 1000"],
                                   stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline()
        return process

    def argv(self, *words: str) -> list[str]:
        return ["nsenter", "-t", str(self.here.pid), "-n", *words]

    def run(self, script: str) -> str:
        return subprocess.run(self.argv("sh", "-c", script), check=True, capture_output=True, text=True).stdout

    def has_up0(self) -> bool:
        """Whether it is there and up."""
        return ",UP" in self.run("ip -o link show up0 2>/dev/null || :")


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    for process in (made.far, made.here):
        process.kill()
        process.wait()


def test_it_comes_back(machine: Machine) -> None:
    done = subprocess.run(machine.argv(*SANDBOX, "--lend", "up0", "--", "ip", "-o", "link", "show", "up0"),
                          env=outside(), cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, "up0" in done.stdout, machine.has_up0()) == (0, True, True)


def test_it_comes_back_from_whoever_is_killed(machine: Machine) -> None:
    sandbox = subprocess.Popen(machine.argv(*SANDBOX, "--lend", "up0", "--", "sh", "-c", "echo; exec sleep 1000"),
                               env=outside(), cwd=PROJECT, stdout=subprocess.PIPE)
    assert sandbox.stdout is not None and sandbox.stdout.readline()
    assert not machine.has_up0()
    os.kill(sandbox.pid, signal.SIGKILL)
    sandbox.wait()
    deadline = time.monotonic() + 10
    while not machine.has_up0():
        assert time.monotonic() < deadline, "the keeper has not given it back"
        time.sleep(0.02)


@pytest.mark.parametrize(("name", "sentence"), [
    ("up7", "sextant: up7 cannot be lent to the sandbox: there is no such interface"),
    ("lo", "sextant: lo cannot be lent to the sandbox: this kind of interface cannot leave its namespace"),
])
def test_what_cannot_be_lent(machine: Machine, name: str, sentence: str) -> None:
    done = subprocess.run(machine.argv(*SANDBOX, "--lend", name, "--", "true"), env=outside(), cwd=PROJECT,
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (4, sentence)


def test_a_real_router_plays_its_role(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "dnsmasq.conf").write_text(f"{ROUTER}dhcp-leasefile={tmp_path}/leases\n")
    far = ["nsenter", "-t", str(machine.far.pid), "-n"]
    subprocess.run([*far, "sh", "-c", "ip addr add 2001:db8:1::1/64 dev far0 nodad; "
                    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"], check=True)
    router = subprocess.Popen([*far, "dnsmasq", "-k", f"--conf-file={tmp_path}/dnsmasq.conf", "--pid-file=",
                               "--log-facility=-", "--user=root"], stderr=subprocess.DEVNULL)
    try:
        report = tmp_path / "reports" / "out"
        done = subprocess.run(
            machine.argv(sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                         "conformance/checks/router_discovery/test_router_flags.py", "-k", "flags_match",
                         "--uplink", "up0", "--guest", "dhclient", "--report-dir", str(report)),
            env=outside(), cwd=PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        cells = {each["test"].rpartition("::")[2]: each
                 for each in json.loads((report / "compliance.json").read_text())["verdicts"]}
        assert cells["test_flags_match_the_mode[dhcpv6-stateful-uplink-up0-dhclient]"]["verdict"] == "pass"
        other = cells["test_flags_match_the_mode[slaac-uplink-up0-dhclient]"]
        assert other["verdict"] == "not-applicable" and "its router advertises M=1 O=1" in other["reason"]
        assert other["declined"]["name"] == "uplink-up0"
        assert "declined: uplink-up0 does not play " in done.stdout
        assert machine.has_up0()
    finally:
        router.terminate()
        router.wait()
