"""VPC: instances reach each other in both families, and the Internet in the family that was opened to them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from conformance.clouds.reading.records import expect_agreement
from conformance.clouds.reading.refusals import expect_refused
from conformance.clouds.vpc.reading import Passage, expect_closed, expect_open, passage, size_of, source_of
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudRecord
from fixtures.recording.editing import with_bytes, without
from fixtures.recording.model import Frame, Recording, Snapshot
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.vpc.founding import BURST, RATE, CloudRecord4
from fixtures.scenarios.clouds.vpc.reach import EIP, PORT, REFUSALS, Flooded, VpcReach
from topologies.stage import addressing as plan
from topologies.vpc import BLOCK

#: Seconds in which a change has to be effective (catalogue, MGMT-13).
EFFECTIVE = 2.0

#: Faults of the control plane, in three plays for all mutants: each is the business of one check alone.
ONE = "lets-choose translates unlimited keeps-record"
TWO = "same-block eip-opens-ipv6"
THREE = "forgets-routes keeps-bandwidth overlaps"


def address_of(recording: Recording, notebook: Notebook, owner: str) -> IPv6Address:
    """The IPv6 address that the platform lists for an instance. Raises Unjudgeable when it lists none."""
    records = notebook.stimulus(recording.marked(CloudRecord), "the platform's list was not read")
    mine = [address for address, who in records[0].what.addresses.items() if who == owner]
    return IPv6Address(notebook.stimulus(mine, f"the platform lists no IPv6 address of {owner}")[0])


def address4_of(recording: Recording, notebook: Notebook, owner: str) -> IPv4Address:
    """The IPv4 address that the platform lists for an instance."""
    records = notebook.stimulus(recording.marked(CloudRecord4), "the platform's list was not read")
    mine = [address for address, who in records[0].what.addresses.items() if who == owner]
    return IPv4Address(notebook.stimulus(mine, f"the platform lists no IPv4 address of {owner}")[0])


@check("ROUTE-07", VpcReach(), role="compute-host", cloud="vpc")
def test_vpc_instances_reach_each_other(recording: Recording, notebook: Notebook) -> None:
    """Instances of one subnet and of two, on one host and on two, reach each other over IPv6, by ICMPv6 and TCP.

    The first hop is the host: no packet comes from another instance's NIC.
    """
    web, db, fw1 = (address_of(recording, notebook, owner) for owner in ("web", "db", "fw1"))
    for source, to, tap in (("web", db, ("host1", "tap1")), ("web", fw1, ("host1", "tap1")),
                            ("fw1", web, ("host2", "tap4"))):
        for kind, port in (("echo", 0), ("tcp", PORT)):
            way = passage(recording, notebook, "closed", source, to, kind, port)
            expect_open(notebook, way)
            first = way.answers[0].data[6:12].hex(":")
            notebook.expect(first == recording.mac(*tap), f"the answer to {way.label} came from {first}, not the tap",
                            way.answers[0])
    notebook.finding = "web, db and fw1 reach each other over IPv6, each through its own tap"


@played(test_vpc_instances_reach_each_other, because="got no answer")
def fabric_forgets_the_second_host() -> Broken:
    return Broken(VpcReach(wrong=THREE))


@edited(test_vpc_instances_reach_each_other, because="not the tap")
def instances_bypass_the_host(recording: Recording) -> Recording:
    """Answers that come straight from another NIC."""
    answers = echoes(recording.at("web", outgoing=False), reply=True)
    return with_bytes(recording, answers, lambda data: data[:6] + b"\2\0\0\1\1\1" + data[12:])


@check("ROUTE-08", VpcReach(), role="compute-host", cloud="vpc")
def test_vpc_keeps_its_address_on_the_internet(recording: Recording, notebook: Notebook) -> None:
    """In a shared bandwidth an instance reaches the IPv6 Internet and is reached from it, by ICMPv6, TCP and UDP.

    Its own address stands in the packets at both ends: nothing translates them.
    """
    web = address_of(recording, notebook, "web")
    for kind, port in (("echo", 0), ("tcp", PORT), ("udp", PORT)):
        out = passage(recording, notebook, "both", "web", plan.OUTSIDE, kind, port)
        into = passage(recording, notebook, "both", "outside", web, kind, port)
        if kind != "udp":
            expect_open(notebook, out, into)
        for way, end, address in ((out, "outside", web), (into, "web", plan.OUTSIDE)):
            asked = notebook.stimulus(way.asked, f"{way.label} was never sent")
            arrived = way.at(end)
            notebook.expect(arrived, f"{way.label} did not reach {end}", asked[0], *arrived[:1])
            notebook.expect(source_of(arrived[0]) == address,
                            f"{way.label} came to {end} from {source_of(arrived[0])}, not from {address}", arrived[0])
    notebook.finding = f"both directions, by ICMPv6, TCP and UDP; {web} is {web} at both ends"


@played(test_vpc_keeps_its_address_on_the_internet, because="not from")
def border_translates_ipv6() -> Broken:
    return Broken(VpcReach(wrong=ONE))


@edited(test_vpc_keeps_its_address_on_the_internet, because="did not reach web")
def border_lets_nobody_in(recording: Recording) -> Recording:
    """What comes from outside stops at the border; answers to the inside pass."""
    book = Notebook(recording)
    web = address_of(recording, book, "web")
    ways = [passage(recording, book, "both", "outside", web, kind, port) for kind, port in (("udp", PORT),)]
    return without(recording, frames=[frame for way in ways for frame in way.at("web")])


@check("MGMT-13", VpcReach(), role="management", cloud="vpc",
       sentences=("vpc-02", "vpc-04", "vpc-09", "vpc-10", "vpc-11"))
def test_vpc_opens_each_family_by_itself(recording: Recording, notebook: Notebook) -> None:
    """Without EIP or shared bandwidth an instance has private connectivity only; each opens its own family.

    An EIP opens the IPv4 Internet in both directions, a shared bandwidth the IPv6 one, for that instance alone; taking
    them away closes both within 2 s.
    """
    web, db = (address_of(recording, notebook, owner) for owner in ("web", "db"))

    def way(moment: str, source: str, to: object) -> Passage:
        return passage(recording, notebook, moment, source, to)

    expect_open(notebook, way("closed", "web", db), way("closed", "web", address4_of(recording, notebook, "db")))
    for moment, four, both in (("closed", False, False), ("EIP", True, False), ("both", True, True),
                               ("closed again", False, False)):
        for opened, source, to, end in ((four, "web", plan.OUTSIDE4, "outside"), (both, "web", plan.OUTSIDE, "outside"),
                                        (both, "outside", web, "web")):
            if opened:
                expect_open(notebook, way(moment, source, to))
            else:
                expect_closed(notebook, way(moment, source, to), end)
    for moment in ("EIP", "both"):
        expect_open(notebook, way(moment, "outside", EIP))
        translated = way(moment, "web", plan.OUTSIDE4).at("outside")
        notebook.expect(translated and source_of(translated[0]) == EIP, f"web is not {EIP} outside", *translated[:1])
        others = ("db", plan.OUTSIDE4, "outside"), ("db", plan.OUTSIDE, "outside"), ("outside", db, "db")
        for source, to, end in others:
            expect_closed(notebook, way(moment, source, to), end)
    notebook.finding = "the EIP opens IPv4, the shared bandwidth IPv6, for web alone, and only while they are there"


@played(test_vpc_opens_each_family_by_itself, because="(EIP) reached outside")
def eip_opens_ipv6_as_well() -> Broken:
    return Broken(VpcReach(wrong=TWO))


@played(test_vpc_opens_each_family_by_itself, because="(closed again) reached outside")
def bandwidth_is_not_taken_back() -> Broken:
    return Broken(VpcReach(wrong=THREE))


@check("MGMT-13", VpcReach(), role="management", cloud="vpc", sentences=("vpc-04", "vpc-10"))
def test_vpc_limits_the_shared_bandwidth(recording: Recording, notebook: Notebook) -> None:
    """The shared bandwidth is a limit: of a flood that exceeds it, no more than rate and burst allow gets through.

    Counted in bytes of IP packets, from the first to the last; the bucket holds one second's and the burst.
    """
    over = notebook.stimulus(recording.marked(Flooded), "the play ended before the flood")[0]
    sent = flood(recording, "web", outgoing=True)
    notebook.stimulus(sent, "no flood was sent")
    seconds = (sent[-1].ns - sent[0].ns) / 1e9
    allowed = RATE * (seconds + 1) + BURST
    offered = sum(map(size_of, sent))
    notebook.stimulus([True] if offered > 1.2 * allowed else [], f"{offered} bytes in {seconds:.2f} s exceed nothing")
    came = flood(recording, "outside", outgoing=False)
    notebook.expect(came, "nothing of the flood got through", sent[0], sent[-1])
    through = sum(map(size_of, came))
    window = (came[-1].ns - came[0].ns) / 1e9
    limit = RATE * (window + 1 + recording.stall()) + BURST + size_of(came[0])
    notebook.expect(through <= limit, f"{through} bytes got through in {window:.2f} s, and {limit:.0f} were allowed",
                    came[0], came[-1], over)
    notebook.figure("bytes per second offered to the shared bandwidth", offered / seconds, "B/s")
    notebook.figure("bytes per second that got through, with the burst", through / max(window, 0.001), "B/s")
    notebook.finding = f"{through} of {offered} bytes got through in {window:.2f} s at {RATE} B/s and {BURST} B burst"


def flood(recording: Recording, node: str, *, outgoing: bool) -> list[Frame]:
    """The flood's requests at a node."""
    return [each.frame for each in echoes(recording.at(node, outgoing=outgoing), reply=False)
            if len(each.payload) == 1400]


@played(test_vpc_limits_the_shared_bandwidth, because="were allowed")
def bandwidth_without_a_limit() -> Broken:
    return Broken(VpcReach(wrong=ONE))


@edited(test_vpc_limits_the_shared_bandwidth, because="nothing of the flood")
def bandwidth_lets_nothing_through(recording: Recording) -> Recording:
    return without(recording, frames=flood(recording, "outside", outgoing=False))


@check("MGMT-12", VpcReach(), role="management", cloud="vpc")
def test_vpc_assigns_the_ipv6_block(recording: Recording, notebook: Notebook) -> None:
    """A dual-stack subnet gets a /64 of its own from the cloud: it cannot be chosen, nor IPv6 be switched off again.

    Neither a /80 nor an overlapping IPv4 block is accepted. Packets show the distinct
    /64 of two subnets, after all that was refused.
    """
    expect_refused(recording, notebook, *REFUSALS)
    networks = []
    for owner, to in (("web", "fw1"), ("fw1", "web")):
        way = passage(recording, notebook, "closed", owner, address_of(recording, notebook, to))
        expect_open(notebook, way)
        source = source_of(way.asked[0])
        notebook.expect(source in BLOCK, f"{owner} sends from {source}, outside {BLOCK}", way.asked[0])
        networks.append(IPv6Network((source, 64), strict=False))
    notebook.expect(networks[0] != networks[1], f"both subnets have {networks[0]}", *recording.marked(CloudRecord)[:1])
    notebook.finding = f"{networks[0]} and {networks[1]} were assigned; what a user chose or switched off was refused"


@played(test_vpc_assigns_the_ipv6_block, because="did not refuse to choose the IPv6 block")
def user_chooses_the_block() -> Broken:
    return Broken(VpcReach(wrong=ONE))


@played(test_vpc_assigns_the_ipv6_block, because="both subnets have")
def one_block_for_two_subnets() -> Broken:
    return Broken(VpcReach(wrong=TWO))


@played(test_vpc_assigns_the_ipv6_block, because="did not refuse to create a subnet that overlaps")
def overlapping_subnets() -> Broken:
    return Broken(VpcReach(wrong=THREE))


@check("MGMT-11", VpcReach(), role="management", cloud="vpc", sentences=("vpc-06", "vpc-14"))
def test_vpc_lists_both_families(recording: Recording, notebook: Notebook) -> None:
    """The addresses in use are listed for both families; each is what its instance has and speaks from.

    A deleted instance is no longer listed, and its addresses are no longer reached.
    """
    records, records4 = recording.marked(CloudRecord), recording.marked(CloudRecord4)
    notebook.stimulus(records[1:], "the list was not read after the deletion")
    for owner in ("web", "db", "fw1"):
        shot = _shot(recording, notebook, owner)
        expect_agreement(recording, notebook, records[0], shot, owner, BLOCK)
    for owner in ("web", "db", "old", "fw1"):
        shot = _shot(recording, notebook, owner)
        held = [row["local"] for row in shot.tables["address"] if row["family"] == "inet" and row["ifname"] == "eth0"]
        listed = [address for address, who in records4[0].what.addresses.items() if who == owner]
        notebook.expect(held == listed, f"the platform lists {listed} for {owner}, which has {held}", records4[0], shot)
    way4 = passage(recording, notebook, "closed", "web", address4_of(recording, notebook, "db"))
    expect_open(notebook, way4)
    for last in (records[-1], records4[-1]):
        notebook.expect("db" not in last.what.addresses.values(), "the platform still lists db, which is deleted",
                        last)
    for to in (address_of(recording, notebook, "db"), address4_of(recording, notebook, "db")):
        expect_closed(notebook, passage(recording, notebook, "closed again", "web", to), "db")
    notebook.finding = "web, db, old and fw1 have and use what is listed; db is gone from list and network"


def _shot(recording: Recording, notebook: Notebook, owner: str) -> Snapshot:
    shots = [each for each in (recording.snapshot("running", owner),) if each is not None]
    return notebook.stimulus(shots, f"{owner}'s state was not recorded")[0]


@played(test_vpc_lists_both_families, because="still lists db")
def list_keeps_the_deleted() -> Broken:
    return Broken(VpcReach(wrong=ONE))


@edited(test_vpc_lists_both_families, because="never sent from")
def speaks_from_another_address(recording: Recording) -> Recording:
    mine = address_of(recording, Notebook(recording), "fw1")
    return without(recording, frames=lambda frame: frame.node == "fw1" and frame.outgoing
                   and frame.data[22:38] == mine.packed)
