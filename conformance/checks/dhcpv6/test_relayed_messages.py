"""What a DHCPv6 relay passes on and back, kind by kind, and what it leaves alone."""

from __future__ import annotations

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.questions import Asked, asked_of, controls
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.base import udp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.scenarios.dhcpv6.exchanges import KINDS, row_of
from fixtures.scenarios.dhcpv6.relayed_messages import OF_SERVERS, RelayedMessages
from topologies.stage import addressing as plan

ASKED = RelayedMessages()
SERVER = "outside"
#: By part: the topic and the row of what is passed on.
PASSED = {
    **{f"of-a-client-{row_of(kind)}": ("client", row_of(kind)) for kind in KINDS},
    **{f"of-a-relay-{row_of(kind)}": ("other-relay", row_of(kind)) for kind in KINDS},
    **{row: ("client", row) for row in ("unknown-kind", "unknown-kind-in-a-reply", "reconfigure-in-a-reply")},
}
#: By part: the row of what is left alone.
ALONE = {**{f"bare-{row_of(kind)}": row_of(kind) for kind in OF_SERVERS}, "another-port": "another-port"}


def payload(frame: Frame) -> bytes:
    """The UDP payload of a frame."""
    return next(data for _, _, _, _, data, _ in udp([frame]))


def at_the_server(recording: Recording, asked: Asked) -> list[Message]:
    """What reached the server of a question's transaction."""
    inside = asked.mark.what.transaction.to_bytes(3, "big")
    return [each for each in dhcpv6.messages(recording.at(SERVER, "eth0", outgoing=False))
            if inside in payload(each.frame) and each.time >= asked.mark.time]


def told_by_the_server(recording: Recording, asked: Asked) -> list[Message]:
    """What the server sent of a question's transaction."""
    inside = asked.mark.what.transaction.to_bytes(3, "big")
    return [each for each in dhcpv6.messages(recording.at(SERVER, "eth0", outgoing=True))
            if inside in payload(each.frame)]


@check("DHCP6-49", ASKED, role="relay", parts=PASSED)
def test_passes_messages_on_and_back(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message reaches the server whole, in a Relay-forward, and what is in the Relay-reply comes back as it was.

    A client's has the hop count 0 and the client's address, another relay's one more hop and that relay's address; the
    answer goes to the client's port 546, or to the relay's port 547 (RFC 9915 sections 19.1 and 19.2, RFC 7283).
    """
    topic, row = PASSED[part]
    asked = asked_of(recording, notebook, topic, row)
    came = at_the_server(recording, asked)
    notebook.expect(came, "the relay did not pass it on", asked.frame)
    original = payload(asked.frame)
    outer = came[0].relays[0] if came[0].relays else None
    notebook.expect(outer is not None and original in payload(came[0].frame),
                    "the relay passed it on changed, or in no Relay-forward", asked.frame, came[0])
    assert outer is not None
    hops = original[1] + 1 if topic == "other-relay" else 0
    notebook.expect(outer.hop_count == hops, f"its Relay-forward has the hop count {outer.hop_count}, not {hops}",
                    asked.frame, came[0])
    notebook.expect(outer.peer_address == asked.question.source, f"its Relay-forward has the peer-address "
                    f"{outer.peer_address}, not {asked.question.source}", asked.frame, came[0])
    named = outer.link_address in plan.LAN or (outer.interface_id is not None and int(outer.link_address) == 0)
    notebook.expect(named, f"its Relay-forward has the link-address {outer.link_address}, which is of another link",
                    asked.frame, came[0])
    told = notebook.stimulus(told_by_the_server(recording, asked), "the server did not answer")[0]
    notebook.expect(asked.answers, "the relay did not pass the answer back", told)
    back = asked.answers[0]
    same = payload(back.frame) in payload(told.frame)
    notebook.expect(same, "the relay passed the answer back changed", told, back)
    port = DHCPV6_SERVER_PORT if topic == "other-relay" else DHCPV6_CLIENT_PORT
    notebook.expect(back.destination_port == port, f"the relay sent the answer to port {back.destination_port}, not "
                    f"{port}", told, back)


@healthy(test_passes_messages_on_and_back, parts=["unknown-kind", "unknown-kind-in-a-reply"])
def dnsmasq_that_knows_no_kinds() -> Broken:
    """dhcrelay drops what it does not know."""
    return Broken(ASKED, {"relay": "dnsmasq"})


@edited(test_passes_messages_on_and_back, because="the relay did not pass it on")
def relay_that_drops_it(recording: Recording, part: str) -> Recording:
    asked = asked_of(recording, Notebook(recording), *PASSED[part])
    return editing.without(recording, frames=at_the_server(recording, asked))


@edited(test_passes_messages_on_and_back, because="did not pass the answer back")
def relay_that_drops_the_answer(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=asked_of(recording, Notebook(recording), *PASSED[part]).answers)


@edited(test_passes_messages_on_and_back, because="passed the answer back changed")
def relay_that_changes_the_answer(recording: Recording, part: str) -> Recording:
    """The client's identifier is another one."""
    told = asked_of(recording, Notebook(recording), *PASSED[part]).answers
    return editing.with_bytes(recording, told, lambda data: with_checksum(
        data.replace(b"\x02\0\0\0\x5e\x01", b"\x02\0\0\0\x5e\x02")))


@edited(test_passes_messages_on_and_back, because="has the hop count")
def relay_that_miscounts(recording: Recording, part: str) -> Recording:
    came = at_the_server(recording, asked_of(recording, Notebook(recording), *PASSED[part]))
    return editing.with_bytes(recording, came, lambda data: with_checksum(data[:63] + b"\7" + data[64:]))


@check("DHCP6-49", ASKED, role="relay", parts=ALONE)
def test_leaves_alone_what_is_not_for_it(recording: Recording, notebook: Notebook, part: str) -> None:
    """What only servers send, and what comes to another port, is not passed on (RFC 9915 sections 7.2, 19.1).

    A Solicit that comes after it is.
    """
    asked = asked_of(recording, notebook, "left-alone", ALONE[part])
    notebook.cite(asked.frame)
    _goes_on(recording, notebook, ALONE[part])
    came = at_the_server(recording, asked)
    notebook.expect(not came, "the relay passed it on to the server", asked.frame, *came[:1])


@edited(test_leaves_alone_what_is_not_for_it, because="passed it on to the server")
def relay_that_passes_everything_on(recording: Recording, part: str) -> Recording:
    """As it passes on the Solicit that comes next."""
    asked = asked_of(recording, Notebook(recording), "left-alone", ALONE[part])
    control = controls(recording, Notebook(recording), "left-alone")[ALONE[part]]
    like = at_the_server(recording, control)[0]
    before, now = (each.mark.what.transaction.to_bytes(3, "big") for each in (control, asked))
    return editing.with_frame(recording, like.frame.data.replace(before, now), time=asked.frame.time, node=SERVER,
                              interface="eth0")


@check("DHCP6-49.malformed", ASKED, role="relay")
def test_goes_on_after_what_is_malformed(recording: Recording, notebook: Notebook) -> None:
    """After a message that ends within an option the next one is passed on (RFC 9915 section 16)."""
    control = controls(recording, notebook, "left-alone")["malformed"]
    came = at_the_server(recording, control)
    notebook.expect(came, "the relay passes nothing on after a malformed message", control.frame)
    notebook.cite(control.frame, came[0])


@edited(test_goes_on_after_what_is_malformed, because="passes nothing on")
def relay_that_dies_of_it(recording: Recording) -> Recording:
    control = controls(recording, Notebook(recording), "left-alone")["malformed"]
    return editing.without(recording, frames=at_the_server(recording, control))


def _goes_on(recording: Recording, notebook: Notebook, row: str) -> None:
    """The control behind a message reached the server: silence means silence."""
    control = controls(recording, notebook, "left-alone").get(row)
    came = at_the_server(recording, control) if control else []
    notebook.cite(notebook.stimulus(came, f"the relay passes nothing on after `{row}`")[0])
