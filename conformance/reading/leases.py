"""A guest's DHCPv6 lease as a recording shows it: what was granted, what the guest asked, and what its kernel did."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from conformance.judging.verdict import Notebook
from conformance.reading.receivable import answer_objection, echo_replies, server_answers
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.recording.model import Frame, KernelEvent, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import Ia, LeasedAddress
from fixtures.recording.views.headers import headers
from fixtures.recording.views.ndp import neighbor_solicitations
from fixtures.recording.views.transport import Echo, echoes
from fixtures.stagecraft.watching import usable
from fixtures.timers import RETRANS_TIMER


@dataclass(frozen=True)
class Grant:
    """A Reply that leases an address to the guest; its times count from the moment it arrived."""

    reply: Message
    ia: Ia
    leased: LeasedAddress

    @property
    def time(self) -> float:
        """Seconds since the play started."""
        return self.reply.time

    @property
    def address(self) -> IPv6Address:
        """The leased address."""
        return self.leased.address


def grants(recording: Recording) -> list[Grant]:
    """Every lease and extension that reached the guest and that it need not discard, in order."""
    return [Grant(reply, ia, leased)
            for reply in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply")
            for ia in reply.ia_na for leased in ia.addresses if leased.valid]


def first_grant(recording: Recording, notebook: Notebook) -> Grant:
    """The lease that the guest booted with, cited; unjudgeable without one."""
    grant = notebook.stimulus(grants(recording), "the guest got no DHCPv6 lease")[0]
    notebook.cite(grant.reply)
    return grant


def client_messages(recording: Recording, *names: str, after: float = 0.0) -> list[Message]:
    """The DHCPv6 messages of these names that the guest sent after a moment, in order."""
    return [each for each in dhcpv6.messages(recording.at("guest", "eth0", outgoing=True), *names) if each.time > after]


def answer(recording: Recording, asked: Message) -> list[Grant]:
    """The grants that answer a message of the guest."""
    return [each for each in grants(recording)
            if each.reply.transaction_id == asked.transaction_id and each.time > asked.time]


def readable(notebook: Notebook, message: Message) -> None:
    """Unjudgeable where a message is malformed: what its other options would have said nobody knows."""
    notebook.cite(message)
    notebook.stimulus([] if message.malformed else [message], f"the {message.name} is malformed: {message.malformed}")


def extending_grant(recording: Recording, notebook: Notebook, asked: Message) -> Grant:
    """The first grant that answers a message; unjudgeable without one, and the text says what came instead."""
    told = [each for each in dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Reply")
            if each.transaction_id == asked.transaction_id and each.time > asked.time]
    heeded = [each for each in told if not answer_objection(each)]
    wrong = f"the server is at fault: its Reply to the {asked.name} has {answer_objection(told[0])}" if told else ""
    told = notebook.stimulus(heeded, wrong or f"no server answered the {asked.name}")
    notebook.cite(told[0])
    refused = [each.name for each in (told[0].status, *(ia.status for ia in told[0].ia_na)) if each and each.code]
    instead = ", ".join(refused) or ("only addresses without a lifetime" if told[0].addresses else "no address")
    return notebook.stimulus(answer(recording, asked), f"the Reply to the {asked.name} leases nothing: {instead}")[0]


def names_lease(asked: Message, grant: Grant, notebook: Notebook) -> None:
    """Expect a message to all servers that has the guest's identity and the leased address in its IA_NA."""
    to, name = asked.destination, asked.name
    notebook.expect(to == ALL_DHCP_AGENTS, f"the guest sent the {name} to {to}, not to ff02::1:2", asked)
    same = asked.client_duid == grant.reply.client_duid
    notebook.expect(same, f"the guest's {name} has the client DUID {_hex(asked.client_duid)}", asked)
    holds = any(ia.iaid == grant.ia.iaid and grant.address in [each.address for each in ia.addresses]
                for ia in asked.ia_na)
    notebook.expect(holds, f"the guest's {name} does not name {grant.address} in the IA_NA {grant.ia.iaid:#x}", asked)


def names_server(asked: Message, grant: Grant, notebook: Notebook) -> None:
    """Expect the Server Identifier of who granted the lease."""
    right = asked.server_duid == grant.reply.server_duid
    wanted = f"not {_hex(grant.reply.server_duid)}, who granted the lease"
    notebook.expect(right, f"the guest's {asked.name} names the server {_hex(asked.server_duid)}, {wanted}", asked)


def _hex(duid: bytes | None) -> str:
    return duid.hex(":") if duid is not None else "none"


def address_events(recording: Recording, address: IPv6Address, after: float = 0.0) -> list[KernelEvent]:
    """What the guest's kernel said about an address after a moment, in order."""
    return [event for event in recording.happened("guest", "address", local=str(address)) if event.time > after]


def signs_of_address(recording: Recording, address: IPv6Address, after: float = 0.0) -> list[KernelEvent | Frame]:
    """Signs that the guest has an address: its kernel says so; of a machine of its own, it probes for it or uses it."""
    if "guest" not in recording.opaque:
        return [*address_events(recording, address, after)]
    probes = [each.frame for each in neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
              if each.dad and each.target == address and each.time > after]
    return [*probes, *frames_from(recording, address, after)]


def stays_assigned(recording: Recording, grant: Grant, notebook: Notebook, until: float = float("inf")) -> None:
    """Expect that the leased address, once usable, is neither removed nor probed for anew."""
    events = address_events(recording, grant.address, grant.time)
    ready = notebook.stimulus([each for each in events if usable(each)], f"{grant.address} never became usable")[0]
    notebook.cite(ready)
    for event in events:
        if ready.ns < event.ns and event.time < until and not usable(event):
            how = "gone" if event.action == "del" else "tentative again"
            notebook.expect(False, f"the guest's {grant.address} was {how} at {event.time:.3f} s", event)


def frames_from(recording: Recording, address: IPv6Address, after: float) -> list[Frame]:
    """The frames that the guest sent from an address after a moment."""
    found = []
    for frame in recording.at("guest", "eth0", outgoing=True):
        header = headers(frame.data) if frame.time > after else None
        if header is not None and header.source == address:
            found.append(frame)
    return found


def flow(recording: Recording, address: IPv6Address) -> list[tuple[Echo, Echo | None]]:
    """The Echo Requests that reached the guest's address, each with its Reply, without those of the last second."""
    replies = {(each.identifier, each.sequence): each
               for each in echo_replies(recording.at("guest", "eth0", outgoing=True)) if each.source == address}
    return [(each, replies.get((each.identifier, each.sequence)))
            for each in echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
            if each.destination == address and each.time < recording.duration - RETRANS_TIMER]
