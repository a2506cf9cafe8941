"""VPC: what guests make of a dual-stack subnet, and what the platform's list says of them along their lives."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.clouds.reading.records import expect_agreement
from conformance.clouds.reading.refusals import expect_refused
from conformance.clouds.vpc.reading import expect_closed, expect_open, passage
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudRecord
from fixtures.clouds.vpc.control import MODE, MODES
from fixtures.recording.editing import rewritten, without
from fixtures.recording.model import Recording, Snapshot
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import router_advertisements, router_solicitations
from fixtures.scenarios.clouds.vpc.life import ADDRESSES, SUBNET, ByHand, VpcLife, mode_question

#: Faults of the control plane and of the service that it sets up, in two plays for all mutants.
ONE, TWO = "keeps-record every-flavour", "any-mode serves-another"


def shot(recording: Recording, notebook: Notebook, name: str, node: str) -> Snapshot:
    """The kernel state of a node at a named moment. Raises Unjudgeable when the play did not come so far."""
    shots = [each for each in (recording.snapshot(name, node),) if each is not None]
    return notebook.stimulus(shots, f"the play ended before {node}'s state was recorded ({name})")[0]


def in_subnet(snapshot: Snapshot) -> set[IPv6Address]:
    """The addresses of the subnet that a node has."""
    rows = [row for row in snapshot.tables["address"] if row["family"] == "inet6"]
    return {address for row in rows if (address := IPv6Address(row["local"])) in SUBNET}


@check("MGMT-11", VpcLife(), role="management", cloud="vpc", needs=("dhcpv6",), sentences=("vpc-14", "vpc-23"))
def test_vpc_list_is_what_guests_have(recording: Recording, notebook: Notebook) -> None:
    """The IPv6 addresses that the platform lists are those that guests configure and speak from.

    At boot, when a client was started by hand, when an instance was stopped and started, and after a deletion.
    """
    lists = recording.marked(CloudRecord)
    notebook.stimulus(lists[:1], "the list was never read")
    expect_agreement(recording, notebook, lists[0], shot(recording, notebook, "booted", "web"), "web", SUBNET)
    notebook.stimulus(lists[1:], "the list was not read after the restart")
    for owner in ("web", "db"):
        after = shot(recording, notebook, "started-again", owner)
        expect_agreement(recording, notebook, lists[1], after, owner, SUBNET)
    for moment, node in (("booted", "web"), ("by hand", "db"), ("started again", "web")):
        expect_open(notebook, passage(recording, notebook, moment, node, SUBNET[1]))
    notebook.stimulus(lists[2:], "the list was not read after the deletion")
    listed = sorted(set(lists[2].what.addresses.values()))
    notebook.expect("db" not in listed, "the platform still lists db, which is deleted", lists[2])
    expect_closed(notebook, passage(recording, notebook, "deleted", "web", ADDRESSES["db"]), "db")
    notebook.finding = f"web has {ADDRESSES['web']} before and after its restart, db {ADDRESSES['db']} until its end"


@played(test_vpc_list_is_what_guests_have, because="still lists db")
def list_keeps_what_is_deleted() -> Broken:
    return Broken(VpcLife(wrong=ONE))


@played(test_vpc_list_is_what_guests_have, because="the platform lists 2001:db8:ec:1::10 for web, which has")
def server_gives_another_address() -> Broken:
    return Broken(VpcLife(wrong=TWO))


@check("DHCP6-39", VpcLife(), role="guest", cloud="vpc", needs=("dhcpv6",))
def test_vpc_image_without_a_client_gets_its_address_by_hand(recording: Recording, notebook: Notebook) -> None:
    """An image whose client is enabled has the platform's address at boot; one without has none and asks for none.

    When the client is started by hand there, it gets the address that the platform shows.
    """
    web, db = (shot(recording, notebook, "booted", node) for node in ("web", "db"))
    notebook.expect(in_subnet(web) == {ADDRESSES["web"]},
                    f"web has {sorted(map(str, in_subnet(web)))} after its boot", web)
    hand = notebook.stimulus(recording.marked(ByHand), "the play ended before the client was started by hand")[0]
    early = [each for each in dhcpv6.messages(recording.at("db")) if each.frame.ns < hand.ns]
    notebook.expect(not early, "an instance whose image has no client sent DHCPv6 messages", hand, *early[:1])
    notebook.expect(not in_subnet(db), f"an image without a client has {sorted(map(str, in_subnet(db)))}", db)
    after = shot(recording, notebook, "by-hand", "db")
    for node, address in (("web", ADDRESSES["web"]), ("db", ADDRESSES["db"])):
        replies = [each for each in dhcpv6.messages(recording.at(node, outgoing=False), "Reply")
                   if address in each.addresses]
        notebook.expect(replies, f"no Reply with {address} came to {node}", *replies[:1])
    notebook.expect(in_subnet(after) == {ADDRESSES["db"]},
                    f"db has {sorted(map(str, in_subnet(after)))} by hand", after)
    answered = passage(recording, notebook, "by hand", "db", SUBNET[1])
    expect_open(notebook, answered)
    notebook.finding = f"web had {ADDRESSES['web']} at boot, db nothing, and {ADDRESSES['db']} by hand"


@played(test_vpc_image_without_a_client_gets_its_address_by_hand, because="after its boot")
def address_is_not_the_platforms() -> Broken:
    return Broken(VpcLife(wrong=TWO))


@edited(test_vpc_image_without_a_client_gets_its_address_by_hand, because="no Reply with")
def server_ignores_the_late_client(recording: Recording) -> Recording:
    return without(recording, frames=dhcpv6.messages(recording.at("db", outgoing=False), "Reply"))


@check("MGMT-13", VpcLife(), role="management", cloud="vpc", sentences=("vpc-07",))
def test_vpc_flavour_without_ipv6_has_none(recording: Recording, notebook: Notebook) -> None:
    """An instance of a flavour without IPv6 gets neither an advertisement nor a lease nor an address.

    It solicits routers on a subnet where the others get both.
    """
    asked = router_solicitations(recording.at("old", outgoing=True))
    first = notebook.stimulus(asked, "old sent no Router Solicitation")[0]
    others = router_advertisements(recording.at("web", outgoing=False))
    notebook.cite(*notebook.stimulus(others, "no Router Advertisement reached web")[:1])
    came = router_advertisements(recording.at("old", outgoing=False))
    notebook.expect(not came, "a Router Advertisement reached an instance without IPv6", first, *came[:1])
    leased = dhcpv6.messages(recording.at("old", outgoing=False))
    notebook.expect(not leased, "a DHCPv6 server answered an instance without IPv6", *leased[:1])
    state = shot(recording, notebook, "booted", "old")
    notebook.expect(not in_subnet(state), f"an instance without IPv6 has {sorted(map(str, in_subnet(state)))}", state)
    notebook.finding = f"old solicited {len(asked)} times and got nothing, while web got its advertisement"


@played(test_vpc_flavour_without_ipv6_has_none, because="a Router Advertisement reached")
def every_flavour_has_ipv6() -> Broken:
    return Broken(VpcLife(wrong=ONE))


@check("MGMT-14", VpcLife(), role="management", cloud="vpc")
def test_vpc_subnets_are_stateful(recording: Recording, notebook: Notebook) -> None:
    """A subnet has stateful DHCPv6 for RA mode and address mode, and DHCP on; nothing else is accepted.

    What is accepted is on the wire: M=1, and no prefix with A=1.
    """
    questions = [mode_question(ra, address) for ra in MODES for address in MODES if (ra, address) != MODE]
    expect_refused(recording, notebook, *questions, "create a subnet without DHCP")
    found = router_advertisements(recording.at("web", outgoing=False))
    for ra in notebook.stimulus(found, "no Router Advertisement reached web"):
        notebook.expect(ra.managed, "the router's RA has M=0", ra)
        for prefix in ra.prefixes:
            notebook.expect(not prefix.autonomous, f"the router's RA has the prefix {prefix.network} with A=1", ra)
    notebook.finding = f"{len(questions)} pairs of modes refused; the subnet's RAs have M=1 and A=0"


@played(test_vpc_subnets_are_stateful, because="did not refuse to create a subnet with RA mode slaac")
def any_mode_is_accepted() -> Broken:
    return Broken(VpcLife(wrong=TWO))


@edited(test_vpc_subnets_are_stateful, because="A=1")
def subnet_lets_guests_choose(recording: Recording) -> Recording:
    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].A = 1

    return rewritten(recording, router_advertisements(recording.frames), turn)
