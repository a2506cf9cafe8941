"""Clearwater's configuration as a model: what it takes, what it refuses, and what a careless one does."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRRNAPTR, DNSRRSRV
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from fixtures.clouds.clearwater.control import Deployment, Habits
from fixtures.clouds.clearwater.lookup import query
from fixtures.clouds.control_plane import Refused
from fixtures.implementations.dnsmasq import configuration
from fixtures.implementations.sipp import call
from fixtures.recording.model import Frame
from fixtures.recording.views import dns
from fixtures.scenarios.clouds.clearwater.nodes import ClearwaterNodes

IPV6, IPV4, LINK_LOCAL = IPv6Address("2001:db8:1::b0"), IPv4Address("192.0.2.11"), IPv6Address("fe80::1")


@pytest.mark.parametrize(("text", "address"), [
    ("2001:0DB8:0001::B0", IPV6), ("2001:db8:1:0:0:0:0:b0", IPV6), ("192.0.2.11", IPV4)])
def test_local_ip_in_any_spelling(text: str, address: IPv4Address | IPv6Address) -> None:
    assert Deployment().read(f"home_domain=example.com\nlocal_ip={text}\n") == address


@pytest.mark.parametrize("text", ["", " ", "192.0.2.01", "192.0.2.11 ", "2001:db8::g", "[2001:db8::1]", "bono"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="local_ip: "):
        Deployment().read(f"local_ip={text}\n")


def test_local_config_without_an_address() -> None:
    with pytest.raises(Refused, match="local_config has no local_ip"):
        Deployment().read("home_domain=example.com\n")


def test_image_takes_ipv4_where_it_has_both() -> None:
    assert Deployment().choose([LINK_LOCAL, IPV6, IPV4]) == IPV4
    assert Deployment(Habits(prefers_ipv6=True)).choose([IPV6, IPV4]) == IPV6


def test_image_takes_the_only_family() -> None:
    assert Deployment().choose([LINK_LOCAL, IPV6]) == IPV6
    assert Deployment().choose([IPV4]) == IPV4


def test_image_without_an_address_waits() -> None:
    for deployment, held in ((Deployment(), [LINK_LOCAL]), (Deployment(Habits(waits_for_ipv4=True)), [IPV6])):
        with pytest.raises(Refused, match="the image has no address yet"):
            deployment.choose(held)


def test_literals_in_uris() -> None:
    assert [Deployment().uri_host(each) for each in (IPV6, IPV4)] == ["[2001:db8:1::b0]", "192.0.2.11"]


def test_what_is_missing_on_ipv6() -> None:
    with pytest.raises(Refused, match="is not supported on IPv6"):
        Deployment().websockets(IPV6)
    with pytest.raises(Refused, match="sprout: the automated install does not support the IPv6 address"):
        Deployment().install({"bono": IPV4, "sprout": IPV6})
    assert Deployment().websockets(IPV4) == IPV4
    assert Deployment().install({"bono": IPV4}) == {"bono": "local_ip=192.0.2.11\n"}


def test_a_query_is_written_as_rfc_1035_says() -> None:
    assert query(7, "a.example", 28).hex() == "000701000001000000000000" "0161076578616d706c6500" "001c0001"


def test_name_server_of_a_sip_domain() -> None:
    """What dnsmasq is told for RFC 3263 section 4.1."""
    given = ClearwaterNodes().situation()
    lines = configuration(given, frozenset({"name-server"}), ("lan0",), "leases").splitlines()
    assert "naptr-record=ims.example.com,0,0,s,SIP+D2U,,_sip._udp.ims.example.com" in lines
    assert "srv-host=_sip._tcp.ims.example.com,bono.example.com,5060" in lines
    assert "host-record=sprout.example.com,2001:db8:1::51" in lines


def test_records_of_a_sip_domain_are_read() -> None:
    """NAPTR and SRV, as the view of DNS tells them."""
    records = [DNSRRNAPTR(rrname="a.example", order=1, preference=2, flags="s", services="SIP+D2U", regexp="",
                          replacement="_sip._udp.a.example"),
               DNSRRSRV(rrname="_sip._udp.a.example", priority=1, weight=2, port=5060, target="b.example")]
    packet = Ether() / IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=53, dport=4000) / DNS(
        qr=1, qd=DNSQR(qname="a.example", qtype=35), an=records)
    [message] = dns.messages([Frame(1, 0, "router", "lan0", True, bytes(packet))])
    assert [(each.type, each.data) for each in message.answers] == [
        ("NAPTR", "1 2 's' 'sip+d2u' '' '_sip._udp.a.example'"), ("SRV", "1 2 5060 b.example")]


def test_call_is_to_a_literal_in_brackets() -> None:
    assert call(IPV6, "tcp", 5.0)[-1] == "[2001:db8:1::b0]:5060"
    assert call(IPV4, "udp", 5.0)[-1] == "192.0.2.11:5060"
