"""CloudStack: addresses of every scope that its document names, given by DHCPv6 and used where they belong."""

from __future__ import annotations

from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.clouds.cloudstack.scopes import DEPRECATED, OWN, CloudstackScopes
from fixtures.stagecraft.watching import address_ready
from topologies.cloudstack import OUTSIDE
from topologies.stage import addressing as plan

SCOPES = tuple(CloudstackScopes(scope=scope) for scope in ("unique-local", "site-local"))


def echo_requests(recording: Recording) -> list[Echo]:
    """The VM's Echo Requests."""
    return echoes(recording.at("guest", outgoing=True), reply=False)


@check("DHCP6-04", *SCOPES, role="guest", cloud="cloudstack", sentences=("cloudstack-09",),
       needs=("dhcpv6",))
def test_cloudstack_pools_of_each_scope(recording: Recording, notebook: Notebook) -> None:
    """DHCPv6 gives a VM an address of the network's pool: unique local or site-local as well as global (CloudStack).

    Solicit, Advertise, Request, Reply (RFC 8415 section 18.2), or Solicit and Reply where both want Rapid Commit
    (section 5.1); then the VM's kernel has the address.
    """
    address = OWN[recording.play.options["scope"]]
    said = list(recording.at("guest", "eth0"))
    asked = notebook.stimulus(dhcpv6.messages(said, "Solicit"), "the VM did not solicit")
    notebook.cite(asked[0])
    last = asked[0]
    short = any(each.rapid_commit for each in dhcpv6.messages(said, "Reply")) and last.rapid_commit
    names = ("Reply",) if short else ("Advertise", "Request", "Reply")
    for name in names:
        found = [each for each in dhcpv6.messages(said, name) if address in each.addresses or name == "Request"]
        notebook.expect(found, f"the server sent no {name} for {address}", last)
        last = found[0]
        notebook.cite(last)
    questions = dhcpv6.messages(said, "Solicit" if short else "Request")
    same = last.transaction_id in {each.transaction_id for each in questions}
    notebook.expect(same, "the server's Reply answers nothing that the VM asked", last)
    ready = [event for event in recording.kernel("guest") if address_ready("guest", address=address)(event)]
    notebook.expect(ready, f"the VM never had {address} in use", last)
    notebook.cite(ready[0])
    notebook.finding = f"{address} by Solicit, {', '.join(names)}"


@edited(test_cloudstack_pools_of_each_scope, because="never had")
def client_that_distrusts_the_scope(recording: Recording) -> Recording:
    """It configures no address of that scope."""
    own = OWN[recording.play.options["scope"]]
    return editing.without(recording, events=recording.happened("guest", "address", local=str(own)))


@edited(test_cloudstack_pools_of_each_scope, because="sent no Reply")
def server_that_takes_its_offer_back(recording: Recording) -> Recording:
    return editing.without(recording, frames=dhcpv6.messages(recording.at("guest", outgoing=False), "Reply"))


@check("DUAL-07", *SCOPES, role="guest", cloud="cloudstack")
def test_cloudstack_source_of_the_right_scope(recording: Recording, notebook: Notebook) -> None:
    """The VM speaks from its address that RFC 6724 section 5 selects, whichever of them DHCPv6 gave it.

    Rule 2: link-local to link-local, site-local to site-local, not to others; rule 3: not from the deprecated global
    one; rule 6: global to global and unique local to unique local, by their labels.
    """
    shot = recording.snapshot("with-all-scopes", "guest")
    shots = notebook.stimulus([shot] if shot is not None else [], "the VM was not given its addresses")
    own = {row["local"] for row in shots[0].tables["address"]}
    wanted = {str(address) for address in (*OWN.values(), DEPRECATED)}
    notebook.stimulus([own] if wanted <= own else [], f"the VM lacks {', '.join(wanted - own)}")
    notebook.cite(shots[0])
    router = plan.link_local(recording.mac("rack", "lan0"))
    table = {OUTSIDE[scope]: address for scope, address in OWN.items()}
    table[router] = plan.link_local(recording.mac("guest", "eth0"))
    for to, source in table.items():
        sent = [each for each in echo_requests(recording) if each.destination == to]
        for each in notebook.stimulus(sent, f"the VM sent nothing to {to}"):
            right = each.source == source or (to == router and each.source.is_link_local)
            notebook.expect(right, f"to {to} the VM speaks from {each.source}, not from {source}", each)
    notebook.finding = f"{len(table)} destinations, each from the address of its scope"


@edited(test_cloudstack_source_of_the_right_scope, because=f"speaks from {DEPRECATED}")
def deprecated_source(recording: Recording) -> Recording:
    """It speaks from the address that is deprecated."""
    return _from(recording, "global", str(DEPRECATED))


@edited(test_cloudstack_source_of_the_right_scope, because=f"speaks from {OWN['global']}")
def global_source_for_everybody(recording: Recording) -> Recording:
    """It knows no labels."""
    return _from(recording, "unique-local", str(OWN["global"]))


def _from(recording: Recording, scope: str, source: str) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].src = source

    mine = [each for each in echo_requests(recording) if each.destination == OUTSIDE[scope]]
    return editing.rewritten(recording, mine, change)
