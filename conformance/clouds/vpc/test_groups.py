"""VPC: rules for ICMPv6 by type and code, and rules whose source is a group with changing members."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.clouds.reading.messages import expect_answered, expect_arrived, expect_stopped, messages
from conformance.clouds.reading.refusals import expect_refused
from conformance.clouds.vpc.reading import expect_closed, expect_open, passage
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudRefused
from fixtures.protocols.icmp import ECHO_REQUEST
from fixtures.recording.editing import with_frame, without
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.vpc.groups import MIXES, QUERY, SENT, Members, VpcGroups, mix_question
from topologies.vpc import SUBNETS4

WEB, WEB4 = IPv6Address("2001:db8:ec:1::10"), SUBNETS4["a"][16]
TAPS = {"web": "tap1", "db": "tap2"}
#: By the instance: the ICMPv6 messages (type, code) that its only rule admits, one by its type and one by its code too.
ADMITTED = {"web": {(ECHO_REQUEST, 0), (ECHO_REQUEST, 1)}, "db": {(QUERY, 1)}}
#: Seconds in which a change of members acts (catalogue, ACL-06).
FOLLOWS = 2.0
#: Faults of filters and groups, in three plays for all mutants.
ONE, TWO, THREE = "codeless ipv4-members", "one-icmp keeps-leavers", "keeps-addresses"


@check("ACL-05", VpcGroups(), role="compute-host", cloud="vpc")
def test_vpc_icmpv6_rules_honour_type_and_code(recording: Recording, notebook: Notebook) -> None:
    """A rule for an ICMPv6 type admits that type only, with a code that code only; ICMP rules keep to their family.

    A rule for type 128 admits Echo Requests and no Reply without a request, query, stray error or unknown type, and no
    IPv4 echo. One for type 139 with code 1 admits neither other codes nor echoes. One for IPv4's ICMP admits an IPv4
    echo and none of IPv6. Rules that mix icmp with IPv6 or icmpv6 with IPv4, or have impossible codes, are refused.
    """
    for instance, sent in SENT.items():
        for kind, code in sent:
            each = messages(recording, notebook, "ICMPv6 rules", to=instance, kind=kind, code=code)[0]
            if (kind, code) in ADMITTED[instance]:
                expect_arrived(notebook, each)
            else:
                expect_stopped(notebook, "host1", TAPS[instance], each)
    expect_open(notebook, passage(recording, notebook, "ICMPv6 rules", "fw1", WEB),
                passage(recording, notebook, "ICMP rule", "fw1", WEB4))
    expect_closed(notebook, passage(recording, notebook, "ICMP rule", "fw1", WEB), "web")
    expect_closed(notebook, passage(recording, notebook, "ICMPv6 rules", "fw1", WEB4), "web")
    expect_refused(recording, notebook, *(mix_question(*mix) for mix in MIXES))
    notebook.finding = f"of {sum(map(len, SENT.values()))} ICMPv6 messages only those admitted; mixes were refused"


@played(test_vpc_icmpv6_rules_honour_type_and_code, because="ICMPv6 139/0 from fw1 to db (ICMPv6 rules) reached db")
def compiler_forgets_codes() -> Broken:
    return Broken(VpcGroups(wrong=ONE))


@played(test_vpc_icmpv6_rules_honour_type_and_code, because="(ICMP rule) reached web")
def icmp_rule_covers_icmpv6() -> Broken:
    return Broken(VpcGroups(wrong=TWO))


@edited(test_vpc_icmpv6_rules_honour_type_and_code, because="to 192.0.2.16 (ICMPv6 rules) reached web")
def icmpv6_rule_covers_icmp(recording: Recording) -> Recording:
    """The IPv4 echo that the rule for ICMPv6 does not admit comes to web."""
    sent = passage(recording, Notebook(recording), "ICMPv6 rules", "fw1", WEB4).asked[0]
    return with_frame(recording, sent.data, time=sent.time + 0.01, node="web", interface="eth0")


@edited(test_vpc_icmpv6_rules_honour_type_and_code, because="did not refuse to add the rule IPv6 ::/0 icmp type None")
def mixed_families_are_taken(recording: Recording) -> Recording:
    return without(recording, others=[mark for mark in recording.marked(CloudRefused)
                                      if mark.what.what == mix_question(*MIXES[0])])


@check("ACL-06", VpcGroups(), role="compute-host", cloud="vpc")
def test_vpc_group_as_source_follows_its_members(recording: Recording, notebook: Notebook) -> None:
    """A rule whose source is a group admits the members' IPv6 addresses, and follows join, leave and change of address.

    An instance that joins is let in within 2 seconds, and so is the new address of a member that moves; its old
    address is not let in when somebody else has it, nor the instance once it has left, 2 seconds later. Who never
    joined is not let in at any time.
    """
    _expect_shut(recording, notebook, "no member", since="no member")
    _expect_let_in(recording, notebook, "joined")
    _expect_shut(recording, notebook, "stranger", since="joined")
    _expect_let_in(recording, notebook, "moved")
    _expect_shut(recording, notebook, "freed", since="moved")
    _expect_shut(recording, notebook, "left", since="left")
    notebook.finding = "members are let in, with a new address too; not before they join or after they leave"


def _change(recording: Recording, notebook: Notebook, moment: str) -> Mark:
    found = [mark for mark in recording.marked(Members) if mark.what.moment == moment]
    return notebook.stimulus(found, f"the play ended before: {moment}")[0]


def _expect_let_in(recording: Recording, notebook: Notebook, moment: str) -> None:
    """Expect that the first echo that was answered was so soon after the change."""
    change, tries = _change(recording, notebook, moment), messages(recording, notebook, moment)
    answered = [each for each in tries if each.answers()]
    if not answered:
        late = tries[-1].mark.time - change.time
        notebook.stimulus([late] if late >= FOLLOWS else [], f"no node tried {FOLLOWS:g} s after: {moment}")
    expect_answered(notebook, *(answered or tries)[:1])
    answer = answered[0].answers()[0]
    notebook.in_time(answer.time - change.time, FOLLOWS, f"the new member was admitted late ({moment})", change, answer)
    notebook.figure(f"{moment}: let in after", answer.time - change.time, "s")


def _expect_shut(recording: Recording, notebook: Notebook, moment: str, *, since: str) -> None:
    """Expect that no echo reached web that was sent two seconds after the change, and the last one in any case."""
    change, tries = _change(recording, notebook, since), messages(recording, notebook, moment)
    for each in tries:
        if each is tries[-1] or each.mark.time - change.time > FOLLOWS:
            expect_stopped(notebook, "host1", "tap1", each)


@played(test_vpc_group_as_source_follows_its_members, because="from db to web (joined) did not arrive")
def group_of_ipv4_addresses() -> Broken:
    return Broken(VpcGroups(wrong=ONE))


@played(test_vpc_group_as_source_follows_its_members, because="from db to web (left) reached web")
def group_keeps_who_left() -> Broken:
    return Broken(VpcGroups(wrong=TWO))


@played(test_vpc_group_as_source_follows_its_members, because="from db to web (moved) did not arrive")
def group_keeps_old_addresses() -> Broken:
    return Broken(VpcGroups(wrong=THREE))


@edited(test_vpc_group_as_source_follows_its_members, because="(freed) reached web")
def old_address_stays_in_the_group(recording: Recording) -> Recording:
    each = messages(recording, Notebook(recording), "freed")[-1]
    frame = each.at_source()[0]
    return with_frame(recording, frame.data, time=frame.time + 0.01, node="web", interface="eth0")
