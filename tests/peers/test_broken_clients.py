from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

import pytest

from fixtures.peers.addresses import KernelAddresses
from fixtures.peers.advertisement import Advertisement
from fixtures.peers.dhcpv6 import broken_clients as broken
from fixtures.peers.dhcpv6.bindings import Bindings
from fixtures.peers.dhcpv6.client import ScriptedDhcpv6Client
from fixtures.peers.dhcpv6.messages import Message
from fixtures.peers.dhcpv6.options import duid_ll, duid_llt
from fixtures.peers.dhcpv6.server import ScriptedDhcpv6Server
from fixtures.peers.host import ScriptedHost
from fixtures.peers.neighbor import ScriptedNeighbor
from fixtures.peers.router import ScriptedRouter
from fixtures.protocols.dhcpv6 import Kind
from fixtures.situation import Lease
from tests.patience import becomes
from tests.peers.dhcpv6_frames import dhcp, kinds, read
from tests.peers.wire_room import GUEST_LL, GUEST_MAC, OTHER_LL, Cable

FIRST = IPv6Address("2001:db8:1::100")
POOL = (FIRST, IPv6Address("2001:db8:1::1ff"))
SHORT = Lease(t1=1, t2=2, preferred=3, valid=4)


def serve(stage: Cable, client: ScriptedDhcpv6Client, lease: Lease = SHORT) -> ScriptedDhcpv6Server:
    """A server at the other end, the client at the guest's, its lease in hand."""
    server: ScriptedDhcpv6Server = stage.put(ScriptedDhcpv6Server(
        Bindings(IPv6Network("2001:db8:1::/64"), POOL), lease=lease, preference=255))
    stage.up()
    stage.put(client, stage.guest)
    stage.tap.until(dhcp(Kind.REPLY), 8)
    return server


def next_of(stage: Cable, *wanted: Kind, within: float = 6) -> Message:
    """The next message of one of these kinds."""
    found = stage.tap.until(lambda data: any(dhcp(kind)(data) for kind in wanted), within, after=len(stage.tap.frames))
    message = read(stage.tap.frames[found][0])
    assert message is not None
    return message


def test_a_correct_client_renews_rebinds_expires_and_starts_again(stage: Cable) -> None:
    server = serve(stage, ScriptedDhcpv6Client(begin="now"))
    renew = next_of(stage, Kind.RENEW)
    assert renew.server_id == server.duid and renew.associations[0].addresses[0].address == FIRST
    server.die()
    rebind = next_of(stage, Kind.REBIND)
    assert rebind.server_id is None
    next_of(stage, Kind.SOLICIT)
    assert str(FIRST) not in stage.guest.addresses()


@pytest.mark.parametrize("client, expected", [
    (broken.SolicitsAtT1, Kind.SOLICIT), (broken.DropsAddressAtT1, Kind.RENEW)])
def test_what_happens_at_t1(stage: Cable, client: type[ScriptedDhcpv6Client], expected: Kind) -> None:
    server = serve(stage, client(begin="now"), Lease(t1=3, t2=30, preferred=60, valid=90))
    stage.guest.until(f"{FIRST}/128 scope global dynamic", 6)
    server.die()
    next_of(stage, expected)
    if client is broken.DropsAddressAtT1:
        stage.guest.until(f"inet6 {FIRST}", 2, gone=True)


@pytest.mark.parametrize("client, kind, names_server", [
    (broken.RenewsForEver, Kind.RENEW, True), (broken.NamesServerInRebind, Kind.REBIND, True)])
def test_what_happens_at_t2(stage: Cable, client: type[ScriptedDhcpv6Client], kind: Kind, names_server: bool) -> None:
    server = serve(stage, client(begin="now"), Lease(t1=1, t2=2, preferred=60, valid=90))
    server.die()
    next_of(stage, Kind.RENEW)
    second = next_of(stage, Kind.RENEW, Kind.REBIND)
    assert (second.kind, second.server_id is not None) == (kind, names_server)


@pytest.mark.parametrize("client, source, stays", [
    (ScriptedDhcpv6Client, GUEST_LL, False),
    (broken.ReleasesFromTheAddress, FIRST, False),
    (broken.KeepsReleasedAddress, GUEST_LL, True)])
def test_how_a_lease_is_released(
    stage: Cable, client: type[ScriptedDhcpv6Client], source: IPv6Address, stays: bool
) -> None:
    made = client(begin="now")
    server = serve(stage, made, Lease())
    stage.guest.until(f"{FIRST}/128 scope global dynamic", 6)
    made.release()
    assert next_of(stage, Kind.RELEASE).source == source
    next_of(stage, Kind.REPLY)
    assert not server.bindings.leased
    assert (str(FIRST) in stage.guest.addresses()) == stays


@pytest.mark.parametrize("client, then", [
    (ScriptedDhcpv6Client, Kind.DECLINE), (broken.AbandonsDuplicate, Kind.SOLICIT)])
def test_what_follows_a_duplicate(stage: Cable, client: type[ScriptedDhcpv6Client], then: Kind) -> None:
    stage.put(ScriptedNeighbor(link_local=IPv6Address("fe80::99"), mac="02:00:00:00:00:99")).defend(FIRST)
    serve(stage, client(begin="now"), Lease())
    assert next_of(stage, Kind.DECLINE, Kind.SOLICIT).kind == then


def test_a_duplicate_can_be_kept_and_a_duid_be_of_the_wrong_kind(stage: Cable) -> None:
    stage.put(ScriptedNeighbor(link_local=IPv6Address("fe80::99"), mac="02:00:00:00:00:99")).defend(FIRST)
    serve(stage, broken.KeepsDuplicate(KernelAddresses(flags=("nodad",)), begin="now"), Lease())
    stage.guest.until(f"{FIRST}/128 scope global nodad", 3)
    stage.peers.pop().close()
    stage.put(broken.UsesLinkLayerTimeDuid(begin="now"), stage.guest)
    assert next_of(stage, Kind.SOLICIT).client_id == duid_llt(GUEST_MAC)


def test_a_scripted_host_gets_its_address_by_wire_alone(stage: Cable) -> None:
    stage.put(ScriptedRouter(Advertisement(managed=True)))
    stage.put(ScriptedDhcpv6Server(Bindings(IPv6Network("2001:db8:1::/64"), POOL)))
    pinger = stage.put(ScriptedNeighbor(link_local=IPv6Address("fe80::99"), mac="02:00:00:00:00:99"))
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    host = stage.put(ScriptedHost(), stage.guest)
    stage.put(ScriptedDhcpv6Client(host), stage.guest)
    reply = stage.tap.until(dhcp(Kind.REPLY), 8)
    stage.tap.until(lambda data: data[20] == 58 and data[54] == 135 and data[62:78] == FIRST.packed, 3, after=reply)
    pinger.ping(FIRST)
    # The address is tentative for a second more: only the solicitation that comes after it is answered.
    assert becomes(lambda: FIRST in host.addresses, 5)
    pinger.ping(FIRST)
    stage.tap.until(lambda data: data[20] == 58 and data[54] == 129 and data[22:38] == FIRST.packed, 3)
    assert kinds(stage.tap.drain()) == [Kind.SOLICIT, Kind.ADVERTISE, Kind.REQUEST, Kind.REPLY]
    first = read(stage.tap.frames[stage.tap.until(dhcp(Kind.SOLICIT), 1)][0])
    assert first is not None and first.client_id == duid_ll(GUEST_MAC)
    assert host.routers == {OTHER_LL: "02:00:00:00:00:02"}
