"""Guests of dual-stack and IPv6-only networks: each family works by itself."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from conformance.broken.dual_guests import FiltersIpv6, Ipv4AfterIpv6, ResolvesOverIpv4
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.attempts import page
from conformance.reading.pings import replies
from fixtures.protocols.ip import UDP
from fixtures.recording.editing import with_frame, without
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views import dns
from fixtures.recording.views.base import packets
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.common.boot import BOOT
from fixtures.scenarios.dual_stack.dual_stack import BROKEN, DUAL, IPV4_ONLY, DualStackNetwork, PingDone
from fixtures.scenarios.dual_stack.ipv6_only import PATIENCE, FetchBegun, Ipv6OnlyNetwork
from fixtures.stagecraft.marks import Up
from topologies.stage import addressing as plan

#: A host without a DHCPv4 server may take one of these by itself (RFC 3927); it leads nowhere beyond the link.
IPV4_LINK_LOCAL = IPv4Network("169.254.0.0/16")
DHCPV4_CLIENT, DHCPV4_SERVER = 68, 67


def address(recording: Recording, node: str, notebook: Notebook) -> IPv4Address:
    """The node's address from the network's IPv4 prefix. Raises Violated when it has none."""
    held = [event for event in recording.happened(node, "address", "new") if event.fields["family"] == "inet"
            and IPv4Address(event.fields["local"]) in plan.LAN4]
    notebook.expect(held, f"{node} got no IPv4 address", *held[:1])
    return IPv4Address(held[0].fields["local"])


@check("DUAL-01", DualStackNetwork(), role="guest", needs=("dhcpv4", "dhcpv6"))
def test_each_family_works_by_itself(recording: Recording, notebook: Notebook) -> None:
    """A dual-stack guest gets and uses both families, and keeps the one when the other's service is gone.

    The guest pings a private host behind its router over both; then the router loses IPv4, has it again, loses IPv6.
    """
    address(recording, DUAL, notebook)
    six = [event for event in recording.happened(DUAL, "address", "new") if event.fields["family"] == "inet6"
           and IPv6Address(event.fields["local"]) in plan.LAN]
    notebook.expect(six, f"{DUAL} got no IPv6 address", *six[:1])
    notebook.stimulus([mark for mark in recording.marked(PingDone) if mark.what.cut == "IPv6"],
                      "the play ended before both families had been cut")
    for cut, works in (("nothing", plan.OUTSIDE), ("nothing", plan.OUTSIDE4), ("IPv4", plan.OUTSIDE),
                       ("IPv6", plan.OUTSIDE4)):
        got = replies(recording, DUAL, works, cut)
        notebook.expect(got, f"the guest got no answer over IPv{works.version} with {cut} cut", *got)
    for cut, gone in (("IPv4", plan.OUTSIDE4), ("IPv6", plan.OUTSIDE)):
        if replies(recording, DUAL, gone, cut):
            notebook.stimulus([], f"{cut} was to be cut, and still works")
    notebook.finding = "both families work, and each goes on when the other is cut"


@played(test_each_family_works_by_itself, because="no answer over IPv6 with nothing cut")
def filters_ipv6() -> Broken:
    return Broken(DualStackNetwork(), {"guest": FiltersIpv6()})


@edited(test_each_family_works_by_itself, because="no answer over IPv6 with IPv4 cut")
def ipv6_goes_with_ipv4(recording: Recording) -> Recording:
    return without(recording, frames=replies(recording, DUAL, plan.OUTSIDE, "IPv4"))


@edited(test_each_family_works_by_itself, because="no answer over IPv4 with IPv6 cut")
def ipv4_goes_with_ipv6(recording: Recording) -> Recording:
    return without(recording, frames=replies(recording, DUAL, plan.OUTSIDE4, "IPv6"))


@check("DUAL-06", DualStackNetwork(), role="guest", needs=("dhcpv4",))
def test_ipv4_works_beside_a_broken_ipv6(recording: Recording, notebook: Notebook) -> None:
    """Guests with both families, with IPv4 alone and with a broken IPv6 (accept_ra=0) reach each other over IPv4.

    They reach a host outside too; over IPv6 only the guest does that is configured for it.
    """
    at = {node: address(recording, node, notebook) for node in (DUAL, IPV4_ONLY, BROKEN)}
    notebook.stimulus(recording.marked(PingDone), "the play ended before the guests pinged each other")
    for source, to in ((DUAL, at[IPV4_ONLY]), (DUAL, at[BROKEN]), (IPV4_ONLY, at[BROKEN]), (IPV4_ONLY, plan.OUTSIDE4),
                       (BROKEN, plan.OUTSIDE4)):
        got = replies(recording, source, to)
        notebook.expect(got, f"{source} did not reach {to} over IPv4", *got)
    for source in (IPV4_ONLY, BROKEN):
        got = replies(recording, source, plan.OUTSIDE)
        notebook.expect(not got, f"{source}, which is not configured for IPv6, reached {plan.OUTSIDE}", *got)
    notebook.finding = "all guests reach each other over IPv4, and only the configured one goes out over IPv6"


@played(test_ipv4_works_beside_a_broken_ipv6, because="got no IPv4 address")
def asks_for_ipv4_after_ipv6() -> Broken:
    return Broken(DualStackNetwork(), {"guest": Ipv4AfterIpv6()})


@edited(test_ipv4_works_beside_a_broken_ipv6, because="over IPv4")
def is_not_reachable(recording: Recording) -> Recording:
    """The guest with the broken IPv6 answers nobody."""
    broken = address(recording, BROKEN, Notebook(recording))
    return without(recording, frames=replies(recording, DUAL, broken))


@check("DUAL-05", Ipv6OnlyNetwork(), role="guest", needs=("dhcpv4", "dhcpv6", "dns-configuration"))
def test_lives_on_ipv6_alone(recording: Recording, notebook: Notebook) -> None:
    """Without any IPv4 service a guest boots, resolves over IPv6 and fetches a page from inside and from outside.

    Its image asks for IPv4 as well, in vain. It neither gets an IPv4 address beyond the link (RFC 3927) nor sends an
    IPv4 packet there except DHCPv4. IPv6 does not wait for that: the guest is configured within 15 s.
    """
    asked = notebook.stimulus(sent_over_ipv4(recording, dhcp=True), "the guest did not ask for an IPv4 address")
    fetches = recording.marked(FetchBegun)
    notebook.expect(fetches, f"the guest had no IPv6 address and default route within {BOOT:g} s", asked[0])
    pages = [_expect_page(recording, fetch, notebook) for fetch in fetches]
    shots = [shot for shot in recording.shots("guest") if shot.name == "fetched"]
    for shot in notebook.stimulus(shots, "the guest's state was not kept"):
        held = [row["local"] for row in shot.tables["address"] if row["family"] == "inet" and row["ifname"] != "lo"
                and ip_address(row["local"]) not in IPV4_LINK_LOCAL]
        notebook.expect(not held, f"the guest has the IPv4 address {', '.join(held)}", shot)
    stray = sent_over_ipv4(recording, dhcp=False)
    notebook.expect(not stray, "the guest sent IPv4 packets beyond DHCPv4", *stray[:1])
    boot = pages[0].time - recording.marked(Up)[0].time
    notebook.figure("link up until the first page, on IPv6 alone", boot, "s")
    notebook.finding = f"both pages came by name over IPv6, the first {boot:.1f} s after the link was up"


def _expect_page(recording: Recording, fetch: Mark, notebook: Notebook) -> TcpSegment:
    """The page of one name, which was resolved and fetched over IPv6."""
    host, server = fetch.what.host, fetch.what.address
    mine = [each for each in dns.messages(recording.at("guest")) if each.asks("AAAA", host)]
    over = [each for each in mine if not each.response and isinstance(each.source, IPv6Address)]
    notebook.expect(over, f"the guest asked no name server over IPv6 for {host}", *over[:1])
    answers = [each for each in mine if each.response and any(answer.data == server for answer in each.answers)]
    notebook.expect(answers, f"the guest got no address of {host}", *answers[:1])
    came = page(tuple(each for each in tcp_segments(recording.at("guest"), 80) if str(each.source) == server))
    notebook.expect(came, f"the guest did not get the page of {host} within {PATIENCE:g} s", *filter(None, [came]))
    assert came is not None
    return came


def sent_over_ipv4(recording: Recording, *, dhcp: bool) -> list[Frame]:
    """The guest's IPv4 packets: those of a DHCPv4 client, or all the others that leave the link (RFC 3927)."""
    found = []
    for datagram in packets(recording.at("guest", outgoing=True), *range(256)):
        frame, headers = datagram
        if isinstance(headers.source, IPv4Address):
            ports = int.from_bytes(headers.payload[:2], "big"), int.from_bytes(headers.payload[2:4], "big")
            asks = headers.protocol == UDP and ports == (DHCPV4_CLIENT, DHCPV4_SERVER)
            if asks == dhcp and (asks or headers.source not in IPV4_LINK_LOCAL):
                found.append(frame)
    return found


@played(test_lives_on_ipv6_alone, because="asked no name server over IPv6")
def resolves_over_ipv4() -> Broken:
    return Broken(Ipv6OnlyNetwork(), {"guest": ResolvesOverIpv4()})


@edited(test_lives_on_ipv6_alone, because="did not get the page of external.example.com")
def stays_inside(recording: Recording) -> Recording:
    """The host outside is not reached."""
    return without(recording, frames=[each for each in tcp_segments(recording.at("guest"), 80)
                                      if str(each.source) == str(plan.OUTSIDE)])


@edited(test_lives_on_ipv6_alone, because="IPv4 packets beyond DHCPv4")
def needs_ipv4_as_well(recording: Recording) -> Recording:
    """A question to a name server's IPv4 address."""
    from scapy.layers.inet import IP
    from scapy.layers.inet import UDP as Datagram
    from scapy.layers.l2 import Ether

    asked = Ether() / IP(src="192.0.2.77", dst="192.0.2.1") / Datagram(sport=40000, dport=53)
    return with_frame(recording, asked, time=recording.duration / 2, node="guest", interface="eth0", outgoing=True)
