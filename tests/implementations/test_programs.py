"""The real programs at posts of a real stage: ready when they say so, errors with output, applications that fetch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations.registry import implementation_named, playing
from fixtures.programs.base import Application, Implementation, Post, ProgramError
from fixtures.situation import (
    BgpPeer,
    FabricTask,
    HostName,
    Prefix,
    Proxied,
    ProxyTask,
    Situation,
)
from tests.implementations.rooms import Rooms
from tests.patience import becomes
from topologies.containers import Containers
from topologies.dual import Dual
from topologies.lan import Lan
from topologies.stage import addressing as plan

STATEFUL = Situation(Prefix(plan.LAN), plan.LAN_ROUTER, pool=plan.LAN_POOL, dns=(plan.LAN_ROUTER,))
#: Applications that run from one fetch to the end of it, and those that are there before, as a browser is.
SHORT_LIVED = [who for who in playing("application") if type(who).start is Application.start]
BROWSERS = [who for who in playing("application") if who not in SHORT_LIVED]


def get_or_skip(name: str, role: str | None = None) -> Implementation:
    """That implementation; skips the test where it is not installed."""
    who = implementation_named(name, role)
    if who.missing():
        pytest.skip(f"{name} is not installed")
    return who


class Scripted(Implementation):
    """A shell script in the place of a daemon."""

    roles = frozenset({"router"})
    packages = ("dash",)

    def __init__(self, script: str) -> None:
        self.script = script

    name = "scripted"

    def version(self) -> str:
        return "0"

    def start(self, post: Post) -> None:
        post.run(["sh", "-c", self.script], name="scripted").says("ready", within=0.3)


def test_program_that_exits_at_once_is_an_error_with_its_output(tmp_path: Path) -> None:
    with Rooms(Lan(peers=0), STATEFUL, tmp_path) as rooms:
        who = Scripted("echo bad configuration in line 3; exit 2")
        with pytest.raises(ProgramError) as raised:
            who.start(rooms.post("router", who))
    assert str(raised.value) == ("scripted ended with exit status 2 before it was ready; "
                                 "its output ends: bad configuration in line 3")


def test_program_that_is_never_ready_is_an_error_with_its_output(tmp_path: Path) -> None:
    with Rooms(Lan(peers=0), STATEFUL, tmp_path) as rooms:
        who = Scripted("echo still loading; exec sleep 60")
        with pytest.raises(ProgramError, match=r"was not ready within 0.3 s; its output ends: still loading"):
            who.start(rooms.post("router", who))


def test_daemon_refuses_a_situation_with_its_own_words(tmp_path: Path) -> None:
    with Rooms(Lan(peers=0), STATEFUL, tmp_path) as rooms:
        elsewhere = replace(STATEFUL, pool=(IPv6Network("2001:db8:9::/64")[1], IPv6Network("2001:db8:9::/64")[2]))
        with pytest.raises(ProgramError, match=r"kea-dhcp6 ended with exit status 1 before .*element subnet6"):
            get_or_skip("kea").start(rooms.post("router", get_or_skip("kea"), situation=elsewhere))


PROXIED = {"host1": (("cali1", "c2"), ("cali1", "c3"), ("cali2", "c1")), "host2": (("cali3", "c1"),)}


@pytest.mark.parametrize("proxy", [who.name for who in playing("neighbor-proxy")])
def test_containers_reach_each_other_by_proxies_and_bgp(proxy: str, tmp_path: Path) -> None:
    situation = Situation(Prefix(plan.CONTAINERS), plan.FABRIC_HOSTS[0])
    with Rooms(Containers(), situation, tmp_path) as rooms:
        for name, address in plan.CONTAINER_ADDRESSES.items():
            rooms.up(name)
            rooms.run("host2" if name == "c3" else "host1", "ip", "-6", "route", "add", f"{address}/128", "dev",
                      f"cali{name[1:]}")
        for number, host in enumerate(("host1", "host2")):
            own, other = plan.FABRIC_HOSTS[number], plan.FABRIC_HOSTS[1 - number]
            fabric = FabricTask(IPv4Address(f"192.0.2.{number + 1}"), 64512, own, (BgpPeer(other, 64512),),
                                (plan.CONTAINERS,))
            get_or_skip("bird").start(rooms.post(host, get_or_skip("bird"), task=fabric))
            task = ProxyTask(tuple(Proxied(interface, IPv6Network(plan.CONTAINER_ADDRESSES[owner]))
                                   for interface, owner in PROXIED[host]))
            get_or_skip(proxy).start(rooms.post(host, get_or_skip(proxy), task=task))
        assert becomes(lambda: rooms.routes("host1", "proto", "bird") and rooms.routes("host2", "proto", "bird"), 15)
        for name in ("c1", "c3"):
            assert becomes(lambda name=name: rooms.addresses(name), 5)  # type: ignore[misc]
        for owner in ("c2", "c3"):
            ping = rooms.run("c1", "ping", "-c1", "-W4", str(plan.CONTAINER_ADDRESSES[owner]))
            assert ping.returncode == 0, ping.stdout


@pytest.fixture(scope="module")
def dual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """A client, a page at www.example.com and at the router, and dnsmasq as name server."""
    situation = Situation(Prefix(plan.OUTSIDE_NET), plan.OUTSIDE_ROUTER, dhcpv6=False,
                          names=(HostName("www.example.com", (plan.SERVER, plan.SERVER4)),))
    with Rooms(Dual(), situation, tmp_path_factory.mktemp("dual")) as rooms:
        assert becomes(lambda: all(rooms.addresses(node) for node in ("client", "router", "server", "dns")), 5)
        for node in ("server", "router"):
            page = rooms.post(node, Scripted(""))
            page.run(["python3", "-I", "-m", "http.server", "--bind", "::", "80"], name="page")
            page.listening(80, protocol="tcp6")
        get_or_skip("dnsmasq").start(rooms.post("dns", get_or_skip("dnsmasq"), "name-server"))
        rooms.run("client", "sh", "-c", f"echo nameserver {plan.NAME_SERVER} >/etc/resolv.conf")
        yield rooms


def application(name: str) -> Application:
    """That client; skips the test where it is not installed."""
    client = get_or_skip(name, "application")
    assert isinstance(client, Application)
    return client


@pytest.mark.parametrize("name", [who.name for who in SHORT_LIVED])
@pytest.mark.parametrize("host", ["www.example.com", str(plan.SERVER), str(plan.SERVER4)])
def test_application_fetches_by_name_and_by_address(dual: Rooms, name: str, host: str) -> None:
    client = application(name)
    assert client.connect(dual.post("client", client), host, 80, within=5.0).wait(6.0) == 0


@pytest.mark.parametrize("name", [who.name for who in BROWSERS])
def test_browser_fetches_by_name_and_by_address_and_says_when_it_cannot(dual: Rooms, name: str) -> None:
    """One browser for all; nobody listens on port 82."""
    client = application(name)
    post = dual.post("client", client)
    client.start(post)
    for host in ("www.example.com", str(plan.SERVER), str(plan.SERVER4)):
        assert client.connect(post, host, 80, within=30.0).wait(40.0) == 0
    assert client.connect(post, "www.example.com", 82, within=30.0).wait(40.0) != 0
    client.stop(post)


@pytest.mark.parametrize("name", [who.name for who in SHORT_LIVED if "zone-id" not in who.lacks])
def test_application_takes_a_zone_id(dual: Rooms, name: str) -> None:
    client = application(name)
    host = f"{plan.link_local(plan.mac_of('router', 'lan0'))}%eth0"
    assert client.connect(dual.post("client", client), host, 80, within=5.0).wait(6.0) == 0


@pytest.mark.parametrize("name", [who.name for who in SHORT_LIVED])
def test_application_ends_by_itself_in_a_black_hole(dual: Rooms, name: str) -> None:
    client = application(name)
    dropped = dual.run("server", "nft", "add table inet t; add chain inet t i { type filter hook input priority 0; }; "
                       "add rule inet t i tcp dport 81 drop")
    assert dropped.returncode == 0, dropped.stderr
    assert client.connect(dual.post("client", client), str(plan.SERVER), 81, within=0.5).wait(5.0) != 0
