from __future__ import annotations

import subprocess
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

import pytest

from fixtures.peers.dhcpv6.bindings import Bindings
from fixtures.peers.dhcpv6.client import ScriptedDhcpv6Client
from fixtures.peers.dhcpv6.messages import Message
from fixtures.peers.dhcpv6.options import duid_ll
from fixtures.peers.dhcpv6.server import Flaws, ScriptedDhcpv6Server
from fixtures.peers.neighbor import ScriptedNeighbor
from fixtures.protocols.dhcpv6 import Kind, StatusCode
from fixtures.situation import Lease
from tests.peers.dhcpv6_frames import dhcp, kinds, read
from tests.peers.wire_room import GUEST_LL, GUEST_MAC, Cable, pause

FIRST = IPv6Address("2001:db8:1::100")
SECOND = IPv6Address("2001:db8:1::101")
DNS = IPv6Address("2001:db8:1::53")
QUICK = Lease(t1=3, t2=6, preferred=12, valid=20)


def bindings() -> Bindings:
    return Bindings(IPv6Network("2001:db8:1::/64"), (FIRST, IPv6Address("2001:db8:1::1ff")))


def dhclient(stage: Cable, directory: Path) -> Any:
    """dhclient at the guest, when its link-local address is ready; it writes nothing outside the directory."""
    stage.up()
    stage.guest.ready()
    (directory / "dhclient.conf").write_text("request;\n")
    argv = ["dhclient", "-6", "-d", "-D", "LL", "-cf", str(directory / "dhclient.conf"), "-lf",
            str(directory / "leases"), "-pf", str(directory / "pid"), "-sf", "/bin/true", "eth0"]
    return stage.guest.start(*argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_dhclient_leases_renews_and_rebinds_to_the_other_server(stage: Cable, tmp_path: Path) -> None:
    shared = bindings()
    first = stage.put(ScriptedDhcpv6Server(shared, lease=QUICK, preference=255, dns=[DNS], domains=["example.com"]))
    second = stage.put(ScriptedDhcpv6Server(shared, lease=QUICK, link_local=IPv6Address("fe80::22"),
                                            mac="02:00:00:00:00:22", silent=frozenset({Kind.SOLICIT})))
    client = dhclient(stage, tmp_path)
    try:
        renew = stage.tap.until(dhcp(Kind.RENEW, lambda message: message.server_id == first.duid), 15)
        stage.tap.until(dhcp(Kind.REPLY), 2, after=renew)
        first.die()
        rebind = stage.tap.until(dhcp(Kind.REBIND), 18, after=renew)
        reply = stage.tap.until(dhcp(Kind.REPLY), 2, after=rebind)
    finally:
        client.kill()
        client.wait()
    answer = read(stage.tap.frames[reply][0])
    assert answer is not None and answer.server_id == second.duid
    assert [one.address for one in answer.associations[0].addresses] == [FIRST]
    assert kinds(stage.tap.frames)[:6] == [
        Kind.SOLICIT, Kind.ADVERTISE, Kind.REQUEST, Kind.REPLY, Kind.RENEW, Kind.REPLY]
    rows = stage.tap.dissect(tmp_path, "dhcpv6.msgtype", "dhcpv6.iaaddr.ip", "dhcpv6.iaid.t1",
                             "dhcpv6.iaaddr.valid_lifetime", "dhcpv6.option_preference", "dhcpv6.dns_server",
                             "dhcpv6.search_list_entry", "udp.checksum.status", "_ws.malformed",
                             only="udp.srcport == 547")
    assert rows[0][:7] == ["2", str(FIRST), "3", "20", "255", str(DNS), "example.com."]
    assert {(row[7], row[8]) for row in rows} == {("1", "")}


def test_a_client_gets_another_address_after_a_duplicate(stage: Cable) -> None:
    server = stage.put(ScriptedDhcpv6Server(bindings(), preference=255))
    stage.put(ScriptedNeighbor(link_local=IPv6Address("fe80::99"), mac="02:00:00:00:00:99")).defend(FIRST)
    stage.up()
    stage.put(ScriptedDhcpv6Client(begin="now"), stage.guest)
    stage.guest.until(f"{SECOND}/128 scope global dynamic", 12)
    assert kinds(stage.tap.drain()) == [
        Kind.SOLICIT, Kind.ADVERTISE, Kind.REQUEST, Kind.REPLY, Kind.DECLINE, Kind.REPLY,
        Kind.SOLICIT, Kind.ADVERTISE, Kind.REQUEST, Kind.REPLY]
    assert server.bindings.declined == {FIRST}
    assert str(FIRST) not in stage.guest.addresses()


@pytest.mark.parametrize("flaws", [
    Flaws(wrong_iaid=True), Flaws(no_address=True), Flaws(no_association=True), Flaws(wrong_transaction=True),
    Flaws(no_server_id=True), Flaws(status={Kind.SOLICIT: StatusCode.NO_ADDRESSES})], ids=str)
def test_flawed_offers_are_flawed_as_said(stage: Cable, flaws: Flaws) -> None:
    stage.put(ScriptedDhcpv6Server(bindings(), flaws=flaws))
    stage.up()
    stage.put(ScriptedDhcpv6Client(begin="now"), stage.guest)
    asked = read(stage.tap.frames[stage.tap.until(dhcp(Kind.SOLICIT), 8)][0])
    got = read(stage.tap.frames[stage.tap.until(dhcp(Kind.ADVERTISE), 2)][0])
    stage.tap.until(dhcp(Kind.SOLICIT), 3, after=stage.tap.until(dhcp(Kind.ADVERTISE), 2))
    assert Kind.REQUEST not in kinds(stage.tap.frames)
    assert asked is not None and got is not None
    offered = got.associations[0] if got.associations else None
    assert (got.transaction != asked.transaction) == flaws.wrong_transaction
    assert (offered is None) == flaws.no_association
    assert (got.server_id is None) == flaws.no_server_id
    if offered is not None:
        assert (offered.iaid != asked.associations[0].iaid) == flaws.wrong_iaid
        assert (not offered.addresses) == (flaws.no_address or bool(flaws.status))
        assert offered.status == flaws.status.get(Kind.SOLICIT)


def test_the_best_offer_wins_and_each_client_has_its_own_times(stage: Cable) -> None:
    mine = {duid_ll(GUEST_MAC): QUICK}
    stage.put(ScriptedDhcpv6Server(bindings(), preference=1))
    reserved = replace(bindings(), reserved={duid_ll(GUEST_MAC): SECOND})
    better = stage.put(ScriptedDhcpv6Server(reserved, leases=mine, delay=0.3, preference=9,
                                            link_local=IPv6Address("fe80::22"), mac="02:00:00:00:00:22"))
    stage.up()
    client = stage.put(ScriptedDhcpv6Client(begin="now"), stage.guest)
    reply = read(stage.tap.frames[stage.tap.until(dhcp(Kind.REPLY), 8)][0])
    assert reply is not None and reply.server_id == better.duid
    assert [(one.t1, one.t2, one.addresses[0].address) for one in reply.associations] == [(3, 6, SECOND)]
    renewal = stage.tap.until(dhcp(Kind.REPLY), 5, after=stage.tap.until(dhcp(Kind.RENEW), 6))
    client.release()
    release = stage.tap.until(dhcp(Kind.RELEASE), 2, after=renewal)
    stage.tap.until(dhcp(Kind.REPLY, lambda message: message.status == StatusCode.SUCCESS), 2, after=release)
    assert not better.bindings.leased
    assert str(SECOND) not in stage.guest.addresses()


def test_a_hook_and_silence_take_the_answer_over(stage: Cable) -> None:
    heard: list[Message] = []

    def note(message: Message) -> list[object]:
        heard.append(message)
        return []

    stage.put(ScriptedDhcpv6Server(bindings(), answer=note))
    stage.put(ScriptedDhcpv6Server(bindings(), silent=list(Kind), mac="02:00:00:00:00:22"))
    stage.up()
    stage.put(ScriptedDhcpv6Client(begin="now"), stage.guest)
    first = stage.tap.until(dhcp(Kind.SOLICIT), 8)
    stage.tap.until(dhcp(Kind.SOLICIT), 3, after=first + 1)
    pause(0.1)
    assert Kind.ADVERTISE not in kinds(stage.tap.frames)
    assert heard[0].kind == Kind.SOLICIT and heard[0].requested == (23, 24, 82) and heard[0].source == GUEST_LL
