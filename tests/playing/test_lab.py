"""script/lab from the outside: as a person types into it, and as a script uses it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

import topologies
from fixtures.playing.lab import drawing, main
from fixtures.sandbox import environment
from tests.sandbox.trial import ORDINARY_USER, PROJECT

LAB = [sys.executable, "-m", "fixtures.playing.lab"]


def outside(home: Path) -> dict[str, str]:
    """The environment of a shell that is in no sandbox."""
    outer = {name: value for name, value in os.environ.items()
             if name not in (environment.MARK, environment.KEPT) and not name.startswith("PYTEST_")}
    return outer | {"HOME": str(home), "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}


def lab(home: Path, *words: str, user: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*user, *LAB, *words], env=outside(home), cwd=PROJECT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize(("words", "said"), [
    (("lann",), "sextant: no topology is named lann: did you mean lan? Known: "),
    ((), "sextant: name a topology:\ntopologies:\n"),
    (("lan", "--guest", "dhcpd"), 'sextant: unknown guest "dhcpd": the nearest known is "dhcpcd" (known: '),
    (("lan", "--router", "dhcpcd"), 'sextant: unknown router "dhcpcd": '),
    (("lan", "--mode", "slack"), "sextant: argument --mode: invalid choice: 'slack' (choose from "),
    (("lan", "--gast", "linux"), "sextant: unrecognized arguments: --gast linux\n"),
    (("scoped", "--guest", "linux"), "sextant: scoped: --guest: this topology has no guest\n"),
    (("containers", "--router", "dnsmasq"), "sextant: containers: --router: this topology has no router of a LAN\n"),
    (("lan", "--command", "nonsense"), ""),
])
def test_bad_input_is_one_sentence(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    assert (status, capsys.readouterr().err[: len(said)]) == (4, said)


def test_the_list_names_every_topology(tmp_path: Path) -> None:
    done = lab(tmp_path, "--list")
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert listed == list(topologies.all_topologies())
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert ["lan", "A LAN: guests and peers on one segment with a router, and a host outside."] in lines


@pytest.mark.parametrize("name", topologies.all_topologies())
def test_every_topology_has_a_drawing(name: str) -> None:
    assert "--" in drawing(topologies.topology_named(name))


@pytest.mark.parametrize("user", [(), ORDINARY_USER], ids=["as-we-are", "ordinary-user"])
def test_commands_of_a_script(tmp_path: Path, user: tuple[str, ...]) -> None:
    done = lab(tmp_path, "lan", "--router", "dnsmasq", "--guest", "linux", "--mode", "slaac", "--command", "wait",
               "--command", "guest ip -6 addr show dev eth0 scope global", "--command", "guest ping -6 -c 1 outside",
               "--command", "sh ls /tmp/lab-*/router/dnsmasq", user=user)
    assert (done.returncode, done.stderr) == (0, "")
    assert drawing(topologies.topology_named("lan")) in done.stdout
    assert "router: dnsmasq is router and dhcpv6-server; its configuration and log: /tmp/lab-" in done.stdout
    assert "guest: linux is guest\n" in done.stdout
    assert "inet6 2001:db8:1:" in re.sub(r"\x1b\[[\d;]*m", "", done.stdout)  # the ip of some systems is coloured
    assert "1 received" in done.stdout
    assert {"dnsmasq.conf", "dnsmasq.log"} <= set(done.stdout.split())
    assert list(tmp_path.iterdir()) == [], "nothing is left in the home"


def test_a_person_types(tmp_path: Path) -> None:
    child = pexpect.spawn(LAB[0], [*LAB[1:], "two-routers", "--guest", "linux"], env=outside(tmp_path), cwd=PROJECT,
                          encoding="utf-8", timeout=30, dimensions=(24, 200))
    child.expect_exact("guest eth0 --+-- lan0 r1 up0 --+-- eth0 outside")
    child.expect_exact("lab> ")
    child.sendline("guest cat /proc/sys/net/ipv6/conf/eth0/accept_ra")
    child.expect_exact("\r\n1\r\n")
    child.expect_exact("lab> ")
    child.sendline("guest sh -c 'echo begun; exec sleep 1000'")
    child.expect_exact("\r\nbegun\r\n")  # before it, the shell alone would be interrupted
    child.sendintr()
    child.expect_exact("lab> ")
    child.sendline("r1 cat /proc/sys/net/ipv6/conf/all/forwarding")
    child.expect_exact("\r\n1\r\n")
    child.expect_exact("lab> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert list(tmp_path.iterdir()) == [], "no history file is left in the home"
