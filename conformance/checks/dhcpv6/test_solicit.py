"""Asking for a DHCPv6 lease: on which interfaces, as who, how soon, and for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.broken.lease_guests import ONE_NIC
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.granting import invitations, less
from conformance.reading.leases import readable
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
    return [message for message in dhcpv6.messages(recording.at("guest", interface, outgoing=True), "Solicit")
            if message.time < until]


SOLICITING = (STATEFUL, CALICO, ManyNics())

#: By part: what each Solicit has to be (RFC 8415 sections 7, 13.1 and 18.2.1), and what is said where it is not.
FORM: dict[str, tuple[Callable[[Message], object], Callable[[Message], str]]] = {
    "form": (lambda each: each.malformed is None and each.server_duid is None,
             lambda each: f"is malformed: {each.malformed}" if each.malformed else "has a Server Identifier"),
    "destination": (lambda each: (each.destination, each.destination_port) == (ALL_DHCP_AGENTS, DHCPV6_SERVER_PORT),
                    lambda each: f"goes to {each.destination} port {each.destination_port}"),
    "source": (lambda each: each.source.is_link_local, lambda each: f"comes from {each.source}"),
    "client-id": (lambda each: each.client_duid, lambda each: "has no Client Identifier"),
    "ia-na": (lambda each: each.ia_na, lambda each: "has no IA_NA"),
}
#: The parts that are about options.
INSIDE = ("client-id", "ia-na")


@check("DHCP6-01.every-interface", *SOLICITING, role="guest", needs=("dhcpv6",))
def test_solicits_on_every_interface(recording: Recording, notebook: Notebook) -> None:
    """On every interface with M=1 the client sends a Solicit (RFC 8415 section 18.2.1)."""
    for interface in interfaces(recording):
        heard = invitations(recording, notebook, interface)
        sent = solicits(recording, interface)
        notebook.expect(sent, f"the guest sent no Solicit on {interface}, whose RA has M=1", heard[0], *sent[:1])
    notebook.finding = f"a Solicit on each of {', '.join(interfaces(recording))}"


def series(recording: Recording, notebook: Notebook) -> dict[str, list[Message]]:
    """The Solicits of each interface on which there was one; unjudgeable without any."""
    found = {interface: solicits(recording, interface) for interface in interfaces(recording)}
    return dict(notebook.stimulus([entry for entry in found.items() if entry[1]], "the client sent no Solicit"))


@check("DHCP6-01", *SOLICITING, role="guest", parts=FORM, needs=("dhcpv6",))
def test_solicits_are_as_they_should_be(recording: Recording, notebook: Notebook, part: str) -> None:
    """Each Solicit goes to ff02::1:2 port 547 from a link-local address, names the client, its IA_NA, and no server."""
    holds, otherwise = FORM[part]
    for sent in series(recording, notebook).values():
        for message in sent:
            if part in INSIDE:
                readable(notebook, message)
            notebook.expect(holds(message), f"the guest's Solicit {otherwise(message)}", message)


@check("DHCP6-01.elapsed-time", *SOLICITING, role="guest", needs=("dhcpv6",))
def test_first_solicit_has_waited_for_nothing(recording: Recording, notebook: Notebook) -> None:
    """Each Solicit has an Elapsed Time, and that of the first is 0 (RFC 8415 section 21.9)."""
    instant = EMULATION if "guest" in recording.opaque else INSTANT
    for sent in series(recording, notebook).values():
        for message in sent:
            readable(notebook, message)
            notebook.expect(message.elapsed_time is not None, "the guest's Solicit has no Elapsed Time", message)
        elapsed = (sent[0].elapsed_time or 0) / 100
        notebook.in_time(elapsed, instant, "the guest's first Solicit says that time elapsed", sent[0])


@check("DHCP6-01.one-transaction", *SOLICITING, role="guest", needs=("dhcpv6",))
def test_solicits_are_one_transaction(recording: Recording, notebook: Notebook) -> None:
    """Until somebody answers, all Solicits of an interface are retransmissions (RFC 8415 section 15)."""
    for interface, sent in series(recording, notebook).items():
        offers = dhcpv6.messages(recording.at("guest", interface, outgoing=False), "Advertise", "Reply")
        unanswered = [message for message in sent if not offers or message.time < offers[0].time]
        notebook.cite(*unanswered)
        found = {message.transaction_id for message in unanswered}
        notebook.expect(len(found) < 2,
                        f"the guest sent {len(found)} series of Solicits on {interface} before any answer")


@check("DHCP6-01.iaids-differ", ManyNics(), role="guest", needs=("dhcpv6",))
def test_each_interface_has_its_iaid(recording: Recording, notebook: Notebook) -> None:
    """The IA_NAs of a client's interfaces have different IAIDs (RFC 8415 section 12)."""
    first = {interface: sent[0] for interface, sent in series(recording, notebook).items() if sent[0].ia_na}
    identities = {interface: each.ia_na[0].iaid for interface, each in first.items()}
    notebook.expect(len(set(identities.values())) == len(identities),
                    f"the guest's interfaces share an IAID: {identities}",
                    *first.values())
    notebook.finding = f"an IAID of its own on each of {', '.join(identities)}"


@check("DHCP6-01.one-duid", ManyNics(), role="guest", needs=("dhcpv6",))
def test_interfaces_share_one_duid(recording: Recording, notebook: Notebook) -> None:
    """A client has exactly one DUID, on all interfaces (RFC 8415 section 11)."""
    first = [sent[0] for sent in series(recording, notebook).values()]
    duids = {each.client_duid for each in first}
    notebook.expect(len(duids) == 1, f"the guest has {len(duids)} DUIDs: {', '.join(d.hex(':') for d in duids if d)}",
                    *first)


@check("DHCP6-01.in-time", *SOLICITING, role="guest", needs=("dhcpv6",))
def test_solicits_in_good_time(recording: Recording, notebook: Notebook) -> None:
    """The first Solicit should come at most SOL_MAX_DELAY after the client may ask (RFC 8415 section 18.2.1)."""
    for interface, sent in series(recording, notebook).items():
        in_good_time(recording, notebook, invitations(recording, notebook, interface), sent[0])


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
    notebook.expect(delay <= limit,
                    f"the guest's first Solicit on {interface} came {delay:.2f} s after all was ready; {limit:.2f} "
                    "s are the most",
                    *told, first)


def usable_since(recording: Recording, interface: str) -> list[float]:
    """When the link-local address was there: as the kernel says, or, of a machine, a RetransTimer after its probe."""
    if "guest" not in recording.opaque:
        events = [event for event in recording.kernel("guest") if link_local_ready("guest", interface)(event)]
        return [event.time for event in events[:1]]
    probes = ndp.neighbor_solicitations(recording.at("guest", interface, outgoing=True))
    return [probe.time + RETRANS_TIMER for probe in probes if probe.dad and probe.target.is_link_local][:1]


@played(test_solicits_on_every_interface, because="no Solicit on eth1")
def image_for_one_interface() -> Broken:
    """An image that configures eth0 only, as in the instructions for a guest with one NIC."""
    return Broken(ManyNics(), {"guest": ONE_NIC})


def naming_a_server(packet: Any) -> None:
    dhcp6 = layer("dhcp6")
    solicit = packet[dhcp6.DHCP6_Solicit]
    solicit.payload = dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr="02:00:00:00:00:01")) / solicit.payload


#: By part: what spoils a Solicit, and what is said then.
SPOILT: dict[str, tuple[Callable[[Any], None], str]] = {
    "form": (naming_a_server, "has a Server Identifier"),
    "destination": (lambda packet: setattr(packet.payload, "dst", "ff05::1:3"), "goes to ff05::1:3"),
    "source": (lambda packet: setattr(packet.payload, "src", "2001:db8:1::5"), "comes from 2001:db8:1::5"),
    "client-id": (less("DHCP6OptClientId"), "no Client Identifier"),
    "ia-na": (less("DHCP6OptIA_NA"), "has no IA_NA"),
}


@edited(test_solicits_are_as_they_should_be, because={part: why for part, (_, why) in SPOILT.items()})
def solicit_that_is_wrong_in_one_way(recording: Recording, part: str) -> Recording:
    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Solicit"), SPOILT[part][0])


@edited(test_solicits_are_one_transaction, because="2 series of Solicits")
def client_that_starts_over(recording: Recording) -> Recording:
    """One more Solicit, of another transaction, before any answer."""
    first = dhcpv6.messages(recording.at("guest", outgoing=True), "Solicit")[0]

    def another(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6_Solicit].trid ^= 1

    changed = editing.rewritten(recording, first, another)
    frame = next(frame for frame in changed.frames if frame.number == first.frame.number)
    return editing.with_frame(recording, frame.data, time=first.time + 1e-6, node="guest",
                              interface=str(frame.interface), outgoing=True)


@edited(test_each_interface_has_its_iaid, because="interfaces share an IAID")
def client_with_one_iaid(recording: Recording) -> Recording:
    def same(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].iaid = 1

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Solicit"), same)


@edited(test_interfaces_share_one_duid, because="the guest has 2 DUIDs")
def client_with_a_duid_for_an_interface(recording: Recording) -> Recording:
    def another(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptClientId].duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:0f")

    return editing.rewritten(recording, solicits(recording, interfaces(recording)[-1]), another)


@edited(test_first_solicit_has_waited_for_nothing, because="says that time elapsed")
def solicit_with_a_past(recording: Recording) -> Recording:
    """Its first Solicit says that it has been trying for five seconds."""

    def late(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime = 500

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Solicit"), late)


@edited(test_solicits_in_good_time, because="after all was ready")
def slow_starter(recording: Recording) -> Recording:
    """Five seconds of thinking."""
    first = dhcpv6.messages(recording.at("guest", outgoing=True), "Solicit")[0]
    later = [ra for ra in ndp.router_advertisements(recording.frames) if ra.time > first.time]
    quiet = editing.without(recording, frames=later)
    return editing.shifted(quiet, 5.0, frames=dhcpv6.messages(quiet.at("guest", outgoing=True), "Solicit")[:1])


@check("DHCP6-01.oro", STATEFUL, ManyNics(), role="guest", needs=("dhcpv6",))
def test_asks_for_sol_max_rt(recording: Recording, notebook: Notebook) -> None:
    """Every Solicit has an Option Request option that asks for SOL_MAX_RT (RFC 8415 section 18.2.1, RFC 7083)."""
    for interface in interfaces(recording):
        for message in notebook.stimulus(solicits(recording, interface), f"no Solicit on {interface}"):
            readable(notebook, message)
            asked = ", ".join(map(str, message.option_request)) or "nothing"
            notebook.expect(SOL_MAX_RT in message.option_request,
                            f"the guest's Solicit asks for the options {asked}, not for 82",
                            message)
    notebook.finding = "every Solicit asks for option 82"


@edited(test_asks_for_sol_max_rt, because="not for 82")
def solicit_that_does_not_ask(recording: Recording) -> Recording:
    """As clients did before RFC 7083."""

    def forget(packet: Any) -> None:
        asked = packet[layer("dhcp6").DHCP6OptOptReq]
        asked.reqopts = [code for code in asked.reqopts if code != SOL_MAX_RT]

    return editing.rewritten(recording, dhcpv6.messages(recording.frames, "Solicit"), forget)
