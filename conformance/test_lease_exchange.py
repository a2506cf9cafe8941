"""Getting a DHCPv6 lease: who asks, on which interfaces, how, and what is configured from the answer."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.lease_guests import FOR_EVER, ONE_NIC, SIXTY_FOUR
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import dhcpv6, ndp, transport
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import SOL_MAX_RT, LeasedAddress
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.boot import GuestBoot
from fixtures.scenarios.many_nics import ManyNics
from fixtures.scenarios.networks import Mode
from fixtures.scenarios.watching import address_ready, link_local_ready
from fixtures.timers import SOL_MAX_DELAY
from topologies import addressing as plan

STATEFUL, CALICO = GuestBoot(mode=Mode.STATEFUL), GuestBoot(mode=Mode.CALICO)
ALL_SERVERS = IPv6Address("ff02::1:2")

#: Seconds that a client may take to act, beside the random delay that RFC 8415 section 18.2.1 bounds.
READINESS = 1.0
#: Seconds that count as no Elapsed Time: a client under load reads its clock some hundredths after it began.
INSTANT = 0.1
#: Seconds by which a configured lifetime may differ from the granted one.
ROUNDING = 2.0


def first_boot(recording: Recording) -> float:
    """When the guest's first boot ended: its client restarted, or it was powered off, or it is the only one."""
    ends = [mark.time for name in ("restarting", "power-off") for mark in recording.marked(name)]
    return min(ends, default=float("inf"))


def interfaces(recording: Recording) -> list[str]:
    """The guest's interfaces."""
    return [end.name for end in recording.interfaces if end.node == "guest"]


def solicits(recording: Recording, interface: str) -> list[Message]:
    """The guest's Solicits of its first boot, on one interface."""
    until = first_boot(recording)
    return [message for message in dhcpv6.messages(recording.at("guest", interface, outgoing=True), "SOLICIT")
            if message.time < until]


def invitations(recording: Recording, notebook: Notebook, interface: str) -> list[ndp.RouterAdvertisement]:
    """The RAs with M=1 that reached an interface of the guest, and at least one of them."""
    heard = ndp.router_advertisements(recording.at("guest", interface, outgoing=False))
    return notebook.stimulus([ra for ra in heard if ra.managed], f"no RA with M=1 reached {interface}")


@check("DHCP6-01", STATEFUL, CALICO, ManyNics(), role="guest", needs=("dhcpv6",))
def test_solicits_on_every_interface(recording: Recording, notebook: Notebook) -> None:
    """On every interface with M=1 the client sends Solicits to ff02::1:2 from a link-local address (RFC 8415 18.2.1).

    Each names the client and its IA_NA, starts with Elapsed Time 0, and is one transaction until a server answers.
    The first should come at most SOL_MAX_DELAY after the client may ask.
    """
    identities: dict[str, int] = {}
    duids = set()
    for interface in interfaces(recording):
        heard = invitations(recording, notebook, interface)
        sent = solicits(recording, interface)
        notebook.expect(sent, f"no Solicit on {interface}, whose RA has M=1", heard[0])
        for message in sent:
            well_formed(notebook, message)
        elapsed = (sent[0].elapsed_time or 0) / 100
        notebook.in_time(elapsed, INSTANT, "the first Solicit says that time elapsed", sent[0])
        one_transaction(recording, notebook, sent)
        identities[interface] = sent[0].ia_na[0].iaid
        duids.add(sent[0].client_duid)
        in_good_time(recording, notebook, heard, sent[0])
    notebook.expect(len(set(identities.values())) == len(identities), f"interfaces share an IAID: {identities}")
    notebook.expect(len(duids) == 1, f"the client has {len(duids)} DUIDs: {', '.join(d.hex(':') for d in duids if d)}")
    notebook.finding = f"a Solicit on each of {', '.join(identities)}, each with an IAID of its own, and one DUID"


def well_formed(notebook: Notebook, message: Message) -> None:
    """A Solicit as RFC 8415 sections 7, 13.1 and 18.2.1 want it, but for the ORO."""
    notebook.expect(message.malformed is None, f"the Solicit is malformed: {message.malformed}", message)
    notebook.expect((message.destination, message.destination_port) == (ALL_SERVERS, dhcpv6.SERVER_PORT),
                    f"the Solicit goes to {message.destination} port {message.destination_port}", message)
    notebook.expect(message.source.is_link_local, f"the Solicit comes from {message.source}", message)
    notebook.expect(message.client_duid, "the Solicit has no Client Identifier", message)
    notebook.expect(message.ia_na, "the Solicit has no IA_NA", message)
    notebook.expect(message.elapsed_time is not None, "the Solicit has no Elapsed Time", message)
    notebook.expect(message.server_duid is None, "the Solicit has a Server Identifier", message)


def one_transaction(recording: Recording, notebook: Notebook, sent: list[Message]) -> None:
    """Until somebody answers, all Solicits of an interface are retransmissions (RFC 8415 section 15)."""
    interface = sent[0].frame.interface
    offers = dhcpv6.messages(recording.at("guest", interface, outgoing=False), "ADVERTISE", "REPLY")
    unanswered = [message for message in sent if not offers or message.time < offers[0].time]
    series = {message.transaction_id for message in unanswered}
    notebook.expect(len(series) < 2, f"{len(series)} series of Solicits on {interface} before any answer", *unanswered)


def in_good_time(recording: Recording, notebook: Notebook, invited: list[ndp.RouterAdvertisement],
                 first: Message) -> None:
    """The first Solicit waits for an RA, for a usable link-local address and for the client itself, then hurries.

    Which RA it was that started the client, the wire does not tell: the last one before the Solicit at the latest.
    """
    interface = first.frame.interface
    ready = [event for event in recording.events if link_local_ready("guest", interface)(event)]
    running = [mark for mark in recording.marked("ready") if mark.fields.get("role") == "guest"]
    told = [ra for ra in invited if ra.time < first.time][-1:] or invited[:1]
    since = max([ra.time for ra in told] + [event.time for event in ready[:1]] + [mark.time for mark in running[:1]])
    delay = first.time - since
    notebook.figure(f"first Solicit on {interface}", max(delay, 0.0), "s")
    limit = SOL_MAX_DELAY + READINESS + recording.stall()
    notebook.recommend(delay <= limit, f"the first Solicit on {interface} came {delay:.2f} s after all was ready",
                       *told, first)


@played(test_solicits_on_every_interface, because="no Solicit on eth1")
def image_for_one_interface() -> Broken:
    """An image that configures eth0 only, as in the instructions for a guest with one NIC."""
    return Broken(ManyNics(), {"guest": ONE_NIC})


@edited(test_solicits_on_every_interface, because="has no IA_NA")
def solicit_without_association(recording: Recording) -> Recording:
    """It asks for information only."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), _drop("DHCP6OptIA_NA"))


@edited(test_solicits_on_every_interface, because="no Client Identifier")
def solicit_without_client(recording: Recording) -> Recording:
    """It does not say who it is."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), _drop("DHCP6OptClientId"))


@edited(test_solicits_on_every_interface, because="says that time elapsed")
def solicit_with_a_past(recording: Recording) -> Recording:
    """Its first Solicit says that it has been trying for five seconds."""

    def late(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime = 500

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), late)


@edited(test_solicits_on_every_interface, because="after all was ready")
def slow_starter(recording: Recording) -> Recording:
    """Three seconds of thinking."""
    first = dhcpv6.messages(recording.at("guest", outgoing=True), "SOLICIT")[0]
    later = [ra for ra in ndp.router_advertisements(recording.frames) if ra.time > first.time]
    quiet = editing.without(recording, frames=later)
    return editing.shifted(quiet, 3.0, frames=dhcpv6.messages(quiet.at("guest", outgoing=True), "SOLICIT")[:1])


@check("DHCP6-01", STATEFUL, ManyNics(), role="guest", needs=("dhcpv6",))
def test_asks_for_sol_max_rt(recording: Recording, notebook: Notebook) -> None:
    """Every Solicit has an Option Request option that asks for SOL_MAX_RT (RFC 8415 section 18.2.1, RFC 7083)."""
    for interface in interfaces(recording):
        invitations(recording, notebook, interface)
        for message in notebook.stimulus(solicits(recording, interface), f"no Solicit on {interface}"):
            asked = ", ".join(map(str, message.option_request)) or "nothing"
            notebook.expect(SOL_MAX_RT in message.option_request, f"the Solicit's ORO asks for {asked}, not for 82",
                            message)
    notebook.finding = "every Solicit asks for option 82"


@edited(test_asks_for_sol_max_rt, because="not for 82")
def solicit_that_does_not_ask(recording: Recording) -> Recording:
    """As clients did before RFC 7083."""

    def forget(packet: Any) -> None:
        asked = packet[layer("dhcp6").DHCP6OptOptReq]
        asked.reqopts = [code for code in asked.reqopts if code != SOL_MAX_RT]

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), forget)


def _drop(name: str) -> Any:
    """An edit of a packet that takes out one option of a DHCPv6 message."""

    def drop(packet: Any) -> None:
        part = packet
        while part.payload.name != getattr(layer("dhcp6"), name)().name:
            part = part.payload
        rest = part.payload.payload
        part.remove_payload()
        part.add_payload(rest)

    return drop


def leases(recording: Recording) -> Iterator[tuple[Message, Message, LeasedAddress]]:
    """Each Request, or Solicit with Rapid Commit, and the Reply that grants it an address.

    Client, transaction and IAID are the same, and to a Solicit only a Reply with Rapid Commit is an answer.
    """
    requests = dhcpv6.messages(recording.at("guest", "eth0", outgoing=True), "REQUEST", "SOLICIT")
    for reply in dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "REPLY"):
        for request in requests:
            if (reply.transaction_id, reply.client_duid) != (request.transaction_id, request.client_duid):
                continue
            if request.name == "SOLICIT" and not (request.rapid_commit and reply.rapid_commit):
                continue
            asked = {ia.iaid for ia in request.ia_na}
            yield from ((request, reply, leased) for ia in reply.ia_na if ia.iaid in asked
                        for leased in ia.addresses if leased.valid)
            break


def configured(recording: Recording) -> list[KernelEvent]:
    """The first event of each address of the LAN that the guest's kernel has in use."""
    found: dict[str, KernelEvent] = {}
    for event in recording.events:
        if address_ready("guest", within=plan.LAN, interface="eth0")(event):
            found.setdefault(event.fields["local"], event)
    return list(found.values())


@check("DHCP6-04", STATEFUL, CALICO, role="guest", needs=("dhcpv6",))
def test_four_messages_then_the_address(recording: Recording, notebook: Notebook) -> None:
    """Solicit, Advertise, Request, Reply: the Request names the server and the IA that was offered an address.

    What the Reply then leases, and nothing else, is configured, with its lifetimes (RFC 8415 sections 18.2.2, 18.2.10).
    Where both sides want Rapid Commit, Solicit and Reply are all (section 5.1).
    """
    granted = list(leases(recording))
    in_use = configured(recording)
    notebook.stimulus([*granted, *in_use], "no server leased anything, and nothing was configured")
    for event in in_use:
        address = IPv6Address(event.fields["local"])
        mine = [(reply, leased) for _, reply, leased in granted
                if leased.address == address and reply.time < event.time]
        notebook.expect(mine, f"{address} was configured, though no Reply leased it to the guest's IA", event)
        same_lifetimes(notebook, event, *mine[-1])
        speaks_from(recording, notebook, address)
    for request, reply, leased in granted:
        if request.name == "REQUEST":
            was_offered(recording, notebook, request)
        notebook.expect(reply.server_duid, "a lease without a Server Identifier was accepted", request, reply)
        notebook.expect(str(leased.address) in {event.fields["local"] for event in in_use},
                        f"{leased.address} was leased, but not configured", request, reply)
    steps = "solicited and leased at once" if granted[0][0].rapid_commit else "offered, requested and leased"
    notebook.finding = f"{granted[0][2].address} was {steps}, and configured"


def was_offered(recording: Recording, notebook: Notebook, request: Message) -> None:
    """The Request follows an Advertise, and that a Solicit, with the same client and IA."""
    frames = list(recording.at("guest", "eth0"))
    offers = [offer for offer in dhcpv6.messages(frames, "ADVERTISE")
              if offer.time < request.time and offer.client_duid == request.client_duid and offer.addresses]
    notebook.expect(offers, "a Request was sent, though nobody had offered an address", request)
    notebook.expect(request.server_duid, "the Request has no Server Identifier", request)
    named = [offer for offer in offers if offer.server_duid == request.server_duid]
    notebook.expect(named, "the Request names a server that had offered nothing", request, *offers)
    iaids = {ia.iaid for ia in request.ia_na}
    fitting = [offer for offer in named if iaids and iaids <= {ia.iaid for ia in offer.ia_na}]
    notebook.expect(fitting, "the Request is for an IA that was offered nothing", request, *named)
    notebook.recommend(set(request.addresses) & set(fitting[-1].addresses),
                       "the Request does not ask for the offered address", request, fitting[-1])
    asked = [solicit for solicit in dhcpv6.messages(frames, "SOLICIT")
             if solicit.transaction_id == fitting[-1].transaction_id and solicit.client_duid == request.client_duid]
    notebook.expect(asked, "the Request follows an Advertise that answers no Solicit of the guest", request, *fitting)
    notebook.cite(*asked[:1])


def same_lifetimes(notebook: Notebook, event: KernelEvent, reply: Message, leased: LeasedAddress) -> None:
    """The kernel counts down from what the Reply granted."""
    passed = event.time - reply.time
    for name, granted in (("preferred", leased.preferred), ("valid", leased.valid)):
        left = event.fields[f"{name}_life_time"]
        notebook.expect(abs(left + passed - granted) <= ROUNDING,
                        f"{leased.address} has {left} s {name} lifetime {passed:.1f} s after a lease of {granted} s",
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

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "REPLY"), other)


@edited(test_four_messages_then_the_address, because="though no Reply leased it")
def reply_without_address(recording: Recording) -> Recording:
    """The server leases nothing, and the guest configures what it was offered."""

    def nothing(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "REPLY"), nothing)


@edited(test_four_messages_then_the_address, because="though no Reply leased it")
def guest_that_configures_the_offer(recording: Recording) -> Recording:
    """It never requests what it was offered."""
    return editing.without(recording, frames=dhcpv6.messages(recording.frames, "REQUEST", "REPLY"))


@edited(test_four_messages_then_the_address, because="no Server Identifier")
def request_to_nobody(recording: Recording) -> Recording:
    """The Request does not say which server it takes."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "REQUEST"), _drop("DHCP6OptServerId"))


@edited(test_four_messages_then_the_address, because="but not configured")
def guest_that_does_not_configure(recording: Recording) -> Recording:
    """The lease is granted, and the kernel never hears of it."""
    return editing.without(recording, events=configured(recording))


@check("DHCP6-05", CALICO, role="guest", needs=("dhcpv6",))
def test_lease_makes_nothing_on_link(recording: Recording, notebook: Notebook) -> None:
    """A leased address says nothing about its neighbours (RFC 5942 section 4, RFC 8415 section 18.2.10.1).

    With no on-link prefix advertised, a packet to another address of the same /64 goes to the router, nobody solicits
    that address, and no route to the prefix exists.
    """
    for ra in invitations(recording, notebook, "eth0"):
        for prefix in ra.prefixes:
            notebook.stimulus([] if prefix.on_link else [ra], f"the RA says that {prefix.network} is on-link")
    granted = notebook.stimulus(leases(recording), "no server leased anything")
    notebook.cite(granted[0][1])
    sent = list(recording.at("guest", "eth0", outgoing=True))
    searches = [each for each in ndp.neighbour_solicitations(sent) if each.target == plan.LAN_ABSENT]
    packets = [each for each in transport.echoes(sent, reply=False) if each.destination == plan.LAN_ABSENT]
    notebook.stimulus([*searches, *packets], f"the guest tried nothing to reach {plan.LAN_ABSENT}")
    notebook.expect(not searches, f"the guest solicits {plan.LAN_ABSENT} on a link that no RA puts it on", *searches)
    router = recording.mac("router", "lan0")
    for packet in packets:
        notebook.expect(packet.mac_destination == router,
                        f"the packet goes to {packet.mac_destination}, not to the router {router}", packet)
    invented = [event for event in recording.happened("guest", "route", "new", dst=str(plan.LAN))
                if event.fields.get("dev") == "eth0" and not event.fields.get("gateway")]
    notebook.expect(not invented, f"the guest has {plan.LAN} on the link, where no RA put it", *invented)
    notebook.finding = "packets for the same /64 go to the router"


@played(test_lease_makes_nothing_on_link, because="the guest solicits")
def client_that_assumes_a_prefix() -> Broken:
    """The historical default of ISC's client: a /64 for its lease."""
    return Broken(CALICO, {"guest": SIXTY_FOUR})


@edited(test_lease_makes_nothing_on_link, because="not to the router")
def packet_to_somebody_else(recording: Recording) -> Recording:
    """The neighbour's MAC address instead of the router's."""
    packets = [each for each in transport.echoes(recording.at("guest", outgoing=True))
               if each.destination == plan.LAN_ABSENT]

    def astray(packet: Any) -> None:
        packet.dst = recording.mac("peer", "eth0")

    return editing.rewritten(recording, packets, astray)
