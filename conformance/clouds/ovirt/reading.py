"""oVirt: what the wire and the host's kernel show of the forms that a user submitted."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.clouds.ovirt.forms import STORED, Exchange, exchanges
from conformance.clouds.ovirt.tls import connections
from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording, Snapshot
from fixtures.recording.views.ndp import NeighborSolicitation, neighbor_solicitations
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.clouds.ovirt.forms import NFS, NIC
from topologies.ovirt import ENGINE, HOSTS, PORT, STORAGE

DAEMON = 54321


def expect_right(notebook: Notebook, each: Exchange, legal: bool, what: str) -> None:
    """Expect that a legal text was stored, and that an illegal one was refused in words."""
    if legal:
        notebook.expect(each.status == STORED, f"{what} is an address, but {outcome_of(each)}", each.tells)
    else:
        notebook.expect(each.refused, f"{what} is no address, but {outcome_of(each)}", each.tells)


def outcome_of(each: Exchange) -> str:
    """What became of a form, in words."""
    reason = each.answer.get("reason", "") if isinstance(each.answer, dict) else ""
    return "was stored" if each.status == STORED else f"was refused: {reason}" if each.refused else f"failed: {reason}"


def configurations(recording: Recording, notebook: Notebook) -> list[Exchange]:
    """The forms that vary the IPv6 address of the host's interface."""
    found = [each for each in exchanges(recording, "user") if _of_nic(each) and each.form["mask"] == "64"]
    return notebook.stimulus(found, "no static IPv6 address was submitted")


def stored_on_nic(recording: Recording) -> list[Exchange]:
    """The IPv6 configurations of that interface that were stored."""
    return [each for each in exchanges(recording, "user") if _of_nic(each) and each.status == STORED]


def _of_nic(each: Exchange) -> bool:
    return each.path == "/network" and each.form["nic"] == NIC and each.form.get("family") != "4"


def claims(recording: Recording) -> dict[IPv6Address, NeighborSolicitation]:
    """The first DAD probe for each address that is not link-local, on the link of that interface."""
    found: dict[IPv6Address, NeighborSolicitation] = {}
    for each in neighbor_solicitations(recording.at("host1", NIC, outgoing=True)):
        if each.source == IPv6Address("::") and not each.target.is_link_local:
            found.setdefault(each.target, each)
    return found


def to_host(recording: Recording) -> list[TcpSegment]:
    """The engine's connections to the host's daemon, over which data came back."""
    found = connections(recording.at("engine", "eth0"), DAEMON)
    return [answer for each in found if (each.client, each.server) == (str(ENGINE), str(HOSTS["host1"]))
            and (answer := each.answer()) is not None]


def to_storage(recording: Recording) -> list[TcpSegment]:
    """The host's requests to the storage."""
    segments = tcp_segments(recording.at("host1", PORT, outgoing=True), NFS)
    return [each for each in segments if each.destination == STORAGE and each.payload]


def interfaces(recording: Recording, notebook: Notebook) -> Exchange:
    """The page with the table of interfaces."""
    pages = [each for each in exchanges(recording, "user") if (each.path, each.status) == ("/interfaces", STORED)]
    return notebook.stimulus(pages, "the table of interfaces was not read")[-1]


def state_at(recording: Recording, notebook: Notebook, name: str) -> Snapshot:
    """host1's kernel at that moment. Raises Unjudgeable."""
    shot = recording.snapshot(name, "host1")
    return notebook.stimulus([] if shot is None else [shot], f"host1's state was not recorded when it was {name}")[0]
