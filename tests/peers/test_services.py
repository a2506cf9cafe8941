"""The scripted servers, as a client in the same namespace sees them."""

from __future__ import annotations

import socket
import subprocess
from ipaddress import IPv4Address, IPv6Address

from scapy.layers.dns import DNS, DNSQR

from fixtures.peers.name_server import Entry, ScriptedNameServer
from fixtures.peers.page_server import PageServer
from fixtures.peers.slow_addresses import SlowAddresses
from fixtures.protocols.icmp import NEIGHBOR_ADVERTISEMENT
from fixtures.protocols.ip import ICMPV6
from tests.peers.wire_room import OTHER_LL, Cable, Place

SIX, FOUR = IPv6Address("2001:db8:f::80"), IPv4Address("198.51.100.80")


def resolver(place: Place) -> socket.socket:
    place.run("ip", "link", "set", "lo", "up")
    sock = place.inside(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    sock.settimeout(5)
    sock.connect(("::1", 53))
    return sock


def ask(sock: socket.socket, name: str, kind: str) -> None:
    sock.send(bytes(DNS(id=len(name), rd=1, qd=DNSQR(qname=name, qtype=kind))))


def hear_answer(sock: socket.socket) -> tuple[str, int, list[str]]:
    """The name that an answer is about, its code, and its addresses."""
    answer = DNS(sock.recv(4096))
    name = next(iter(answer.qd)).qname.decode().rstrip(".")
    return name, answer.rcode, [str(each.rdata) for each in answer.an or ()]


def test_the_name_server_answers_when_it_is_told_to(stage: Cable) -> None:
    stage.put(ScriptedNameServer({"a.example.com": Entry(SIX, FOUR, aaaa_after=0.2),
                                  "b.example.com": Entry(SIX, None, a_after=0.1, aaaa_after=None)}), stage.guest)
    with resolver(stage.guest) as sock:
        ask(sock, "A.example.com", "AAAA")      # 0.2 s
        ask(sock, "b.example.com", "AAAA")      # never
        ask(sock, "b.example.com", "A")         # 0.1 s
        ask(sock, "a.example.com", "A")         # at once
        ask(sock, "nobody.example.com", "A")    # at once
        assert [hear_answer(sock) for _ in range(4)] == [
            ("a.example.com", 0, [str(FOUR)]), ("nobody.example.com", 3, []), ("b.example.com", 0, []),
            ("A.example.com", 0, [str(SIX)])]


def test_the_page_server_listens_where_it_is_told_to(stage: Cable) -> None:
    stage.guest.run("ip", "link", "set", "lo", "up")
    stage.put(PageServer(ipv6=(80,), ipv4=(80, 81)), stage.guest)
    for place in ("[::1]:80", "127.0.0.1:80", "127.0.0.1:81"):
        assert stage.guest.run("curl", "--silent", "--noproxy", "*", f"http://{place}/") == "sextant\n"
    refused = stage.guest.inside(lambda: subprocess.run(
        ["curl", "--silent", "--noproxy", "*", "http://[::1]:81/"], check=False))
    assert refused.returncode == 7


def test_slow_addresses_are_answered_for_one_by_one(stage: Cable) -> None:
    slow, fast, other = (IPv6Address(f"2001:db8:1::{number}") for number in (1, 2, 3))
    stage.put(SlowAddresses({slow: 0.3, fast: 0.0}))
    stage.up()
    stage.guest.ready()
    stage.guest.run("ip", "-6", "route", "add", "2001:db8:1::/64", "dev", "eth0")
    for address in (slow, other, fast):
        stage.guest.run("ip", "-6", "neigh", "add", str(address), "dev", "eth0", "nud", "none")
        stage.guest.run("ip", "-6", "neigh", "change", str(address), "dev", "eth0", "use")
    stage.tap.until(lambda data: data[54] == NEIGHBOR_ADVERTISEMENT and data[62:78] == slow.packed, 5)
    answered = [data[62:78] for data, out in stage.tap.drain()
                if not out and data[20] == ICMPV6 and data[54] == NEIGHBOR_ADVERTISEMENT]
    assert answered[:2] == [fast.packed, slow.packed]
    assert other.packed not in answered
    assert OTHER_LL.packed not in answered
