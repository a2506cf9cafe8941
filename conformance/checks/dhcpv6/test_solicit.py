"""Asking for a DHCPv6 lease: on which interfaces, as who, how soon, and for what."""

from __future__ import annotations

from typing import Any

from conformance.broken.lease_guests import ONE_NIC
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.granting import invitations, less
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import SOL_MAX_RT
from fixtures.protocols.ports import DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.many_nics import ManyNics, Restarting
from fixtures.scenarios.common.networks import Mode
from fixtures.stagecraft.marks import PowerOff, Ready
from fixtures.stagecraft.watching import link_local_ready
from fixtures.timers import EMULATION, RETRANS_TIMER, SOL_MAX_DELAY

STATEFUL, CALICO = GuestBoot(mode=Mode.STATEFUL), GuestBoot(mode=Mode.CALICO)

#: Seconds that a client may take to act, beside the random delay that RFC 8415 section 18.2.1 bounds. dhcpcd runs its
#: hooks between an RA and the Solicit, some fifty processes, which took 1.3 s where others kept the processors busy.
READINESS = 2.0
#: Seconds that count as no Elapsed Time: a client under load reads its clock some hundredths after it began.
INSTANT = 0.1


def first_boot(recording: Recording) -> float:
    """When the guest's first boot ended: its client restarted, or it was powered off, or it is the only one."""
    ends = [*(mark.time for mark in recording.marked(Restarting)), *(mark.time for mark in recording.marked(PowerOff))]
    return min(ends, default=float("inf"))


def interfaces(recording: Recording) -> list[str]:
    """The guest's interfaces."""
    return [end.name for end in recording.interfaces if end.node == "guest"]


def solicits(recording: Recording, interface: str) -> list[Message]:
    """The guest's Solicits of its first boot, on one interface."""
    until = first_boot(recording)
    return [message for message in dhcpv6.messages(recording.at("guest", interface, outgoing=True), "SOLICIT")
            if message.time < until]


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
        instant = EMULATION if "guest" in recording.opaque else INSTANT
        notebook.in_time(elapsed, instant, "the first Solicit says that time elapsed", sent[0])
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
    notebook.expect((message.destination, message.destination_port) == (ALL_DHCP_AGENTS, DHCPV6_SERVER_PORT),
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
    ready = usable_since(recording, interface)
    running = [mark for mark in recording.marked(Ready) if mark.what.role == "guest"]
    told = [ra for ra in invited if ra.time < first.time][-1:] or invited[:1]
    since = max([ra.time for ra in told] + ready + [mark.time for mark in running[:1]])
    delay = first.time - since
    notebook.figure(f"first Solicit on {interface}", max(delay, 0.0), "s")
    limit = SOL_MAX_DELAY + READINESS + recording.stall() + (EMULATION if "guest" in recording.opaque else 0.0)
    notebook.recommend(delay <= limit, f"the first Solicit on {interface} came {delay:.2f} s after all was ready",
                       *told, first)


def usable_since(recording: Recording, interface: str) -> list[float]:
    """When the link-local address was there: as the kernel says, or, of a machine, a RetransTimer after its probe."""
    if "guest" not in recording.opaque:
        events = [event for event in recording.kernel("guest") if link_local_ready("guest", interface)(event)]
        return [event.time for event in events[:1]]
    probes = ndp.neighbour_solicitations(recording.at("guest", interface, outgoing=True))
    return [probe.time + RETRANS_TIMER for probe in probes if probe.dad and probe.target.is_link_local][:1]


@played(test_solicits_on_every_interface, because="no Solicit on eth1")
def image_for_one_interface() -> Broken:
    """An image that configures eth0 only, as in the instructions for a guest with one NIC."""
    return Broken(ManyNics(), {"guest": ONE_NIC})


@edited(test_solicits_on_every_interface, because="has no IA_NA")
def solicit_without_association(recording: Recording) -> Recording:
    """It asks for information only."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), less("DHCP6OptIA_NA"))


@edited(test_solicits_on_every_interface, because="no Client Identifier")
def solicit_without_client(recording: Recording) -> Recording:
    """It does not say who it is."""
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), less("DHCP6OptClientId"))


@edited(test_solicits_on_every_interface, because="says that time elapsed")
def solicit_with_a_past(recording: Recording) -> Recording:
    """Its first Solicit says that it has been trying for five seconds."""

    def late(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime = 500

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "SOLICIT"), late)


@edited(test_solicits_on_every_interface, because="after all was ready")
def slow_starter(recording: Recording) -> Recording:
    """Five seconds of thinking."""
    first = dhcpv6.messages(recording.at("guest", outgoing=True), "SOLICIT")[0]
    later = [ra for ra in ndp.router_advertisements(recording.frames) if ra.time > first.time]
    quiet = editing.without(recording, frames=later)
    return editing.shifted(quiet, 5.0, frames=dhcpv6.messages(quiet.at("guest", outgoing=True), "SOLICIT")[:1])


@check("DHCP6-01", STATEFUL, ManyNics(), role="guest", needs=("dhcpv6",))
def test_asks_for_sol_max_rt(recording: Recording, notebook: Notebook) -> None:
    """Every Solicit has an Option Request option that asks for SOL_MAX_RT (RFC 8415 section 18.2.1, RFC 7083)."""
    for interface in interfaces(recording):
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
