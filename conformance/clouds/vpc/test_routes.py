"""VPC: custom routes with the next hops that are allowed, and a virtual address that is one NIC's at a time."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.clouds.reading.refusals import expect_refused
from conformance.clouds.vpc.reading import expect_closed, expect_open, passage
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import without
from fixtures.recording.model import Recording, Snapshot
from fixtures.recording.views.ndp import neighbor_advertisements
from fixtures.scenarios.clouds.vpc.routes import BAD_HOPS, SHORT, VIP, Rebound, VpcRoutes
from fixtures.stagecraft.marks import Stop
from topologies.vpc import BRANCH4_HOST, BRANCH_HOST

WEB = IPv6Address("2001:db8:ec:1::10")
#: Seconds within which a route follows its virtual address (catalogue, VIP-08).
FOLLOWS = 2.0
#: By destination: the interfaces of fw1 and fw2 by which it goes, with all routes and without the /64.
ALL_ROUTES = {BRANCH_HOST[0]: ("fw2", "eth2"), BRANCH_HOST[1]: ("fw1", "eth0"), BRANCH_HOST[2]: ("fw2", "eth0"),
              BRANCH4_HOST: ("fw1", "eth0")}
WITHOUT_MIDDLE = {**ALL_ROUTES, BRANCH_HOST[0]: ("fw2", "eth0"), BRANCH_HOST[1]: ("fw2", "eth0")}
WAYS = {("fw1", "eth0"), ("fw2", "eth0"), ("fw2", "eth2")}
#: Faults of the control plane, in two plays for all mutants.
ONE, TWO = "hop-without-ipv6 binds-ipv4-nic forgets-rebinding careless", "binds-twice"


def expect_way(recording: Recording, notebook: Notebook, moment: str, to: object, by: tuple[str, str]) -> None:
    """Expect that web's echo went through that instance and was answered, and went through no other."""
    way = passage(recording, notebook, moment, "web", to)
    asked = notebook.stimulus(way.asked, f"{way.label} was never sent")
    for node, interface in sorted(WAYS):
        came = way.at(node, interface)
        if (node, interface) == by:
            notebook.expect(came, f"{way.label} did not come to {interface} of {node}", asked[0], *came[:1])
        else:
            notebook.expect(not came, f"{way.label} came to {interface} of {node}, not of {by[0]} {by[1]}", *came[:1])
    expect_open(notebook, way)
    arrived = way.at("branch") or way.at(by[0])
    notebook.expect(arrived, f"{way.label} did not arrive", *arrived[:1])


@check("ROUTE-09", VpcRoutes(), role="management", cloud="vpc")
def test_vpc_routes_have_next_hops_with_ipv6(recording: Recording, notebook: Notebook) -> None:
    """An IPv6 route is accepted with an instance, an extension NIC or a virtual address that has IPv6 in the VPC.

    Traffic then goes through it. Other types, names of other VPCs and NICs without IPv6 are refused, and change
    neither the hosts' routes nor what gets through.
    """
    expect_refused(recording, notebook, *(f"route {SHORT} by {kind} {hop}" for kind, hop in BAD_HOPS))
    for host in ("host1", "host2"):
        before, after = _shot(recording, notebook, "before", host), _shot(recording, notebook, "after", host)
        notebook.expect(before.tables["route"] == after.tables["route"], f"refused routes changed those of {host}",
                        before, after)
    for to in BRANCH_HOST:
        expect_closed(notebook, passage(recording, notebook, "no route", "web", to), "branch")
        expect_way(recording, notebook, "routed", to, ALL_ROUTES[to])
    notebook.finding = f"{len(BAD_HOPS)} bad next hops refused; instance, extension NIC and virtual address forward"


def _shot(recording: Recording, notebook: Notebook, name: str, node: str) -> Snapshot:
    shots = [each for each in (recording.snapshot(name, node),) if each is not None]
    return notebook.stimulus(shots, f"{node}'s state was not recorded")[0]


@played(test_vpc_routes_have_next_hops_with_ipv6, because="did not refuse to route 2001:db8:ed::/48 by ecs old")
def next_hop_without_ipv6() -> Broken:
    return Broken(VpcRoutes(wrong=ONE))


@edited(test_vpc_routes_have_next_hops_with_ipv6, because="did not come to eth2 of fw2")
def extension_nic_is_no_next_hop(recording: Recording) -> Recording:
    way = passage(recording, Notebook(recording), "routed", "web", BRANCH_HOST[0])
    return without(recording, frames=way.at("fw2", "eth2"))


@check("ROUTE-10", VpcRoutes(), role="compute-host", cloud="vpc")
def test_vpc_longest_route_wins(recording: Recording, notebook: Notebook) -> None:
    """Of overlapping IPv6 routes (/48, /64, /128) the longest wins, and where it is deleted the next longer.

    An IPv4 route to another instance is followed by IPv4 and disturbs no IPv6 route.
    """
    for moment, ways in (("routed", ALL_ROUTES), ("usurped", WITHOUT_MIDDLE)):
        for to, by in ways.items():
            expect_way(recording, notebook, moment, to, by)
    notebook.finding = "/128 before /64 before /48, the /48 when the /64 is gone, and IPv4 on its own way"


@edited(test_vpc_longest_route_wins, because="not of fw2 eth2")
def longest_does_not_win(recording: Recording) -> Recording:
    """The address of the /64 goes the way of the /48."""
    from dataclasses import replace

    way = passage(recording, Notebook(recording), "routed", "web", BRANCH_HOST[0])
    moved = way.at("fw2", "eth2")
    return replace(recording, frames=tuple(
        replace(frame, interface="eth0") if frame in moved else frame for frame in recording.frames))


@edited(test_vpc_longest_route_wins, because="(usurped) did not come to eth0 of fw2")
def nothing_is_left_after_deletion(recording: Recording) -> Recording:
    way = passage(recording, Notebook(recording), "usurped", "web", BRANCH_HOST[0])
    return without(recording, frames=way.at("fw2", "eth0"))


@check("VIP-01", VpcRoutes(), role="management", cloud="vpc")
def test_vpc_virtual_address_has_one_nic(recording: Recording, notebook: Notebook) -> None:
    """A virtual IPv6 address is bound to one dual-stack NIC: a second one and one without IPv6 are refused.

    After these refusals its traffic still reaches the NIC that it was bound to, and no other.
    """
    expect_refused(recording, notebook, "bind it to fw2 as well", "bind it to old")
    way = passage(recording, notebook, "bound", "web", VIP)
    expect_open(notebook, way)
    came = way.at("fw1", "eth0")
    notebook.expect(came, f"{way.label} did not come to fw1", *came[:1])
    for node in ("fw2", "old"):
        stray = way.at(node)
        notebook.expect(not stray, f"{way.label} came to {node}", *stray[:1])
    notebook.finding = f"{VIP} is reached at fw1; fw2 and an instance without IPv6 were refused"


@played(test_vpc_virtual_address_has_one_nic, because="did not refuse to bind it to fw2 as well")
def bound_twice() -> Broken:
    return Broken(VpcRoutes(wrong=TWO))


@played(test_vpc_virtual_address_has_one_nic, because="did not refuse to bind it to old")
def bound_to_a_nic_without_ipv6() -> Broken:
    return Broken(VpcRoutes(wrong=ONE))


@check("VIP-02", VpcRoutes(), role="compute-host", cloud="vpc")
def test_vpc_virtual_address_passes_the_guard_while_bound(recording: Recording, notebook: Notebook) -> None:
    """A bound virtual address passes anti-spoofing on its NIC, as source and as target of a Neighbor Advertisement.

    Before it is bound and after it was taken away neither passes, though the instance has the address.
    """
    for moment in ("unbound", "usurped"):
        expect_closed(notebook, passage(recording, notebook, moment, "fw1", WEB, own=VIP), "web")
    expect_open(notebook, passage(recording, notebook, "bound", "web", VIP),
                passage(recording, notebook, "bound", "fw1", WEB, own=VIP))
    usurping = passage(recording, notebook, "usurped", "host2", VIP, own="tap4")
    claims = [each for each in neighbor_advertisements(recording.at("host2", "tap4", outgoing=False))
              if each.target == VIP and usurping.probe.ns <= each.frame.ns <= usurping.until_ns]
    claim = notebook.stimulus(claims, f"fw1 did not claim {VIP} after it was taken away")[0]
    notebook.expect(not usurping.asked, f"the host believed that fw1 has {VIP}, which was taken away", claim,
                    *usurping.asked[:1])
    notebook.finding = f"{VIP} passes as source and target while it is bound to fw1, not before and not after"


@played(test_vpc_virtual_address_passes_the_guard_while_bound, because="(usurped) reached web")
def guard_is_careless() -> Broken:
    return Broken(VpcRoutes(wrong=ONE))


@edited(test_vpc_virtual_address_passes_the_guard_while_bound, because="(bound) got no answer")
def guard_knows_no_virtual_addresses(recording: Recording) -> Recording:
    way = passage(recording, Notebook(recording), "bound", "web", VIP)
    return without(recording, frames=way.answers)


@check("VIP-08", VpcRoutes(), role="compute-host", cloud="vpc")
def test_vpc_route_follows_its_virtual_address(recording: Recording, notebook: Notebook) -> None:
    """A route by a virtual address follows it: keepalived fails over, the address is bound anew, the path moves.

    The first packet after the binding goes through the other instance, within 2 s.
    """
    expect_way(recording, notebook, "routed", BRANCH_HOST[1], ("fw1", "eth0"))
    taken = list(recording.happened("fw2", "address", "new", local=str(VIP)))
    notebook.stimulus(taken, "fw2 did not take the virtual address over")
    bound = notebook.stimulus(recording.marked(Rebound), "the address was not bound anew")[0]
    for to in (VIP, BRANCH_HOST[1]):
        expect_way(recording, notebook, "rebound", to, ("fw2", "eth0"))
    first = passage(recording, notebook, "rebound", "web", BRANCH_HOST[1]).at("fw2", "eth0")[0]
    notebook.in_time(first.time - bound.time, FOLLOWS, "the path moved to fw2 late", first)
    left = recording.marked(Stop)[-1]
    notebook.figure("virtual router stopped until the other has the address", taken[0].time - left.time, "s")
    notebook.finding = f"fw2 has {VIP} {taken[0].time - left.time:.2f} s after fw1 left, and the route goes through it"


@played(test_vpc_route_follows_its_virtual_address, because="(rebound) did not come to eth0 of fw2")
def route_stays_behind() -> Broken:
    return Broken(VpcRoutes(wrong=ONE))
