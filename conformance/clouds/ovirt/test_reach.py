"""oVirt: where the daemon listens, how the client names it, and that management works without IPv4."""

from __future__ import annotations

from conformance.broken.ovirt import DAEMON_ON_IPV4, SPLITS_AT_COLON, ZONELESS_CLIENT
from conformance.clouds.ovirt.forms import STORED, exchanges
from conformance.clouds.ovirt.tls import Connection, connections
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.ovirt.control import ClientAnswered
from fixtures.protocols.ip import ARP_FRAME, IPV4_FRAME
from fixtures.recording.editing import with_frame, without
from fixtures.recording.model import Mark, Recording, Snapshot
from fixtures.recording.views import dns
from fixtures.recording.views.headers import headers
from fixtures.scenarios.clouds.ovirt.reach import (
    IPV4,
    LINK_LOCAL,
    NAME,
    SPELLINGS,
    EngineBegins,
    Ipv4Begins,
    OvirtReach,
)
from topologies.ovirt import ENGINE, HOSTS, PORT

DAEMON = 54321
TARGETS = [target for targets in SPELLINGS.values() for target in targets]


@check("MGMT-01", OvirtReach(), role="management", cloud="ovirt")
def test_ovirt_daemon_listens_on_the_wildcard(recording: Recording, notebook: Notebook) -> None:
    """With management_ip = :: the daemon listens on [::]:54321 (oVirt, IPv6 support, Testing: Vdsm).

    The socket table shows it, and so does a connection from another host. That IPv4 gets in as well, as the document
    leaves open, is recorded.
    """
    shot = final_kernel(recording, notebook, "host1")
    rows = [row for row in shot.tables["socket"] if row["state"] == "listen" and row["port"] == DAEMON]
    told = ", ".join(f"{row['local']} ({row['family']})" for row in rows) or "nowhere"
    notebook.expect([(row["family"], row["local"]) for row in rows] == [("inet6", "::")],
                    f"with management_ip = ::, the daemon listens on port {DAEMON} of {told}", shot)
    reached = [each for each in at_host2(recording) if each.server == str(LINK_LOCAL)]
    for each in notebook.stimulus(reached, "no other host connected to the daemon"):
        accepts = [one for one in each.segments if one.accepts]
        notebook.expect(accepts, f"{each.server} accepted no connection to port {DAEMON}", each.opens, *accepts[:1])
    by_ipv4 = [each for each in at_host2(recording) if each.server == IPV4["host1"].partition("/")[0]]
    in_words = ""
    for each in by_ipv4[-1:]:
        open_to = any(one.accepts for one in each.segments)
        notebook.figure("reachable over IPv4 as well", float(open_to), "0 or 1")
        in_words = f"; over IPv4 it {'is reachable as well' if open_to else 'is not reachable'}"
    notebook.finding = f"one socket listens on [::]:{DAEMON}, and host2 reached it{in_words}"


@played(test_ovirt_daemon_listens_on_the_wildcard, because="listens on port 54321 of 0.0.0.0 (inet)")
def ignores_management_ip() -> Broken:
    return Broken(OvirtReach(daemon=DAEMON_ON_IPV4))


@played(test_ovirt_daemon_listens_on_the_wildcard, because="listens on port 54321 of ::1 (inet6)")
def listens_on_the_loopback() -> Broken:
    return Broken(OvirtReach(management="::1"))


@check("MGMT-02", OvirtReach(), role="management", cloud="ovirt")
def test_ovirt_client_takes_six_spellings(recording: Recording, notebook: Notebook) -> None:
    """[::1], localhost6 and [fe80::...%ovirtmgmt], each with and without port, lead to the same capabilities over TLS.

    Over the bridge, packets show the connections and data both ways; over the loopback, where there are no links, the
    kernel's socket table shows them, in addition to what the client got (oVirt, IPv6 support, Testing: Vdsm).
    """
    answers = [mark for mark in recording.marked(ClientAnswered) if mark.what.target in TARGETS]
    notebook.stimulus(answers, "the client was given no spelling")
    for mark in answers:
        said = mark.what.answer
        notebook.expect(mark.what.status == 0, f"the client failed with the target {mark.what.target}: {said}", mark)
    told = {mark.what.target: mark.what.answer for mark in answers}
    missing = [target for target in TARGETS if target not in told]
    notebook.expect(not missing, f"the client was not seen to answer for {', '.join(missing)}")
    notebook.expect(len(set(told.values())) == 1, f"the capabilities differ: {' / '.join(sorted(set(told.values())))}")
    shot = final_kernel(recording, notebook, "host1")
    ends = [{row["port"], row["peer_port"]} for row in shot.tables["socket"]
            if (row["local"], row["peer"]) == ("::1", "::1")]
    local = {min(ports - {DAEMON}) for ports in ends if DAEMON in ports}  # either end may be the one that is left
    asked = len(SPELLINGS["host1"])
    notebook.expect(len(local) >= asked, f"{asked} times the client should have connected to [::1]:{DAEMON}, and"
                    f" {len(local)} such connections are in host1's socket table", shot)
    wire = [each for each in at_host2(recording) if each.server == str(LINK_LOCAL)]
    for each in wire:
        expect_data(notebook, each)
    scoped = len(SPELLINGS["host2"])
    notebook.expect(len(wire) == scoped, f"{len(wire)} connections crossed the bridge, not {scoped}")
    sizes = {each.answer_bytes() for each in wire}
    notebook.expect(len(sizes) == 1, f"the answers have different sizes: {', '.join(map(str, sorted(sizes)))} bytes")
    notebook.finding = f"{len(told)} equal answers: {asked} over the loopback, {scoped} over the bridge by TLS"


@played(test_ovirt_client_takes_six_spellings, because="the client failed")
def splits_at_the_first_colon() -> Broken:
    """A client that reads HOST:PORT as it did when hosts had no colons."""
    return Broken(OvirtReach(client=SPLITS_AT_COLON))


@played(test_ovirt_client_takes_six_spellings, because="%ovirtmgmt]: ")
def strips_the_zone() -> Broken:
    """Without its zone a link-local address leads nowhere."""
    return Broken(OvirtReach(client=ZONELESS_CLIENT))


@edited(test_ovirt_client_takes_six_spellings, because="sent no data")
def bridge_carries_no_answer(recording: Recording) -> Recording:
    """The client says that it has an answer, but none came over the bridge."""
    return without(recording, frames=[each for one in at_host2(recording) for each in one.segments if one.answer()
                                      and str(each.source) == one.server and each.payload[:1] == b"\x17"])


@check("MGMT-03", OvirtReach(), role="management", cloud="ovirt")
def test_ovirt_needs_no_ipv4(recording: Recording, notebook: Notebook) -> None:
    """A user manages a host by way of the engine, while no node has an IPv4 address (oVirt, IPv6 support, Summary).

    The host is added by its address and by a name that has an AAAA record only; its certificate is accepted for both.
    """
    until = notebook.stimulus(recording.marked(Ipv4Begins), "the management was not tried")[0]
    for node in ("host1", "engine", "user"):
        shot = final_kernel(recording, notebook, node)
        held = [row["local"] for row in shot.tables["address"] if row["family"] == "inet" and row["ifname"] != "lo"]
        notebook.expect(not held, f"{node} has the IPv4 address {', '.join(held)}", shot)
    added = [each for each in exchanges(recording, "user") if each.path == "/host"]
    for host in (str(HOSTS["host1"]), NAME):
        mine = [each for each in added if each.form["address"] == host]
        for each in notebook.stimulus(mine, f"the user did not ask the engine to add {host}"):
            notebook.expect(each.status == STORED, f"the engine could not add {host}: {each.answer.get('reason')}",
                            each.asks, each.tells)
    to_host = [each for each in connections(recording.at("engine", "eth0"), DAEMON) if each.client == str(ENGINE)]
    for connection in to_host:
        expect_data(notebook, connection)
    notebook.expect(len(to_host) == 2, f"the engine connected {len(to_host)} times to the daemon, not twice")
    asked = [each for each in dns.messages(recording.at("engine", "eth0")) if each.asks("AAAA", NAME)]
    notebook.expect(asked, f"the engine never asked for the AAAA record of {NAME}", *asked)
    _no_ipv4_packet(recording, notebook, until)
    notebook.finding = "the host was added by address and by name over TLS; nothing on the network was IPv4"


def _no_ipv4_packet(recording: Recording, notebook: Notebook, until: Mark) -> None:
    for frame in recording.frames:
        if frame.ns < until.ns and frame.data[12:14] in (IPV4_FRAME, ARP_FRAME):
            found = headers(frame.data)
            notebook.expect(False, f"IPv4 was used: {found.source if found else 'ARP'} at {frame.node}", frame)


@played(test_ovirt_needs_no_ipv4, because="the engine could not add 2001:db8:51::11: SSLCertVerificationError")
def certificate_without_the_address() -> Broken:
    """A certificate authority that knows names only."""
    return Broken(OvirtReach(identities=f"DNS:localhost6,IP:::1,IP:{LINK_LOCAL},DNS:{NAME}"))


@edited(test_ovirt_needs_no_ipv4, because="IPv4 was used: 192.0.2.12 at host2")
def speaks_ipv4_too(recording: Recording) -> Recording:
    """A daemon that looks for its engine over IPv4 as well."""
    begins = recording.marked(EngineBegins)[0]
    packet = next(frame for frame in recording.at("host2", PORT, outgoing=True) if frame.data[12:14] == IPV4_FRAME)
    return with_frame(recording, packet.data, time=begins.time, node="host2", interface=PORT, outgoing=True)


def final_kernel(recording: Recording, notebook: Notebook, node: str) -> Snapshot:
    """The node's kernel after the last management call. Raises Unjudgeable."""
    shot = recording.snapshot("managed", node)
    return notebook.stimulus([] if shot is None else [shot], f"{node} was not looked at")[0]


def at_host2(recording: Recording) -> list[Connection]:
    """host2's connections to the daemon."""
    return connections(recording.at("host2", PORT), DAEMON)


def expect_data(notebook: Notebook, each: Connection) -> None:
    """Expect that the server sent data over TLS, upon a question."""
    question, answer = each.question(), each.answer()
    notebook.expect(question and answer, f"{each.server} sent no data over TLS to {each.client}", each.opens,
                    *filter(None, [question, answer]))
