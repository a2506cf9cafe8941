"""Clearwater: what its documentation calls missing on IPv6 refuses there, cleanly, and works on IPv4."""

from __future__ import annotations

from conformance.clouds.clearwater.sip import AT_ONCE
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAsked, CloudRefused
from fixtures.clouds.clearwater.control import AGENT, WEBSOCKET, Habits
from fixtures.clouds.clearwater.node import Browse, InstallOver
from fixtures.recording.editing import without
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.clouds.clearwater.nodes import ClearwaterNodes
from topologies.clearwater import BONO, HOSTS, OPERATOR, SPROUT

IPV6, IPV4 = ClearwaterNodes(family=6), ClearwaterNodes(family=4)
INSTALL, WEBSOCKETS = ("clearwater-06", "clearwater-14"), ("clearwater-15",)


def refusal(recording: Recording, what: str) -> list[Mark]:
    """The refusals of that."""
    return [mark for mark in recording.marked(CloudRefused) if mark.what.what == what]


def to_agents(recording: Recording) -> list[TcpSegment]:
    """What the operator sent to the agents that take an installation."""
    return list(tcp_segments(recording.at(OPERATOR, outgoing=True), AGENT))


@check("MGMT-10", IPV6, IPV4, role="management", cloud="clearwater", sentences=INSTALL)
def test_clearwater_automated_install(recording: Recording, notebook: Notebook) -> None:
    """An automated installation with IPv6 addresses is refused in words, and no node is touched (Clearwater).

    With IPv4 addresses, every node gets its local_config.
    """
    asked = [mark for mark in recording.marked(CloudAsked) if mark.what.what == "install"]
    over = recording.marked(InstallOver)
    notebook.stimulus([*zip(asked, over, strict=False)], "no automated installation was started")
    sent, refused = to_agents(recording), refusal(recording, "install")
    if recording.play.options["family"] == 6:
        notebook.expect(not sent,
                        "the installer installed a node with an IPv6 address: half of it, or IPv6 is supported now",
                        *sent[:1])
        notebook.expect(refused and refused[0].what.reason, "the installer gave no reason for its refusal", *refused)
        notebook.finding = f"refused: {refused[0].what.reason}; no node was touched"
        return
    for node in (BONO, SPROUT):
        mine = [each for each in sent if each.destination == HOSTS[node][1]
                and b"local_ip=" in each.payload]
        notebook.expect(mine, f"{node} got no local_config", *mine[:1])
    notebook.finding = "on IPv4 both nodes got their local_config"


@played(test_clearwater_automated_install, because="installed a node with an IPv6 address")
def installs_all_the_same() -> Broken:
    return Broken(ClearwaterNodes(habits=Habits(installs_anywhere=True)))


@edited(test_clearwater_automated_install, because="gave no reason for its refusal")
def installer_that_stops_silently(recording: Recording) -> Recording:
    if recording.play.options["family"] == 4:   # there, a node is left out
        return without(recording, frames=to_agents(recording))
    return without(recording, others=refusal(recording, "install"))


@check("MGMT-10", IPV6, IPV4, role="management", cloud="clearwater", sentences=WEBSOCKETS)
def test_clearwater_sip_over_websockets(recording: Recording, notebook: Notebook) -> None:
    """SIP over WebSockets (RFC 7118) is refused by a node on IPv6: in words, and a browser is refused at once.

    Nothing listens there. On IPv4, a browser's request is answered (RFC 6455 section 4).
    """
    begun = notebook.stimulus(recording.marked(Browse), "no browser connected to a node")[0]
    frames = [frame for frame in recording.at(OPERATOR) if frame.ns >= begun.ns]
    segments = tcp_segments(frames, WEBSOCKET)
    opened = notebook.stimulus([each for each in segments if each.opens], "no browser connected")[0]
    accepted = [each for each in segments if each.accepts]
    if recording.play.options["family"] == 6:
        notebook.expect(not accepted,
                        "the node accepted a browser over IPv6: half of SIP over WebSockets, or IPv6 is supported "
                        "now",
                        *accepted[:1])
        resets = [each for each in segments if each.resets and not each.frame.outgoing]
        notebook.expect(resets, "the node left the browser waiting", opened)
        notebook.in_time(resets[0].time - opened.time, AT_ONCE, "the node refused the browser late", opened, resets[0])
        refused = refusal(recording, "websockets")
        notebook.expect(refused and refused[0].what.reason, "the node gave no reason for its refusal", *refused)
        for node in (BONO, SPROUT):
            shot = recording.snapshot("serving", node)
            notebook.stimulus([] if shot is None else [shot], f"{node}'s state was not recorded")
            rows = [row for row in shot.tables["socket"] if row["port"] == WEBSOCKET] if shot else []
            notebook.expect(not rows, f"{node} listens on port {WEBSOCKET} all the same")
        notebook.finding = f"refused: {refused[0].what.reason}; a browser got RST at once"
        return
    switched = [each for each in segments if each.payload.startswith(b"HTTP/1.1 101")]
    notebook.expect(switched, "the browser got no WebSocket", opened, *switched)
    answered = [each for each in segments if not each.frame.outgoing and b"SIP/2.0 200" in each.payload]
    notebook.expect(answered, "the browser got no answer to its SIP request", *answered[:1])
    notebook.finding = "on IPv4 a browser's SIP request was answered over a WebSocket"


@played(test_clearwater_sip_over_websockets, because="accepted a browser over IPv6")
def websockets_all_the_same() -> Broken:
    return Broken(ClearwaterNodes(habits=Habits(websockets_anywhere=True)))


@edited(test_clearwater_sip_over_websockets, because="the browser")
def browser_is_left_waiting(recording: Recording) -> Recording:
    """Nobody refuses, and nobody answers."""
    return without(recording, frames=tcp_segments(recording.at(OPERATOR, outgoing=False), WEBSOCKET))
