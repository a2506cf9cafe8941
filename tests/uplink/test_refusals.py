"""Which interfaces are lent, and which sentence refuses the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.uplink.refusals import why_not
from linux import system

HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
NOWHERE = "0" * 32
NAMES = ("lo", "eth0", "eth1", "eth2", "br0")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """eth0 and eth1, eth2 in a bridge br0."""
    for name in NAMES:
        (tmp_path / "sys/class/net" / name).mkdir(parents=True)
    (tmp_path / "sys/class/net/eth2/upper_br0").mkdir()
    (tmp_path / "proc/net").mkdir(parents=True)
    monkeypatch.setattr(system, "may_administer", lambda: True)
    return tmp_path


def routes(machine: Path, ipv4: str = "", ipv6: str = "") -> None:
    (machine / "proc/net/route").write_text(HEAD + ipv4)
    (machine / "proc/net/ipv6_route").write_text(ipv6)


def test_what_is_lent(machine: Path) -> None:
    routes(machine, "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
                    "eth1 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n")
    assert why_not("eth1", NAMES, machine) is None


def test_the_default_route_stays(machine: Path) -> None:
    routes(machine, "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n")
    assert why_not("eth0", NAMES, machine) == (
        "eth0 carries this host's default route: the host would lose its network")
    routes(machine, ipv6=f"{NOWHERE} 00 {NOWHERE} 00 {NOWHERE[:-1]}1 00000400 00000001 00000000 00000003 eth1\n"
                         f"{NOWHERE} 00 {NOWHERE} 00 {NOWHERE} ffffffff 00000001 00000000 00200200 lo\n")
    assert why_not("eth1", NAMES, machine) is not None and why_not("eth0", NAMES, machine) is None


def test_nor_what_it_leaves_by(machine: Path) -> None:
    routes(machine, "br0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n")
    assert why_not("eth2", NAMES, machine) == (
        "eth2, through br0, carries this host's default route: the host would lose its network")


def test_what_is_not_there(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes(machine)
    assert why_not("eth7", NAMES, machine) == "there is no interface 'eth7' (there are: br0, eth0, eth1, eth2)"
    assert why_not("lo", NAMES, machine) == "lo is every namespace's own and cannot be lent"
    monkeypatch.setattr(system, "may_administer", lambda: False)
    assert why_not("eth1", NAMES, machine) == "only root can lend an interface of the host"
