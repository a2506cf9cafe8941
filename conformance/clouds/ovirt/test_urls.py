"""oVirt: what a user's HTTP client makes of an engine's address in a URL."""

from __future__ import annotations

from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten
from fixtures.recording.model import Recording
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.link_local.scoped import ScopedConnections
from topologies.scoped import AMBIGUOUS


@check("MGMT-08", ScopedConnections(), role="application", needs=("zone-id",), cloud="ovirt", sentences=("ovirt-02",))
def test_ovirt_url_keeps_its_zone_at_home(recording: Recording, notebook: Notebook) -> None:
    """The server is told an address in brackets (RFC 3986 section 3.2.2), and never a zone (RFC 6874 section 4)."""
    for each in notebook.stimulus(requests(recording), "the client asked for no page by a scoped address"):
        host = each.payload.partition(b"\r\nHost: ")[2].partition(b"\r\n")[0].decode("latin-1")
        bare = host.removesuffix(":80")
        notebook.expect("%" not in host, f"the client sent the server its own zone: Host: {host}", each)
        notebook.expect(bare == f"[{AMBIGUOUS}]", f"the client sent Host: {host!r}, not [{AMBIGUOUS}]", each)
    notebook.finding = f"the client sent [{AMBIGUOUS}], without a zone"


def requests(recording: Recording) -> list[TcpSegment]:
    """The client's requests for a page."""
    sent = tcp_segments(recording.at("client", outgoing=True), 80)
    return [each for each in sent if each.payload.startswith(b"GET ")]


@edited(test_ovirt_url_keeps_its_zone_at_home, because="sent the server its own zone: Host: [fe80::1%25eth0]")
def sends_the_url_as_it_is(recording: Recording) -> Recording:
    """A client that copies the URL's host into the request."""
    return _with_host(recording, b"[fe80::1%25eth0]")


@edited(test_ovirt_url_keeps_its_zone_at_home, because="the client sent Host: 'fe80::1'")
def forgets_the_brackets(recording: Recording) -> Recording:
    return _with_host(recording, b"fe80::1")


def _with_host(recording: Recording, host: bytes) -> Recording:
    def turn(packet: Any) -> None:
        head, name, rest = packet["Raw"].load.partition(b"\r\nHost: ")
        packet["Raw"].load = head + name + host + b"\r\n" + rest.partition(b"\r\n")[2]

    return rewritten(recording, requests(recording), turn)
