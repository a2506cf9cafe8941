"""Link-local addresses end where their link ends: a router lets nothing with one of them through."""

from __future__ import annotations

from typing import Any

from conformance.broken.routers import CARELESS, SILENT
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.peers.extension_headers import PLAIN
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.routing.transit import BEYOND_SCOPE, SENDERS, Transit
from fixtures.timers import RETRANS_TIMER

#: Seconds in which a forwarded packet has left, the solicitation of its next hop included.
LEAVES = RETRANS_TIMER


@check("LL-03", Transit(), role="compute-host")
def test_link_local_packets_stay_on_their_link(recording: Recording, notebook: Notebook) -> None:
    """Nothing with a link-local source or destination leaves by another interface (RFC 4291 section 2.5.6).

    The packets came to the router's own MAC address, and an ordinary one went the same way. An ICMPv6 error that says
    so (RFC 4443 section 3.1, code 2) is told, not asked for.
    """
    answers = []
    control = notebook.stimulus(_plain(recording), "no packet with global addresses came through the router")
    notebook.cite(*control)
    for name, words in BEYOND_SCOPE.items():
        came = [frame for frame in recording.at("router", "lan0", outgoing=False) if words in frame.data]
        notebook.stimulus(came, f"the packet with a link-local {name} did not reach the router")
        listened = recording.duration - came[0].time >= LEAVES
        notebook.stimulus([listened] if listened else [], "the play ended before a forwarded packet would have come")
        left = _departures(recording, words)
        notebook.expect(not left,
                        f"the router forwarded a packet with a link-local {name} to "
                        f"{left[0].interface if left else None}",
                        *came, *left)
        answers += [f"{each.kind} code {each.code} for the {name}" for each in transport.icmp_errors(
            recording.at("router", "lan0", outgoing=True)) if words in each.invoking]
    notebook.finding = f"none was forwarded; the router said: {', '.join(answers) or 'nothing'}"


def _plain(recording: Recording) -> list[Echo]:
    """The ordinary packet, as it arrived outside."""
    return [each for each in transport.echoes(recording.at("outside", "eth0", outgoing=False), reply=True)
            if each.source == SENDERS[PLAIN.name]]


def _departures(recording: Recording, words: bytes) -> list[Frame]:
    """Whatever left the router by another interface than the packet came by, whoever it says it is from."""
    return [frame for frame in recording.at("router", outgoing=True)
            if frame.interface != "lan0" and words in frame.data]


@played(test_link_local_packets_stay_on_their_link, because="a packet with a link-local source to up0")
def router_that_hides_link_local_sources() -> Broken:
    """It writes an address of the prefix in place of the source."""
    return Broken(Transit(), {"compute-host": CARELESS})


@played(test_link_local_packets_stay_on_their_link, because="a packet with a link-local destination to up0")
def router_that_chooses_another_destination() -> Broken:
    """It sends on what was meant for a link-local address."""
    return Broken(Transit(), {"compute-host": SILENT})


@edited(test_link_local_packets_stay_on_their_link, because="a packet with a link-local both to up0")
def router_that_repeats_frames(recording: Recording) -> Recording:
    """It puts each frame on the other link as it came."""
    came = next(frame for frame in recording.at("router", "lan0", outgoing=False)
                if BEYOND_SCOPE["both"] in frame.data)

    def at(node: str, interface: str, base: Recording, **way: Any) -> Recording:
        return editing.with_frame(base, came.data, time=came.time + 0.001, node=node, interface=interface, **way)

    return at("outside", "eth0", at("router", "up0", recording, outgoing=True))
