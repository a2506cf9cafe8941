"""The guests' clients at posts of a real stage: an address in the end, released, kept over a restart and a reboot."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fixtures.implementations.registry import implementation_named, playing
from fixtures.programs.base import GuestClient
from fixtures.situation import GuestSettings, Prefix, Situation
from tests.implementations.rooms import Rooms
from tests.patience import becomes
from topologies.lan import Lan
from topologies.stage import addressing as plan

STATEFUL = Situation(Prefix(plan.LAN), plan.LAN_ROUTER, pool=plan.LAN_POOL, dns=(plan.LAN_ROUTER,))
SLAAC = replace(STATEFUL, prefix=Prefix(plan.LAN, autonomous=True), managed=False, other=False, dhcpv6=False, pool=None)
PAIRS = (("dnsmasq", "dnsmasq"), ("radvd", "kea"))
CLIENTS = tuple(who.name for who in playing("guest") if not who.opaque)
#: Those that are installed play; of the others each test says that it is skipped.
HERE = tuple(client for client in CLIENTS if not implementation_named(client).missing())

pytestmark = pytest.mark.skipif(
    any(implementation_named(name).missing() for pair in PAIRS for name in pair),
                                reason="dnsmasq, radvd or Kea is not installed")


@pytest.fixture(autouse=True)
def all_installed(request: pytest.FixtureRequest) -> None:
    client = getattr(request.node, "callspec", None) and request.node.callspec.params.get("client")
    if client and client not in HERE:
        pytest.skip(f"{client} is not installed")


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
        implementation_named(router).start(rooms.post("router", implementation_named(router), "router",
                                                      "dhcpv6-server"))
        return
    implementation_named(router).start(rooms.post("router", implementation_named(router), "router"))
    if rooms.situation.dhcpv6:
        implementation_named(server).start(rooms.post("router", implementation_named(server), "dhcpv6-server"))


def boot(client: str, router: str, server: str, directory: Path) -> Boot:
    situation = SLAAC if client == "linux" else STATEFUL
    guest = implementation_named(client, "guest")
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
            guest.release(post)  # one that sends no Release (`lacks`) gives the address up all the same
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
    casts = [(client, *pair) for client in HERE for pair in PAIRS]
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
    if "dns-configuration" not in implementation_named(client).lacks:
        assert f"nameserver {plan.LAN_ROUTER}" in seen.resolver


def both_families(client: str, router: str, server: str, directory: Path) -> tuple[list[str], list[str]]:
    """A guest's IPv6 and IPv4 addresses on a dual-stack network."""
    guest = implementation_named(client, "guest")
    situation = replace(STATEFUL, ipv4=plan.LAN4, ipv4_router=plan.LAN4_ROUTER)
    with Rooms(Lan(), situation, directory) as rooms:
        rooms.run("router", "ip", "addr", "add", str(plan.on4(plan.LAN4_ROUTER, plan.LAN4)), "dev", "lan0")
        start_servers(rooms, router, server)
        rooms.up("guest")
        guest.start(rooms.post("guest", guest, "guest"))
        becomes(lambda: rooms.addresses("guest") and rooms.addresses("guest", "-4"), 20)
        return rooms.addresses("guest"), rooms.addresses("guest", "-4")


def test_every_client_gets_both_families_from_every_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    casts = [(client, *pair) for client in HERE for pair in PAIRS if "dhcpv4" not in implementation_named(client).lacks]
    with ThreadPoolExecutor(len(casts)) as pool:
        futures = {cast: pool.submit(both_families, *cast, tmp_path_factory.mktemp("dual-stack")) for cast in casts}
        for cast, future in futures.items():
            six, four = future.result()
            assert (len(six), len(four)) == (1, 1), cast


#: Settings of an image, with the interfaces that must then have a default route.
RECIPES = {
    "host": (GuestSettings(accept_ra=1), {"eth0", "eth1"}),
    "never": (GuestSettings(accept_ra=0), set()),
    "default NIC only": (GuestSettings(ignore_ra=("eth1",)), {"eth0"}),
    "forwards": (GuestSettings(forwarding=True, accept_ra=1), set()),
    "forwards and accepts": (GuestSettings(forwarding=True, accept_ra=2), {"eth0", "eth1"}),
}


def default_routes(client: str, recipe: str, directory: Path) -> set[str]:
    """The interfaces with a default route once a guest with two NICs on one LAN has read two RAs at each of them.

    Whoever has read the second has done with the first. Those that are wanted and not there yet are waited for.
    """
    settings, wanted = RECIPES[recipe]
    guest = implementation_named(client, "guest")
    assert isinstance(guest, GuestClient)
    with Rooms(Lan(nics=2), replace(SLAAC, max_interval=4), directory) as rooms:
        start_servers(rooms, "radvd", "kea")
        post = rooms.post("guest", guest, "guest", settings=settings)
        guest.prepare(post)
        rooms.up("guest")
        guest.start(post)
        before = {nic: _advertisements(rooms, nic) for nic in ("eth0", "eth1")}
        assert becomes(lambda: all(_advertisements(rooms, nic) >= before[nic] + 2 for nic in before)
                       and not _unread(rooms), 12)
        becomes(lambda: wanted <= _default_devices(rooms), 4)
        return _default_devices(rooms)


def _advertisements(rooms: Rooms, nic: str) -> int:
    """How many RAs the guest's kernel has received there, whatever became of them."""
    text = rooms.run("guest", "cat", f"/proc/net/dev_snmp6/{nic}").stdout
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Icmp6InRouterAdvertisements"))


def _unread(rooms: Rooms) -> bool:
    """Whether the guest's client has left messages in a raw socket of its own."""
    rows = [line.split() for line in rooms.run("guest", "cat", "/proc/net/raw6").stdout.splitlines()[1:]]
    return any(int(row[4].split(":")[1], 16) for row in rows)


def _default_devices(rooms: Rooms) -> set[str]:
    routes = rooms.routes("guest", "default")
    return {hop["dev"] for route in routes for hop in route.get("nexthops", [route])}


@pytest.fixture(scope="module")
def default_devices(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], set[str]]:
    with ThreadPoolExecutor(len(HERE) * len(RECIPES)) as pool:
        futures = {
            (client, recipe): pool.submit(default_routes, client, recipe, tmp_path_factory.mktemp("ra"))
            for client in HERE for recipe in RECIPES
        }
        return {cell: future.result() for cell, future in futures.items()}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_client_follows_the_recipe_for_router_advertisements(
    default_devices: dict[tuple[str, str], set[str]], client: str, recipe: str
) -> None:
    assert default_devices[client, recipe] == RECIPES[recipe][1]


def test_dhclient_gives_its_address_the_prefix_length_of_the_image(tmp_path: Path) -> None:
    guest = implementation_named("dhclient")
    with Rooms(Lan(), STATEFUL, tmp_path) as rooms:
        start_servers(rooms, "dnsmasq", "dnsmasq")
        rooms.up("guest")
        guest.start(rooms.post("guest", guest, "guest", settings=GuestSettings(prefixlen=64)))
        [address] = becomes(lambda: rooms.addresses("guest"), 15)
        assert address.endswith("/64")


#: Clients that keep their own identifier on the guest's disk; systemd-networkd makes its of the machine's.
KEEPING = tuple(client for client in HERE if client not in ("linux", "systemd-networkd"))


def lives(client: str, directory: Path) -> list[list[str]]:
    """The guest's addresses in three lives: a boot, a reboot with its disk, and a boot with a new disk."""
    guest = implementation_named(client, "guest")
    assert isinstance(guest, GuestClient)
    with Rooms(Lan(), STATEFUL, directory) as rooms:
        start_servers(rooms, "dnsmasq", "dnsmasq")
        seen = []
        for life in range(3):
            post = rooms.post("guest", guest, "guest", settings=GuestSettings(duid="default"))
            guest.prepare(post)
            if life == 2:
                guest.forget(post)
            rooms.up("guest")
            guest.start(post)
            seen.append(becomes(lambda: rooms.addresses("guest"), 15))
            rooms.stage.power_off("guest")
            rooms.stage.power_on("guest")
            assert not rooms.addresses("guest")
        return seen


@pytest.fixture(scope="module")
def lifetimes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    with ThreadPoolExecutor(len(KEEPING)) as pool:
        futures = {client: pool.submit(lives, client, tmp_path_factory.mktemp(client)) for client in KEEPING}
        return {client: future.result() for client, future in futures.items()}


@pytest.mark.parametrize("client", [client for client in CLIENTS if client not in ("linux", "systemd-networkd")])
def test_identity_outlives_the_loss_of_power_and_not_that_of_the_disk(
    lifetimes: dict[str, list[list[str]]], client: str
) -> None:
    booted, rebooted, anew = lifetimes[client]  # dnsmasq chooses the address by the DUID
    assert len(booted) == len(anew) == 1
    assert rebooted == booted
    assert anew != booted
