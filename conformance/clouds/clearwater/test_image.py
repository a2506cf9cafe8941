"""Clearwater's all-in-one image: what DHCP gives it, which family it takes, and whether it serves there."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from conformance.clouds.clearwater.sip import SipMessage, expect_call, expect_refused, messages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.leases import grants
from fixtures.clouds.clearwater.control import Habits
from fixtures.clouds.clearwater.node import CallBegun, Knock, Serves
from fixtures.protocols.ports import SIP_PORT
from fixtures.recording.editing import with_bytes, with_frame, without
from fixtures.recording.model import Recording, Snapshot
from fixtures.recording.views import dhcpv6, dns
from fixtures.recording.views.transport import UdpDatagram, udp_datagrams
from fixtures.scenarios.clouds.clearwater.image import NAME, ClearwaterDualImage, ClearwaterImage, addresses
from fixtures.scenarios.dhcpv6.lease_renewal import LeaseRenewal
from fixtures.stagecraft.watching import address_ready
from topologies.clearwater import OPERATOR
from topologies.stage import addressing as plan

#: BOOTP's ports (RFC 2131 section 4.1).
SERVER4, CLIENT4 = 67, 68


def kernel_at(recording: Recording, notebook: Notebook, name: str = "booted") -> Snapshot:
    """The image's kernel at that moment. Raises Unjudgeable."""
    shot = recording.snapshot(name, "guest")
    return notebook.stimulus([] if shot is None else [shot], "the image got no address")[0]


def answered_calls(recording: Recording, notebook: Notebook) -> list[SipMessage]:
    """Each call to the image was answered."""
    calls = notebook.stimulus(recording.marked(CallBegun), "no caller called the image")
    return [expect_call(recording, notebook, mark) for mark in calls]


def expect_sockets(recording: Recording, notebook: Notebook, wanted: str) -> None:
    """Expect that the image serves SIP on that address and nowhere else."""
    shot = kernel_at(recording, notebook, "serving")
    local = {row["local"] for row in shot.tables["socket"] if row["port"] == SIP_PORT}
    notebook.expect(local == {wanted}, f"the image serves SIP on {', '.join(sorted(local)) or 'nothing'}", shot)


@check("DUAL-02", ClearwaterDualImage(), role="management", cloud="clearwater")
def test_clearwater_image_prefers_ipv4(recording: Recording, notebook: Notebook) -> None:
    """An image that has addresses of both families serves on its IPv4 address alone (Clearwater)."""
    held = addresses(kernel_at(recording, notebook))
    notebook.stimulus([held] if set(held) == {4, 6} else [], "the image does not have both families")
    notebook.cite(kernel_at(recording, notebook))
    for each in answered_calls(recording, notebook):
        notebook.expect(each.packet.source == held[4], f"the call was answered by {each.packet.source}", each.packet)
    for mark in notebook.stimulus(recording.marked(Knock), "no caller tried the image's IPv6 address"):
        expect_refused(recording, notebook, mark)
    expect_sockets(recording, notebook, str(held[4]))
    notebook.finding = f"of {held[4]} and {held[6]} the image serves the first, and refuses on the second"


@played(test_clearwater_image_prefers_ipv4, because="did not answer operator's call")
def image_prefers_ipv6() -> Broken:
    return Broken(ClearwaterDualImage(habits=Habits(prefers_ipv6=True)))


@played(test_clearwater_image_prefers_ipv4, because="accepts connections, though the other family")
def image_serves_both() -> Broken:
    return Broken(ClearwaterDualImage(habits=Habits(serves_both=True)))


@check("DUAL-04", ClearwaterDualImage(ipv6=False), role="management", cloud="clearwater")
def test_clearwater_image_on_ipv4(recording: Recording, notebook: Notebook) -> None:
    """An image that has an IPv4 address alone configures itself for it, and its services answer there (Clearwater)."""
    held = addresses(kernel_at(recording, notebook))
    notebook.stimulus([held] if set(held) == {4} else [], "the image has another family than IPv4")
    for each in answered_calls(recording, notebook):
        contact = each.fields.get("contact", "")
        notebook.expect(f"sip:{held[4]}:{SIP_PORT}" in contact, f"the image's Contact is {contact}", each.packet)
    expect_sockets(recording, notebook, str(held[4]))
    notebook.finding = f"with {held[4]} alone, the image answered on it by UDP and TCP"


@edited(test_clearwater_image_on_ipv4, because="did not answer operator's call")
def image_that_waits_for_ipv6(recording: Recording) -> Recording:
    """Its services have not begun."""
    return without(recording, frames=[each.packet for each in messages(recording.at(OPERATOR, outgoing=False))])


@edited(test_clearwater_image_on_ipv4, because="the image's Contact is")
def image_with_another_contact(recording: Recording) -> Recording:
    """It tells callers the address of an interface that they cannot reach."""
    told = [each.packet for each in messages(recording.at(OPERATOR, outgoing=False))]
    return with_bytes(recording, told, lambda data: data.replace(b"<sip:192.0.2.", b"<sip:127.0.0."))


@check("DUAL-03", ClearwaterImage(), role="management", cloud="clearwater", needs=("dhcpv6",))
def test_clearwater_image_uses_ipv6(recording: Recording, notebook: Notebook) -> None:
    """An image that has an IPv6 address alone configures itself for it, and its services answer there (Clearwater).

    By UDP and TCP, with the literal in brackets; it does not wait for IPv4.
    """
    held = addresses(kernel_at(recording, notebook))
    notebook.stimulus([held] if set(held) == {6} else [], "the image has another family than IPv6")
    for each in answered_calls(recording, notebook):
        contact = each.fields.get("contact", "")
        notebook.expect(f"sip:[{held[6]}]:{SIP_PORT}" in contact, f"the image's Contact is {contact}", each.packet)
    expect_sockets(recording, notebook, str(held[6]))
    ready = address_ready("guest", address=IPv6Address(held[6]))
    has = next(event for event in recording.kernel("guest") if ready(event))
    begins = recording.marked(Serves)[0]
    notebook.figure("from the address to the services", begins.time - has.time, "s")
    notebook.finding = f"with {held[6]} alone, the image answered on it by UDP and TCP"


@played(test_clearwater_image_uses_ipv6, because="did not answer operator's call")
def image_waits_for_ipv4() -> Broken:
    return Broken(ClearwaterImage(habits=Habits(waits_for_ipv4=True)))


@edited(test_clearwater_image_uses_ipv6, because="did not answer operator's call")
def image_without_tcp(recording: Recording) -> Recording:
    """The services that use TCP did not bind to IPv6."""
    return without(recording, frames=[each.packet for each in messages(recording.at(OPERATOR, outgoing=False))
                                      if each.transport == "tcp"])


@check("DHCP6-43", ClearwaterImage(), role="dhcpv6-server", cloud="clearwater", needs=("dhcpv6",))
def test_clearwater_offer_of_ipv6_only(recording: Recording, notebook: Notebook) -> None:
    """A server can offer IPv6 addresses only: DHCPv6 is answered, DHCPv4 is not (Clearwater).

    The image then has an IPv6 address of the server's pool and no IPv4 address, and is reached on it.
    """
    frames = list(recording.at("guest", "eth0"))
    solicits = notebook.stimulus(dhcpv6.messages(frames, "Solicit"), "the image asked for no IPv6 address")
    leased = grants(recording)
    notebook.expect(leased, "the server leased no IPv6 address", solicits[0], *(each.reply for each in leased[:1]))
    offers = bootp(recording, from_server=True)
    notebook.expect(not offers, f"the server answers DHCPv4 as well: {len(offers)} messages", *offers[:1])
    for address in {each.address for each in leased}:
        inside = plan.LAN_POOL[0] <= address <= plan.LAN_POOL[1]
        notebook.expect(inside, f"{address} is not of the pool", leased[0].reply)
    shot = kernel_at(recording, notebook)
    rows = [row["local"] for row in shot.tables["address"] if row["ifname"] == "eth0"
            and not ip_address(row["local"]).is_link_local]
    want = {str(each.address) for each in leased}
    notebook.expect(set(rows) == want, f"the image has {', '.join(rows)}, and was leased {', '.join(want)}", shot)
    for each in answered_calls(recording, notebook):
        notebook.expect(str(each.packet.source) in want, f"the call was answered by {each.packet.source}", each.packet)
    asked = len(bootp(recording, from_server=False))
    notebook.finding = f"{', '.join(want)} alone, and in use; {asked} DHCPv4 messages of the image went unanswered"


def bootp(recording: Recording, *, from_server: bool) -> list[UdpDatagram]:
    """The DHCPv4 messages that reached the image, or that it sent."""
    port = CLIENT4 if from_server else SERVER4
    return [each for each in udp_datagrams(recording.at("guest", "eth0", outgoing=not from_server), port)
            if each.destination_port == port and each.source.version == 4]


@edited(test_clearwater_offer_of_ipv6_only, because="the server answers DHCPv4 as well")
def server_offers_ipv4_too(recording: Recording) -> Recording:
    """A server with a range of each family."""
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether

    offer = Ether() / IP(src=str(plan.LAN4_ROUTER), dst="192.0.2.150") / UDP(sport=67, dport=68) / bytes(240)
    return with_frame(recording, offer, time=booted_at(recording), node="guest", interface="eth0")


@edited(test_clearwater_offer_of_ipv6_only, because="the server leased no IPv6 address")
def server_without_ipv6(recording: Recording) -> Recording:
    """Not all virtualization platforms can do it."""
    return without(recording, frames=dhcpv6.messages(recording.at("guest", outgoing=False), "Reply"))


def booted_at(recording: Recording) -> float:
    """Seconds when the image had its address."""
    return next(shot.time for shot in recording.snapshots if shot.name == "booted")


@check("DHCP6-44", ClearwaterImage(), role="guest", cloud="clearwater", needs=("dhcpv6", "dns-configuration"))
def test_clearwater_image_on_openstack(recording: Recording, notebook: Notebook) -> None:
    """With dnsmasq as on OpenStack, every client gets an address and a name server by DHCPv6, and uses both.

    The exchange is Solicit, Advertise, Request, Reply (RFC 8415 section 18.2), or Solicit and Reply with Rapid Commit.
    """
    frames = list(recording.at("guest", "eth0"))
    solicit = notebook.stimulus(dhcpv6.messages(frames, "Solicit"), "the client sent no Solicit")[0]
    leased = grants(recording)
    notebook.expect(leased, "the client got no lease", solicit)
    reply, address = leased[0].reply, leased[0].address
    asked = [each for each in dhcpv6.messages(frames, "Request", "Solicit")
             if each.transaction_id == reply.transaction_id]
    right = asked and (asked[-1].name == "Request" or reply.rapid_commit)
    notebook.expect(right, "the lease answers no Request", reply)
    notebook.cite(asked[-1])
    ready = [event for event in recording.kernel("guest") if address_ready("guest", address=address)(event)]
    notebook.expect(ready, f"{address} was leased, but not configured", reply, *ready[:1])
    queries = [each for each in dns.messages(frames, response=False) if each.asks("AAAA", NAME.name)]
    mine = [each for each in queries if each.source == address and each.destination == plan.LAN_ROUTER]
    notebook.expect(mine, f"the client never asked {plan.LAN_ROUTER}, which DHCPv6 had named, for {NAME.name}", reply)
    told = [each for each in dns.messages(frames, response=True) if each.asks("AAAA", NAME.name) and each.answers
            and each.identifier in {query.identifier for query in mine}]
    notebook.expect(told, f"the name server had no AAAA of {NAME.name}", mine[0], *told[:1])
    notebook.finding = f"{address}, and names from {plan.LAN_ROUTER}"


@edited(test_clearwater_image_on_openstack, because="was leased, but not configured")
def client_that_keeps_it_to_itself(recording: Recording) -> Recording:
    addresses = {str(each.address) for each in grants(recording)}
    return without(recording, events=lambda event: event.node == "guest" and event.fields.get("local") in addresses)


@edited(test_clearwater_image_on_openstack, because="the client never asked")
def client_that_ignores_the_name_server(recording: Recording) -> Recording:
    return without(recording, frames=dns.messages(recording.at("guest", outgoing=True)))


@check("DHCP6-44", LeaseRenewal(), role="guest", cloud="clearwater", needs=("dhcpv6", "short-leases"))
def test_clearwater_image_keeps_its_lease(recording: Recording, notebook: Notebook) -> None:
    """Every client renews its lease with the server that gave it, and keeps its address (RFC 8415 section 18.2.4)."""
    leased = notebook.stimulus(grants(recording), "the client got no lease")
    renews = notebook.stimulus(dhcpv6.messages(recording.at("guest", "eth0", outgoing=True), "Renew"),
                               "the client's lease was not up for renewal")
    first = leased[0]
    later = [each for each in leased if each.reply.transaction_id in {one.transaction_id for one in renews}]
    notebook.expect(later, "the server's Reply to the Renew has no new lease", renews[0])
    same = (later[0].address, later[0].reply.server_duid) == (first.address, first.reply.server_duid)
    notebook.expect(same, f"{first.address} became {later[0].address}", first.reply, renews[0], later[0].reply)
    shot = recording.snapshot("renewed", "guest")
    shots = notebook.stimulus([] if shot is None else [shot], "the client's state was not recorded after its renewal")
    held = {row["local"] for row in shots[0].tables["address"]}
    notebook.expect(str(first.address) in held, f"the client removed {first.address}, which was renewed", shots[0])
    notebook.finding = f"{first.address} was renewed after {renews[0].time - first.time:.1f} s, and stayed"


@edited(test_clearwater_image_keeps_its_lease, because="has no new lease")
def server_that_lets_it_expire(recording: Recording) -> Recording:
    asked = {each.transaction_id for each in dhcpv6.messages(recording.at("guest", outgoing=True), "Renew")}
    replies = dhcpv6.messages(recording.at("guest", outgoing=False), "Reply")
    return without(recording, frames=[each for each in replies if each.transaction_id in asked])
