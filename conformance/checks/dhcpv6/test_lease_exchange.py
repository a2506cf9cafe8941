"""Getting a DHCPv6 lease: the exchange of messages, and what is configured from it."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.lease_guests import FOR_EVER, SIXTY_FOUR
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.granting import formed_addresses, grants_of, invitations, inviting, last_exchange, less
from fixtures.recording import editing
from fixtures.recording.model import Frame, KernelEvent, Recording
from fixtures.recording.views import dhcpv6, ndp, transport
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import LeasedAddress
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.usage import first_uses
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.stagecraft.watching import address_ready
from topologies.stage import addressing as plan

STATEFUL, CALICO = GuestBoot(mode=Mode.STATEFUL), GuestBoot(mode=Mode.CALICO)

#: A lifetime without end (RFC 8415 section 7.7).
INFINITY = 0xFFFFFFFF
#: Seconds by which a configured lifetime may differ from the granted one.
ROUNDING = 2.0


def lan_addresses(recording: Recording) -> list[KernelEvent]:
    """The first event of each address of the LAN that the guest's kernel has in use."""
    found: dict[str, KernelEvent] = {}
    for event in recording.kernel("guest"):
        if address_ready("guest", within=plan.LAN, interface="eth0")(event):
            found.setdefault(event.fields["local"], event)
    return list(found.values())


def in_use(recording: Recording) -> dict[IPv6Address, KernelEvent | Frame]:
    """The addresses of the LAN that the guest has: as its kernel says, or, of a machine, as its own packets show."""
    if "guest" not in recording.opaque:
        return {IPv6Address(event.fields["local"]): event for event in lan_addresses(recording)}
    uses = first_uses(recording.at("guest", "eth0", outgoing=True))
    return {address: frame for address, frame in uses.items() if address in plan.LAN}


@check("DHCP6-04", STATEFUL, CALICO, role="guest", needs=("dhcpv6",))
def test_four_messages_then_the_address(recording: Recording, notebook: Notebook) -> None:
    """Solicit, Advertise, Request, Reply: the Request names the server and the IA that was offered an address.

    What the Reply then leases, and nothing else, is configured, with its lifetimes (RFC 8415 sections 18.2.2, 18.2.10).
    Where both sides want Rapid Commit, Solicit and Reply are all (section 5.1). Of a machine, what it sends from is
    what it has configured.
    """
    for request in dhcpv6.messages(recording.at("guest", "eth0", outgoing=True), "Request"):
        notebook.expect(request.server_duid, "the guest's Request has no Server Identifier", request)
    leases, addresses = list(grants_of(recording)), in_use(recording)
    own = formed_addresses(recording, addresses)
    addresses = {address: sign for address, sign in addresses.items() if address not in own}
    notebook.stimulus([*leases, *addresses], "no server leased anything, and nothing was configured")
    for address, sign in addresses.items():
        mine = [(reply, leased) for _, reply, leased in leases
                if leased.address == address and reply.time < sign.time]
        notebook.expect(mine, f"the guest configured {address}, though no Reply leased it to the guest's IA",
                        *(() if mine else last_exchange(recording, sign.time)), sign)
        if isinstance(sign, KernelEvent):
            same_lifetimes(notebook, sign, *mine[-1])
            if not own:
                speaks_from(recording, notebook, address)
    for request, reply, leased in leases:
        if request.name == "Request":
            was_offered(recording, notebook, request)
        notebook.expect(reply.server_duid, "the guest accepted a lease without a Server Identifier", request, reply)
        if "guest" in recording.opaque and inviting(recording):
            notebook.stimulus({leased.address} & set(addresses),
                              f"{leased.address} was leased, and a VM whose kernel is not seen did not show it")
        notebook.expect(leased.address in addresses,
                        f"the guest was leased {leased.address}, but not configured with it", request, reply)
    steps = "solicited and leased at once" if leases[0][0].rapid_commit else "offered, requested and leased"
    notebook.finding = f"{leases[0][2].address} was {steps}, and configured"


def was_offered(recording: Recording, notebook: Notebook, request: Message) -> None:
    """The Request follows an Advertise, and that a Solicit, with the same client and IA."""
    frames = list(recording.at("guest", "eth0"))
    offers = [offer for offer in dhcpv6.messages(frames, "Advertise")
              if offer.time < request.time and offer.client_duid == request.client_duid and offer.addresses]
    notebook.expect(offers, "the guest sent a Request, though nobody had offered an address", request)
    named = [offer for offer in offers if offer.server_duid == request.server_duid]
    notebook.expect(named, "the guest's Request names a server that had offered nothing", request, *offers)
    iaids = {ia.iaid for ia in request.ia_na}
    fitting = [offer for offer in named if iaids and iaids <= {ia.iaid for ia in offer.ia_na}]
    notebook.expect(fitting, "the guest's Request is for an IA that was offered nothing", request, *named)
    notebook.recommend(set(request.addresses) & set(fitting[-1].addresses),
                       "the guest's Request does not ask for the offered address", request, fitting[-1])
    asked = [solicit for solicit in dhcpv6.messages(frames, "Solicit")
             if solicit.transaction_id == fitting[-1].transaction_id and solicit.client_duid == request.client_duid]
    notebook.expect(asked,
                    "the guest's Request follows an Advertise that answers none of its Solicits", request, *fitting)
    notebook.cite(*asked[:1])


def same_lifetimes(notebook: Notebook, event: KernelEvent, reply: Message, leased: LeasedAddress) -> None:
    """The kernel counts down from what the Reply granted, unless that is infinity (section 7.7)."""
    for name, given in (("preferred", leased.preferred), ("valid", leased.valid)):
        passed = event.time - reply.time if given < INFINITY else 0.0
        left = event.fields[f"{name}_life_time"]
        notebook.expect(abs(left + passed - given) <= ROUNDING,
                        f"the guest gave {leased.address} {left} s {name} lifetime {passed:.1f} s after a lease of "
                        f"{given} s",
                        event, reply)


def speaks_from(recording: Recording, notebook: Notebook, address: IPv6Address) -> None:
    """The wire shows the address in use: the guest's Echo Requests come from it."""
    pings = [echo for echo in transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
             if echo.source == address]
    notebook.expect(pings, f"the guest sends nothing from {address}")
    notebook.cite(pings[0])


@healthy(test_four_messages_then_the_address)
def without_rapid_commit() -> Broken:
    """A server that does not know Rapid Commit, so that all four messages are there to be edited."""
    return Broken(STATEFUL, {"router": "radvd", "dhcpv6-server": "kea", "guest": "dhcpcd"})


@played(test_four_messages_then_the_address, because="lifetime")
def guest_that_forgets_the_lifetimes() -> Broken:
    """Its script configures the address for ever."""
    return Broken(STATEFUL, {"guest": FOR_EVER})


@edited(test_four_messages_then_the_address, because="though no Reply leased it")
def reply_for_another_association(recording: Recording) -> Recording:
    """The server answers for an IAID that the guest does not have, and the guest configures that address."""

    def other(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].iaid ^= 1

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Reply"), other)


@edited(test_four_messages_then_the_address, because="though no Reply leased it")
def reply_without_address(recording: Recording) -> Recording:
    """The server leases nothing, and the guest configures what it was offered."""

    def nothing(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Reply"), nothing)


@edited(test_four_messages_then_the_address, because="though no Reply leased it")
def guest_that_configures_the_offer(recording: Recording) -> Recording:
    """It never requests what it was offered."""
    return editing.without(recording, frames=dhcpv6.messages(recording.frames, "Request", "Reply"))


@edited(test_four_messages_then_the_address, because="no Server Identifier")
def request_to_nobody(recording: Recording) -> Recording:
    """The Request does not say which server it takes."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Request"), less("DHCP6OptServerId"))


@edited(test_four_messages_then_the_address, because="no Server Identifier")
def request_that_no_server_answers(recording: Recording) -> Recording:
    """As before, and servers do what they must: they discard it, so nothing is leased."""
    silent = editing.without(recording, frames=dhcpv6.messages(recording.frames, "Reply"),
                             events=lan_addresses(recording))
    return request_to_nobody(silent)


@edited(test_four_messages_then_the_address, because="but not configured")
def guest_that_does_not_configure(recording: Recording) -> Recording:
    """The lease is granted, and the kernel never hears of it."""
    return editing.without(recording, events=lan_addresses(recording))


@edited(test_four_messages_then_the_address, because="but not configured")
def machine_that_does_not_configure(recording: Recording) -> Recording:
    """A machine of which only the wire is seen, and which sends nothing from what it was leased."""
    silent = [frame for frame in recording.at("guest", "eth0", outgoing=True)
              if any(address in plan.LAN for address in first_uses([frame]))]
    return editing.unseen(editing.without(recording, frames=silent), "guest")


@check("DHCP6-05", CALICO, role="guest", needs=("dhcpv6",))
def test_lease_makes_nothing_on_link(recording: Recording, notebook: Notebook) -> None:
    """A leased address says nothing about its neighbors (RFC 5942 section 4, RFC 8415 section 18.2.10.1).

    With no on-link prefix advertised, a packet to another address of the same /64 goes to the router, nobody solicits
    that address, and no route to the prefix exists.
    """
    for ra in invitations(recording, notebook, "eth0"):
        for prefix in ra.prefixes:
            notebook.stimulus([] if prefix.on_link else [ra], f"the RA says that {prefix.network} is on-link")
    leases = notebook.stimulus(grants_of(recording), "no server leased anything")
    notebook.cite(leases[0][1])
    sent = list(recording.at("guest", "eth0", outgoing=True))
    searches = [each for each in ndp.neighbor_solicitations(sent) if each.target == plan.LAN_ABSENT]
    packets = [each for each in transport.echoes(sent) if each.destination == plan.LAN_ABSENT]
    notebook.stimulus([*searches, *packets], f"the guest tried nothing to reach {plan.LAN_ABSENT}")
    notebook.expect(not searches, f"the guest solicits {plan.LAN_ABSENT} on a link that no RA puts it on", *searches)
    router = recording.mac("router", "lan0")
    for packet in packets:
        notebook.expect(packet.mac_destination == router,
                        f"the guest sent the packet to {packet.mac_destination}, not to the router {router}", packet)
    routes = () if "guest" in recording.opaque else recording.happened("guest", "route", "new", dst=str(plan.LAN))
    invented = [event for event in routes if event.fields.get("dev") == "eth0" and not event.fields.get("gateway")]
    notebook.expect(not invented, f"the guest has a route to {plan.LAN} on its link, where no RA put it", *invented)
    notebook.finding = "packets for the same /64 go to the router"


@played(test_lease_makes_nothing_on_link, because="the guest solicits")
def client_that_assumes_a_prefix() -> Broken:
    """The historical default of ISC's client: a /64 for its lease."""
    return Broken(CALICO, {"guest": SIXTY_FOUR})


@edited(test_lease_makes_nothing_on_link, because="not to the router")
def packet_to_somebody_else(recording: Recording) -> Recording:
    """The neighbor's MAC address instead of the router's."""
    packets = [each for each in transport.echoes(recording.at("guest", outgoing=True))
               if each.destination == plan.LAN_ABSENT]

    def astray(packet: Any) -> None:
        packet.dst = recording.mac("peer", "eth0")

    return editing.rewritten(recording, packets, astray)
