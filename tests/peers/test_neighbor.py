from __future__ import annotations

from ipaddress import IPv6Address
from pathlib import Path
from typing import Literal

import pytest

from fixtures.peers import wire
from fixtures.peers.neighbor import ScriptedNeighbor
from fixtures.protocols.addresses import ALL_NODES, solicited_node
from tests.peers.wire_room import GUEST_LL, GUEST_MAC, OTHER_LL, OTHER_MAC, Cable

NEAR = IPv6Address("2001:db8:1::99")


@pytest.mark.parametrize("how", ["na", "ns"])
@pytest.mark.parametrize("what", [GUEST_LL, "any"])
def test_a_defended_address_fails_dad(
    stage: Cable, how: Literal["na", "ns"], what: IPv6Address | Literal["any"]
) -> None:
    neighbor = stage.put(ScriptedNeighbor())
    neighbor.defend(what, how)
    stage.up()
    stage.guest.until("dadfailed", 6)
    assert stage.guest.addresses()[str(GUEST_LL)].get("dadfailed")
    assert [(note.name, note.fields["how"]) for note in neighbor.notes][:1] == [("contested", how)]


def test_it_answers_for_its_addresses_and_pings(stage: Cable, tmp_path: Path) -> None:
    neighbor = stage.put(ScriptedNeighbor(addresses=[NEAR]))
    stage.up()
    stage.guest.ready()
    stage.guest.run("ip", "-6", "route", "add", f"{NEAR}/128", "dev", "eth0")
    stage.guest.run("ip", "-6", "address", "add", "2001:db8:1::1/128", "dev", "eth0", "nodad")
    for target in (str(NEAR), f"{OTHER_LL}%eth0"):
        stage.guest.run("ping", "-6", "-c", "1", "-W", "2", target)
    neighbor.ping(GUEST_LL, number=7)
    stage.tap.until(lambda data: data[20] == 58 and data[54] == 129 and data[60:62] == b"\0\7", 2)
    rows = stage.tap.dissect(tmp_path, "icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o",
                             "icmpv6.opt.target_linkaddr", "ipv6.hlim",
                             only=f"icmpv6.type == 136 && eth.src == {OTHER_MAC}")
    assert rows[0] == ["0", "1", "1", OTHER_MAC, "255"]


def test_the_four_solicitations_have_four_answers(stage: Cable, tmp_path: Path) -> None:
    neighbor = stage.put(ScriptedNeighbor())
    stage.up()
    stage.guest.ready()
    neighbor.solicit_every_way(GUEST_LL, 0.05)
    stage.tap.until(lambda data: data[20] == 58 and data[54] == 136 and data[38:54] == ALL_NODES.packed, 5)
    asked = stage.tap.dissect(tmp_path, "ipv6.src", "ipv6.dst", "icmpv6.opt.src_linkaddr", "eth.dst",
                              only=f"icmpv6.type == 135 && eth.src == {OTHER_MAC}")
    group, me = str(solicited_node(GUEST_LL)), str(OTHER_LL)
    assert [row[:3] for row in asked] == [
        [me, group, OTHER_MAC], [me, str(GUEST_LL), OTHER_MAC], [me, str(GUEST_LL), ""], ["::", group, ""]]
    assert asked[1][3] == GUEST_MAC
    answers = stage.tap.dissect(tmp_path, "icmpv6.nd.na.flag.s", only=f"icmpv6.type == 136 && eth.src == {GUEST_MAC}")
    assert [row[0] for row in answers] == ["1", "1", "1", "0"]


def test_everything_that_it_sends_is_well_formed(stage: Cable, tmp_path: Path) -> None:
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    neighbor = stage.put(ScriptedNeighbor())
    far, packet = IPv6Address("2001:db8:2::1"), wire.frame(
        wire.solicitation(NEAR), source_mac=GUEST_MAC, source=GUEST_LL, to=NEAR, to_mac=OTHER_MAC)
    neighbor.advertise(NEAR, router=True)
    neighbor.redirect(far, NEAR, to=GUEST_LL, to_mac=GUEST_MAC, target_mac=OTHER_MAC, about=bytes(packet)[14:])
    neighbor.udp(GUEST_LL, 7, to_mac=GUEST_MAC)
    neighbor.syn(GUEST_LL, 80, to_mac=GUEST_MAC)
    neighbor.solicit_router()
    neighbor.solicit(NEAR, nonce=b"sextan")
    stage.tap.until(lambda data: data[20] == 58 and data[54] == 135, 2)
    rows = stage.tap.dissect(tmp_path, "icmpv6.type", "udp.dstport", "tcp.dstport", "icmpv6.checksum.status",
                             "udp.checksum.status", "_ws.malformed", "icmpv6.opt.nonce")
    assert [row[0] or row[1] or row[2] for row in rows] == ["136", "137,135", "7", "80", "133", "135"]
    assert all("0" not in row[3].split(",")[:1] + row[4].split(",") and not row[5] for row in rows)
    assert rows[-1][6].replace(":", "") == b"sextan".hex()


def test_what_is_for_others_is_not_answered(stage: Cable) -> None:
    neighbor = stage.put(ScriptedNeighbor())
    stage.up()
    stage.guest.ready()
    with pytest.raises(AssertionError):
        stage.guest.run("ping", "-6", "-c", "1", "-W", "1", "fe80::abcd%eth0")
    neighbor.answers = False
    with pytest.raises(AssertionError):
        stage.guest.run("ping", "-6", "-c", "1", "-W", "1", f"{OTHER_LL}%eth0")
