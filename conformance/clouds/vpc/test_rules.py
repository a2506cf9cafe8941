"""VPC: what security groups and network ACLs let through, rule by rule and family by family."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.clouds.reading.refusals import expect_refused
from conformance.clouds.vpc.reading import Passage, expect_closed, expect_open, passage
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAsked
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.vpc.rules import BAD_RULES, HTTP, HTTPS, OTHER, VpcRules
from topologies.stage.addressing import OUTSIDE
from topologies.vpc import SUBNETS4

#: Who has which address: the platform gives them in order.
WEB, DB = IPv6Address("2001:db8:ec:1::10"), IPv6Address("2001:db8:ec:1::11")
FW1 = IPv6Address("2001:db8:ec:2::110")
WEB4, DB4 = SUBNETS4["a"][16], SUBNETS4["a"][17]
#: By kind and port: the sources that a rule lets in, of three that try.
LET_IN = {("tcp", HTTP): {"db"}, ("tcp", HTTPS): {"db", "fw1", "outside"}, ("echo", 0): {"fw1"}}
SOURCES = ("db", "fw1", "outside")
#: Faults of the rule compilers, in three plays for all mutants.
ONE, TWO, THREE = "blind", "crosses unordered lax sends-all", "stateless mixes"


@check("ACL-01", VpcRules(), role="compute-host", cloud="vpc")
def test_vpc_group_admits_exactly_its_rules(recording: Recording, notebook: Notebook) -> None:
    """A group's rule for an IPv6 address or block admits that source, protocol and port, and nobody else.

    Rules: one address to a TCP port, a /64 by echo, everybody to another TCP port. When they are deleted, nobody is
    let in any more (new flows). What the instance asks for itself is answered all the time; where its only egress rule
    is for one address, no other is reached.
    """

    def way(moment: str, source: str, kind: str, port: int) -> Passage:
        return passage(recording, notebook, moment, source, WEB, kind, port)

    expect_closed(notebook, passage(recording, notebook, "rules deleted", "web", FW1), "fw1")
    expect_open(notebook, passage(recording, notebook, "rules deleted", "web", DB))
    for (kind, port), inside in LET_IN.items():
        for source in SOURCES:
            if source in inside:
                expect_open(notebook, way("rules", source, kind, port))
            else:
                expect_closed(notebook, way("rules", source, kind, port), "web")
            for moment in ("no rule", "rules deleted"):
                expect_closed(notebook, way(moment, source, kind, port), "web")
    for kind, port in (("tcp", OTHER), ("udp", HTTP)):
        expect_closed(notebook, way("rules", "db", kind, port), "web")
    for moment in ("no rule", "rules"):
        for kind, port in (("echo", 0), ("tcp", HTTP)):
            expect_open(notebook, passage(recording, notebook, moment, "web", DB, kind, port))
    notebook.finding = "an address, a /64 and everybody: each by its protocol and port only; answers come back"


@played(test_vpc_group_admits_exactly_its_rules, because="TCP port 80 of fw1")
def group_forgets_ports() -> Broken:
    return Broken(VpcRules(wrong=ONE))


@played(test_vpc_group_admits_exactly_its_rules, because="got no answer")
def group_forgets_answers() -> Broken:
    return Broken(VpcRules(wrong=THREE))


@played(test_vpc_group_admits_exactly_its_rules, because="(rules deleted) reached fw1")
def group_sends_everywhere() -> Broken:
    return Broken(VpcRules(wrong=TWO))


@edited(test_vpc_group_admits_exactly_its_rules, because="an echo of fw1 to 2001:db8:ec:1::10 (rules) got no answer")
def block_is_not_admitted(recording: Recording) -> Recording:
    way = passage(recording, Notebook(recording), "rules", "fw1", WEB)
    return without(recording, frames=[*way.answers, *way.at("web")])


@check("ACL-02", VpcRules(), role="compute-host", cloud="vpc")
def test_vpc_acl_acts_on_the_whole_subnet_in_order(recording: Recording, notebook: Notebook) -> None:
    """A network ACL's IPv6 rules act on every member of the subnet, and the first that matches decides.

    An address that is denied before everybody is allowed reaches no member, others do; in the other order it reaches
    all. A destination that is denied first is not reached. It is stateless: with no rule for the way out, what came in
    is not answered. What stays within the subnet is not its business.
    """
    denies, allows, one_way = "ACL denies first", "ACL allows first", "ACL one way"
    for to, node in ((WEB, "web"), (DB, "db")):
        expect_closed(notebook, passage(recording, notebook, denies, "fw1", to), node)
        expect_open(notebook, passage(recording, notebook, allows, "fw1", to))
        in_only = passage(recording, notebook, one_way, "fw1", to)
        arrived = in_only.at(node)
        notebook.expect(arrived, f"{in_only.label} did not reach {node}, though the way in is allowed", *arrived[:1])
        notebook.expect(not in_only.answers, f"{in_only.label} was answered, though the way out is denied",
                        *in_only.answers[:1])
    expect_closed(notebook, passage(recording, notebook, allows, "web", OUTSIDE), "outside")
    expect_open(notebook, passage(recording, notebook, denies, "outside", WEB),
                passage(recording, notebook, denies, "web", OUTSIDE), passage(recording, notebook, denies, "web", DB))
    notebook.finding = "both members: denied before allowed, allowed before denied; one way in is no way out"


@played(test_vpc_acl_acts_on_the_whole_subnet_in_order, because="(ACL denies first) reached web")
def acl_without_order() -> Broken:
    return Broken(VpcRules(wrong=TWO))


@edited(test_vpc_acl_acts_on_the_whole_subnet_in_order, because="(ACL allows first) got no answer")
def acl_forgets_a_member(recording: Recording) -> Recording:
    way = passage(recording, Notebook(recording), "ACL allows first", "fw1", DB)
    return without(recording, frames=way.answers)


@check("ACL-03", VpcRules(), role="compute-host", cloud="vpc")
def test_vpc_rules_keep_to_their_family(recording: Recording, notebook: Notebook) -> None:
    """Rules of one family never act on the other.

    A group that lets everybody in over IPv4 opens nothing over IPv6; a network ACL without a rule for IPv6 closes
    IPv6 and leaves IPv4 open, and one that denies an IPv6 source leaves its IPv4 alone.
    """
    expect_open(notebook, passage(recording, notebook, "rules", "db", WEB4))
    expect_closed(notebook, passage(recording, notebook, "no rule", "db", WEB4), "web")
    for kind, port in (("tcp", OTHER), ("echo", 0), ("udp", HTTP)):
        expect_closed(notebook, passage(recording, notebook, "rules", "db", WEB, kind, port), "web")
    for to, four, node in ((WEB, WEB4, "web"), (DB, DB4, "db")):
        for moment in ("ACL without IPv6", "ACL denies first"):
            expect_closed(notebook, passage(recording, notebook, moment, "fw1", to), node)
            expect_open(notebook, passage(recording, notebook, moment, "fw1", four))
    notebook.finding = "IPv4 open and IPv6 closed, in a group and in an ACL, at the same moment"


@played(test_vpc_rules_keep_to_their_family, because="TCP port 81 of db to 2001:db8:ec:1::10 (rules) reached web")
def ipv4_rule_opens_ipv6() -> Broken:
    return Broken(VpcRules(wrong=TWO))


@played(test_vpc_rules_keep_to_their_family, because="(ACL without IPv6) got no answer")
def no_ipv6_rule_closes_ipv4() -> Broken:
    return Broken(VpcRules(wrong=THREE))


@check("ACL-10", VpcRules(), role="management", cloud="vpc")
def test_vpc_refuses_malformed_rules(recording: Recording, notebook: Notebook) -> None:
    """Rules with malformed addresses, of the other family, with zones or impossible ports are refused; so is a twin.

    After all of them were asked for, the group lets in nobody whom it did not let in before.
    """
    asked = [mark.what.what for mark in recording.marked(CloudAsked) if "the rule IPv" in mark.what.what]
    notebook.stimulus([True] if len(asked) == len(BAD_RULES) else [], f"only {len(asked)} rules were asked for")
    expect_refused(recording, notebook, *asked, "add one rule in two spellings")
    for source in SOURCES:
        expect_closed(notebook, passage(recording, notebook, "no rule", source, WEB), "web")
    notebook.finding = f"{len(asked)} malformed rules and a twin were refused, and nothing was let in"


@played(test_vpc_refuses_malformed_rules, because="did not refuse to add the rule IPv6 '2001:db8:ec:1::1/64'")
def host_bits_are_dropped() -> Broken:
    return Broken(VpcRules(wrong=TWO))
