"""The real programs at posts of a real stage: ready when they say so, an address in the end, errors with output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations.base import Application, GuestClient, Implementation, Post, ProgramError
from fixtures.implementations.registry import all_implementations, named
from fixtures.situation import (
    BgpPeer,
    FabricTask,
    GuestSettings,
    HostName,
    Prefix,
    Proxied,
    ProxyTask,
    Situation,
)
from tests.implementations.rooms import Rooms, becomes
from topologies import addressing as plan
from topologies.containers import Containers
from topologies.dual import Dual
from topologies.lan import Lan

STATEFUL = Situation(Prefix(plan.LAN), plan.LAN_ROUTER, pool=plan.LAN_POOL, dns=(plan.LAN_ROUTER,))
SLAAC = replace(STATEFUL, prefix=Prefix(plan.LAN, autonomous=True), managed=False, other=False, dhcpv6=False, pool=None)
PAIRS = (("dnsmasq", "dnsmasq"), ("radvd", "kea"))
CLIENTS = ("dhclient", "dhcpcd", "systemd-networkd", "linux")

pytestmark = pytest.mark.skipif(
    any(who.missing() for who in all_implementations().values()), reason="not all programs are installed")


@dataclass
class Boot:
    """How a guest's boot went: its addresses after each of the client's own acts."""

    booted: Sequence[str]
    routes: Sequence[str]
    resolver: str
    released: Sequence[str]
    restarted: Sequence[str]
    stopped: bool


def start_servers(rooms: Rooms, router: str, server: str) -> None:
    if router == server:
        named(router).start(rooms.post("router", named(router), "router", "dhcpv6-server"))
        return
    named(router).start(rooms.post("router", named(router), "router"))
    if rooms.situation.dhcpv6:
        named(server).start(rooms.post("router", named(server), "dhcpv6-server"))


def boot(client: str, router: str, server: str, directory: Path) -> Boot:
    situation = SLAAC if client == "linux" else STATEFUL
    guest = named(client, "guest")
    assert isinstance(guest, GuestClient)
    with Rooms(Lan(), situation, directory) as rooms:
        start_servers(rooms, router, server)
        post = rooms.post("guest", guest, "guest")
        guest.prepare(post)
        rooms.up("guest")
        guest.start(post)
        booted = becomes(lambda: rooms.routes("guest", "default") and rooms.addresses("guest"), 15)
        becomes(lambda: "dns-configuration" in guest.lacks or "nameserver" in _resolver(rooms), 5)
        resolver = _resolver(rooms)
        routes = [route["dst"] for route in rooms.routes("guest", "default")]
        released: list[str] = []
        if "dhcpv6" not in guest.lacks:
            guest.release(post)
            released = rooms.addresses("guest")
            guest.start(post)
            becomes(lambda: rooms.addresses("guest"), 15)
        guest.restart(post)
        restarted = becomes(lambda: rooms.addresses("guest"), 15)
        guest.stop(post)
        stopped = all(process.returncode is not None for process in post.processes())
        return Boot(booted, routes, resolver, released, restarted, stopped)


def _resolver(rooms: Rooms) -> str:
    return rooms.run("guest", "cat", "/etc/resolv.conf").stdout


@pytest.fixture(scope="module")
def boots(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Boot]:
    """Every client with every pair of servers, all at once: they wait for the same timers."""
    casts = [(client, *pair) for client in CLIENTS for pair in PAIRS]
    with ThreadPoolExecutor(len(casts)) as pool:
        futures = {cast[:2]: pool.submit(boot, *cast, tmp_path_factory.mktemp("-".join(cast))) for cast in casts}
        return {cast: future.result() for cast, future in futures.items()}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("router", [pair[0] for pair in PAIRS])
def test_guest_boots_releases_restarts_and_stops(boots: dict[tuple[str, str], Boot], client: str, router: str) -> None:
    seen = boots[client, router]
    length = "/64" if client == "linux" else "/128"
    assert [address.endswith(length) for address in seen.booted] == [True]
    assert seen.routes == ["default"]
    assert seen.released == []
    assert len(seen.restarted) == 1
    assert seen.stopped
    if "dns-configuration" not in named(client).lacks:
        assert f"nameserver {plan.LAN_ROUTER}" in seen.resolver


def both_families(client: str, router: str, server: str, directory: Path) -> tuple[list[str], list[str]]:
    """A guest's IPv6 and IPv4 addresses on a dual-stack network."""
    guest = named(client, "guest")
    situation = replace(STATEFUL, ipv4=plan.LAN4, ipv4_router=plan.LAN4_ROUTER)
    with Rooms(Lan(), situation, directory) as rooms:
        rooms.run("router", "ip", "addr", "add", str(plan.on4(plan.LAN4_ROUTER, plan.LAN4)), "dev", "lan0")
        start_servers(rooms, router, server)
        rooms.up("guest")
        guest.start(rooms.post("guest", guest, "guest"))
        becomes(lambda: rooms.addresses("guest") and rooms.addresses("guest", "-4"), 20)
        return rooms.addresses("guest"), rooms.addresses("guest", "-4")


def test_every_client_gets_both_families_from_every_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    casts = [(client, *pair) for client in CLIENTS for pair in PAIRS if "dhcpv4" not in named(client).lacks]
    with ThreadPoolExecutor(len(casts)) as pool:
        futures = {cast: pool.submit(both_families, *cast, tmp_path_factory.mktemp("dual-stack")) for cast in casts}
        for cast, future in futures.items():
            six, four = future.result()
            assert (len(six), len(four)) == (1, 1), cast


#: Settings of an image, with the interfaces that must then have a default route. Silence is waited for once, by all.
RECIPES = {
    "host": (GuestSettings(accept_ra=1), {"eth0", "eth1"}),
    "never": (GuestSettings(accept_ra=0), set()),
    "default NIC only": (GuestSettings(ignore_ra=("eth1",)), {"eth0"}),
    "forwards": (GuestSettings(forwarding=True, accept_ra=1), set()),
    "forwards and accepts": (GuestSettings(forwarding=True, accept_ra=2), {"eth0", "eth1"}),
}


def default_routes(client: str, settings: GuestSettings, directory: Path) -> set[str]:
    """The interfaces with a default route six seconds after a guest with two NICs on one LAN has booted."""
    guest = named(client, "guest")
    assert isinstance(guest, GuestClient)
    with Rooms(Lan(nics=2), SLAAC, directory) as rooms:
        start_servers(rooms, "radvd", "kea")
        post = rooms.post("guest", guest, "guest", settings=settings)
        guest.prepare(post)
        rooms.up("guest")
        guest.start(post)
        becomes(lambda: False, 6)
        routes = rooms.routes("guest", "default")
        hops = [hop for route in routes for hop in route.get("nexthops", [route])]
        return {hop["dev"] for hop in hops}


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], set[str]]:
    with ThreadPoolExecutor(len(CLIENTS) * len(RECIPES)) as pool:
        futures = {
            (client, recipe): pool.submit(default_routes, client, RECIPES[recipe][0], tmp_path_factory.mktemp("ra"))
            for client in CLIENTS for recipe in RECIPES
        }
        return {cell: future.result() for cell, future in futures.items()}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_client_follows_the_recipe_for_router_advertisements(
    routed: dict[tuple[str, str], set[str]], client: str, recipe: str
) -> None:
    assert routed[client, recipe] == RECIPES[recipe][1]


def test_dhclient_gives_its_address_the_prefix_length_of_the_image(tmp_path: Path) -> None:
    guest = named("dhclient")
    with Rooms(Lan(), STATEFUL, tmp_path) as rooms:
        start_servers(rooms, "dnsmasq", "dnsmasq")
        rooms.up("guest")
        guest.start(rooms.post("guest", guest, "guest", settings=GuestSettings(prefixlen=64)))
        [address] = becomes(lambda: rooms.addresses("guest"), 15)
        assert address.endswith("/64")


def test_identity_and_address_outlive_the_loss_of_power(tmp_path: Path) -> None:
    guest = named("dhcpcd")
    with Rooms(Lan(), STATEFUL, tmp_path) as rooms:
        start_servers(rooms, "dnsmasq", "dnsmasq")
        seen = []
        for _ in range(2):
            rooms.up("guest")
            post = rooms.post("guest", guest, "guest", settings=GuestSettings(duid="default"))
            guest.start(post)
            addresses = becomes(lambda: rooms.addresses("guest"), 15)
            seen.append((addresses, rooms.run("guest", "cat", "/var/lib/dhcpcd/duid").stdout))
            rooms.stage.power_off("guest")
            rooms.stage.power_on("guest")
            assert not rooms.addresses("guest")
        assert seen[0] == seen[1]
        assert seen[0][1].startswith("00:01:")


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
        with pytest.raises(ProgramError, match=r"kea-dhcp6 ended with exit status 1 before it was ready; .*2001:db8:9"):
            named("kea").start(rooms.post("router", named("kea"), situation=elsewhere))


PROXIED = {"host1": (("cali1", "c2"), ("cali1", "c3"), ("cali2", "c1")), "host2": (("cali3", "c1"),)}


@pytest.mark.parametrize("proxy", ["linux", "ndppd"])
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
            named("bird").start(rooms.post(host, named("bird"), task=fabric))
            task = ProxyTask(tuple(Proxied(interface, IPv6Network(plan.CONTAINER_ADDRESSES[owner]))
                                   for interface, owner in PROXIED[host]))
            named(proxy).start(rooms.post(host, named(proxy), task=task))
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
        named("dnsmasq").start(rooms.post("dns", named("dnsmasq"), "name-server"))
        rooms.run("client", "sh", "-c", f"echo nameserver {plan.NAME_SERVER} >/etc/resolv.conf")
        yield rooms


@pytest.mark.parametrize("name", ["asyncio", "asyncio-happy-eyeballs", "curl", "wget"])
@pytest.mark.parametrize("host", ["www.example.com", str(plan.SERVER), str(plan.SERVER4)])
def test_application_fetches_by_name_and_by_address(dual: Rooms, name: str, host: str) -> None:
    client = named(name, "application")
    assert isinstance(client, Application)
    assert client.connect(dual.post("client", client), host, 80, within=5.0).wait(6.0) == 0


@pytest.mark.parametrize("name", ["asyncio", "asyncio-happy-eyeballs", "curl"])
def test_application_takes_a_zone_id(dual: Rooms, name: str) -> None:
    client = named(name, "application")
    assert isinstance(client, Application)
    host = f"{plan.link_local(plan.mac_of('router', 'lan0'))}%eth0"
    assert client.connect(dual.post("client", client), host, 80, within=5.0).wait(6.0) == 0


@pytest.mark.parametrize("name", ["asyncio", "curl", "wget"])
def test_application_ends_by_itself_in_a_black_hole(dual: Rooms, name: str) -> None:
    client = named(name, "application")
    assert isinstance(client, Application)
    dropped = dual.run("server", "nft", "add table inet t; add chain inet t i { type filter hook input priority 0; }; "
                       "add rule inet t i tcp dport 81 drop")
    assert dropped.returncode == 0, dropped.stderr
    assert client.connect(dual.post("client", client), str(plan.SERVER), 81, within=0.5).wait(5.0) != 0
