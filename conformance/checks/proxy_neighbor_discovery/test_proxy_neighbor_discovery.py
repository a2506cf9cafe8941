"""Proxy Neighbor Discovery: how a compute host answers for the workloads that are not on a container's link."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import receivable
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording.editing import rewritten, shifted, with_frame, without
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import (
    NeighborAdvertisement,
    NeighborSolicitation,
    neighbor_advertisements,
    neighbor_solicitations,
)
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.proxy_neighbor_discovery.container_agent import ADDRESSES
from fixtures.scenarios.proxy_neighbor_discovery.containers import BothAnswered, ContainersTalk, Taking
from fixtures.timers import MAX_ANYCAST_DELAY_TIME, RETRANS_TIMER
from topologies.stage import addressing as plan

STATIC, BOUND = ContainersTalk(), ContainersTalk(rule="interface")

#: Seconds: a random delay is less than this once in eighty times; that of a program that does not wait is, where the
#: machine does not hold it up. So it is enough that this part of its answers comes at once: random ones do so once in
#: 6000 plays.
AT_ONCE, TOO_MANY = 0.01, 1 / 3


@check("PNDP-01", STATIC, role="compute-host")
def test_host_answers_for_other_workloads(recording: Recording, notebook: Notebook) -> None:
    """A container's NS for a workload elsewhere gets the host's own MAC, and the packet arrives (Calico, IPv6 support).

    The NA is about the asked address, S=1 to the solicitor, O=0, with the host's MAC as TLLAO. The packet then passes
    every host on the way: one to a workload on the same host, two to one on another.
    """
    mac = recording.mac("host1", "cali1")
    for name, hosts in (("c2", 1), ("c3", 2)):
        address = ADDRESSES[name]
        asked = notebook.stimulus(_solicitations(recording, "c1", address), f"c1 sent no solicitation for {address}")[0]
        answers = _answers(recording, asked, "c1")
        notebook.expect(answers, f"the host did not answer for {name}", asked)
        answer = answers[0]
        notebook.expect(answer.mac_source == mac, f"{answer.mac_source} answered for {name}, not the host", answer)
        notebook.expect(answer.tllao == mac, f"the host's answer for {name} has the TLLAO {answer.tllao}")
        notebook.expect(answer.solicited, f"the host's answer for {name} has S=0")
        notebook.expect(answer.destination == asked.source,
                        f"the host sent the answer for {name} to {answer.destination}")
        notebook.expect(not answer.override, f"the host's answer for {name} has O=1")
        _expect_hops(recording, notebook, name, hosts)
    notebook.finding = "the host answered with its own MAC; one hop to the same host's workload, two to the other's"


def _expect_hops(recording: Recording, notebook: Notebook, name: str, hosts: int) -> None:
    """c1's Echo Request to a container arrived there over so many hosts."""
    sent = [each for each in echoes(recording.at("c1", outgoing=True), reply=False)
            if each.destination == ADDRESSES[name]]
    first = notebook.stimulus(sent, f"c1 sent no Echo Request to {name}")[0]
    there = [each for each in echoes(recording.at(name, outgoing=False), reply=False) if _same(each, first)]
    notebook.expect(there, f"the Echo Request to {name} did not arrive", first)
    passed = first.hop_limit - there[0].hop_limit
    notebook.expect(passed == hosts, f"the hop limit on the way to {name} decreased by {passed}, not {hosts}", there[0])


def _same(one: Echo, other: Echo) -> bool:
    return (one.source, one.destination, one.identifier, one.sequence) == (
        other.source, other.destination, other.identifier, other.sequence)


def _solicitations(recording: Recording, node: str, target: IPv6Address) -> list[NeighborSolicitation]:
    """A node's multicast solicitations for a target that are no probes of DAD."""
    return [each for each in neighbor_solicitations(recording.at(node, outgoing=True))
            if each.target == target and not each.dad and each.destination.is_multicast]


def _answers(recording: Recording, asked: NeighborSolicitation, node: str) -> list[NeighborAdvertisement]:
    """What arrived at a node about the target of a solicitation after it."""
    return [each for each in receivable(neighbor_advertisements(recording.at(node, outgoing=False)))
            if each.target == asked.target and each.frame.ns >= asked.frame.ns]


def _proxy_answers(recording: Recording) -> list[NeighborAdvertisement]:
    """All that host1 says on c1's link about others' addresses."""
    mac = recording.mac("host1", "cali1")
    return [each for each in neighbor_advertisements(recording.at("host1", "cali1", outgoing=True))
            if each.mac_source == mac and each.target in plan.CONTAINERS]


@played(test_host_answers_for_other_workloads, because="did not answer for c2")
def host_without_proxy() -> Broken:
    """Proxying is off on the host under test, and on at the other."""
    return Broken(ContainersTalk(proxying="nothing"))


@edited(test_host_answers_for_other_workloads, because="has the TLLAO")
def answers_with_the_owners_mac(recording: Recording) -> Recording:
    """A host that gives the workload's MAC away instead of its own."""

    def give(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptDstLLAddr].lladdr = recording.mac("c3", "eth0")

    return rewritten(recording, neighbor_advertisements(recording.at("c1", outgoing=False)), give)


@edited(test_host_answers_for_other_workloads, because="did not arrive")
def packets_end_at_the_host(recording: Recording) -> Recording:
    """A host that draws the traffic and drops it."""
    return without(recording, frames=echoes(recording.at("c3", outgoing=False)))


@check("PNDP-02", STATIC, role="compute-host")
def test_the_real_owner_wins(recording: Recording, notebook: Notebook) -> None:
    """Solicited proxy NAs have O=0, so that an owner on the link takes precedence (RFC 4861 sections 7.2.8, 7.2.4).

    Where both answered, the solicitor's packets go to the owner. An answer to a multicast NS should come after a random
    delay of up to MAX_ANYCAST_DELAY_TIME.
    """
    solicited = [each for each in _proxy_answers(recording) if each.solicited]
    for answer in notebook.stimulus(solicited, "the proxy answered no solicitation"):
        notebook.expect(not answer.override, f"the proxy's answer for {answer.target} has O=1", answer)
    _owner_is_believed(recording, notebook)
    _expect_delay(recording, notebook)
    notebook.finding = "O=0 in every answer, each after a random delay, and the owner on the link was believed"


def _owner_is_believed(recording: Recording, notebook: Notebook) -> None:
    """After both had answered c1, its packets go to the owner."""
    owner, proxy = recording.mac("peer", "eth0"), recording.mac("host1", "cali1")
    both = notebook.stimulus(recording.marked(BothAnswered),
                             "c1 sent no solicitation for an address on its own link")[0]
    for mac, who in ((owner, "owner"), (proxy, "proxy")):
        answers = [each for each in receivable(neighbor_advertisements(recording.at("c1", outgoing=False)))
                   if each.target == plan.CONTAINER_NEIGHBOR and each.mac_source == mac and each.frame.ns <= both.ns]
        notebook.cite(*notebook.stimulus(answers, f"the {who} did not answer c1"))
    after = notebook.stimulus(
        [each for each in echoes(recording.at("c1", outgoing=True), reply=False)
         if each.destination == plan.CONTAINER_NEIGHBOR and each.frame.ns >= both.ns], "c1 sent nothing afterwards")
    for sent in after:
        to = {owner: "the owner's", proxy: "the proxy's"}.get(sent.mac_destination, "another")
        notebook.expect(sent.mac_destination == owner, f"c1 sends to {to} MAC after both have answered", sent)


def _expect_delay(recording: Recording, notebook: Notebook) -> None:
    """The proxy waits before it answers a multicast solicitation; where the host stalled, nobody can tell."""
    pairs = _pairs(recording)
    longest = max(answer.time - asked.time for asked, answer in pairs)
    notebook.figure("longest delay of a proxy's answer", longest, "s")
    notebook.recommend(longest <= MAX_ANYCAST_DELAY_TIME + recording.stall(),
                       f"the proxy took {longest:.3f} s to answer")
    quick = [asked for asked, answer in pairs if answer.time - asked.time <= AT_ONCE]
    slow = [asked for asked, answer in pairs
            if answer.time - asked.time > AT_ONCE + recording.stall(asked.time, answer.time)]
    notebook.stimulus([*quick, *slow], "the host stalled while the proxy answered")
    told = f"{len(quick)} of {len(pairs)} multicast solicitations were answered at once, within {AT_ONCE * 1000:g} ms"
    notebook.recommend(len(quick) < TOO_MANY * len(pairs), f"{told}, not after a random delay", *quick)


def _pairs(recording: Recording) -> list[tuple[NeighborSolicitation, NeighborAdvertisement]]:
    """Each multicast solicitation on c1's link, and the proxy's answer to it."""
    answers = [each for each in _proxy_answers(recording) if each.solicited]
    asked = [each for each in neighbor_solicitations(recording.at("host1", "cali1", outgoing=False))
             if not each.dad and each.destination.is_multicast]
    pairs = []
    for each in asked:
        mine = [answer for answer in answers if answer.frame.ns >= each.frame.ns
                and (answer.target, answer.destination) == (each.target, each.source)]
        pairs += [(each, answer) for answer in mine[:1]]
    return pairs


def _overriding(packet: Any) -> None:
    packet[layer("inet6").ICMPv6ND_NA].O = 1


@played(test_the_real_owner_wins, because="O=1")
def proxy_overrides() -> Broken:
    """A proxy that answers as owners do, a moment after the owner."""
    return Broken(ContainersTalk(proxying="overriding"))


@edited(test_the_real_owner_wins, because="the proxy's MAC")
def solicitor_believes_the_proxy(recording: Recording) -> Recording:
    """What the link looks like where the proxy's answer wins."""

    def divert(packet: Any) -> None:
        packet.dst = recording.mac("host1", "cali1")

    last = [each for each in echoes(recording.at("c1", outgoing=True), reply=False)
            if each.destination == plan.CONTAINER_NEIGHBOR][-1]
    return rewritten(recording, last, divert)


@edited(test_the_real_owner_wins, because="at once")
def proxy_answers_at_once(recording: Recording) -> Recording:
    """A proxy that does not wait: each answer follows its solicitation."""
    edit = recording
    for asked, answer in _pairs(recording):
        same = next(frame for frame in edit.frames if frame == replace(answer.frame, number=frame.number))
        edit = shifted(edit, asked.time - answer.time + 0.001, frames=same)
    return edit


@check("PNDP-03", STATIC, role="compute-host")
def test_proxied_addresses_are_defended(recording: Recording, notebook: Notebook) -> None:
    """A DAD probe for a proxied address gets an NA to all nodes with S=0 (RFC 4861 section 7.2.4, RFC 4862 5.4.3).

    So whoever tries to take it has a duplicate.
    """
    taking = notebook.stimulus(recording.marked(Taking), "no node probed for a proxied address")[0]
    address = IPv6Address(taking.what.address)
    probes = [each for each in neighbor_solicitations(recording.at("c1", outgoing=True))
              if each.dad and each.target == address and each.frame.ns >= taking.ns]
    probe = notebook.stimulus(probes, f"c1 did not probe for {address}")[0]
    answers = _answers(recording, probe, "c1")
    notebook.expect(answers, f"the host did not defend {address}", probe)
    answer = answers[0]
    notebook.expect(answer.mac_source == recording.mac("host1", "cali1"),
                    "another node than the host answered the probe", answer)
    notebook.expect(answer.destination == ALL_NODES, f"the host sent the answer to the probe to {answer.destination}")
    notebook.expect(not answer.solicited, "the host's answer to the probe has S=1")
    notebook.in_time(answer.time - probe.time, RETRANS_TIMER, "the host answered after the end of DAD")
    failed = [event for event in recording.happened("c1", "address", "new", local=str(address))
              if "dadfailed" in event.fields["flags"]]
    notebook.expect(failed, "c1 assigned the address all the same", *failed)
    notebook.finding = "the host answered the probe to all nodes, and the address became a duplicate"


@played(test_proxied_addresses_are_defended, because="did not defend")
def host_does_not_defend() -> Broken:
    """Proxying is off on the host under test."""
    return Broken(ContainersTalk(proxying="nothing"))


@edited(test_proxied_addresses_are_defended, because="did not defend")
def defends_as_solicited(recording: Recording) -> Recording:
    """S=1 to nobody in particular, which everybody has to discard (RFC 4861 section 7.1.2)."""

    def solicit(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_NA].S = 1

    to_all = [each for each in neighbor_advertisements(recording.frames) if each.destination == ALL_NODES]
    return rewritten(recording, to_all, solicit)


@check("PNDP-04", STATIC, role="compute-host")
def test_proxy_answers_only_for_what_is_listed(recording: Recording, notebook: Notebook) -> None:
    """A proxy is silent about an address that is not listed, and about the solicitor's own, as DAD asks for it.

    What a static rule says about a listed address whose owner is gone is told, not judged.
    """
    listed = [each for each in _proxy_answers(recording) if each.target in (ADDRESSES["c2"], ADDRESSES["c3"])]
    notebook.cite(*notebook.stimulus(listed, "the proxy answered no solicitation")[:1])
    for target, who in ((plan.CONTAINER_ABSENT, "an address that is not listed"), (ADDRESSES["c1"], "c1's own")):
        _silent(recording, notebook, target, who)
    gone = [each for each in _proxy_answers(recording) if each.target == plan.CONTAINER_GONE]
    notebook.cite(*gone[:1])
    told = "it answers" if gone else "silent"
    notebook.finding = f"silent about an unlisted address and the container's own; {told} for a listed one who is gone"


def _silent(recording: Recording, notebook: Notebook, target: IPv6Address, who: str) -> None:
    """host1 was asked on c1's link for the target, had time, and did not answer."""
    asked = [each for each in neighbor_solicitations(recording.at("host1", "cali1", outgoing=False))
             if each.target == target]
    notebook.cite(*notebook.stimulus(asked, f"no solicitation asked for {who}"))
    answers = [each for each in _proxy_answers(recording) if each.target == target]
    notebook.expect(not answers, f"the proxy answered for {target}, {who}", *answers)
    heard = recording.duration - asked[-1].time
    notebook.stimulus([heard] if heard >= MAX_ANYCAST_DELAY_TIME else [], f"the play ended {heard:.1f} s after the NS")


@played(test_proxy_answers_only_for_what_is_listed, because="an address that is not listed")
def proxy_for_the_whole_prefix() -> Broken:
    """One static rule for the containers' prefix answers everything."""
    return Broken(ContainersTalk(proxying="prefix"), {"neighbor-proxy": "ndppd"})


@edited(test_proxy_answers_only_for_what_is_listed, because="c1's own")
def proxy_claims_the_containers_own_address(recording: Recording) -> Recording:
    """A proxy that answers a container's DAD for the address that the container is to have."""
    return _with_claim(recording, ADDRESSES["c1"])


def _with_claim(recording: Recording, target: IPv6Address) -> Recording:
    """The same with a proxy that answers for the target, too."""
    pattern = next(each for each in _proxy_answers(recording) if each.target == ADDRESSES["c2"])
    packet = layer("l2").Ether(pattern.frame.data)
    packet[layer("inet6").ICMPv6ND_NA].tgt = str(target)
    del packet[layer("inet6").ICMPv6ND_NA].cksum
    asked = [each for each in neighbor_solicitations(recording.at("host1", "cali1", outgoing=False))
             if each.target == target]
    return with_frame(recording, packet, time=asked[0].time + 0.1, node="host1", interface="cali1", outgoing=True)


@check("PNDP-04", BOUND, role="compute-host", needs=("neighbor-rules",))
def test_bound_rule_answers_only_for_who_is_there(recording: Recording, notebook: Notebook) -> None:
    """A proxy whose rule is bound to an interface answers for who is behind it, not for a workload that is gone."""
    there = [each for each in _proxy_answers(recording) if each.target == ADDRESSES["c2"]]
    notebook.cite(*notebook.stimulus(there, "the proxy did not even answer for a workload that is there")[:1])
    _silent(recording, notebook, plan.CONTAINER_GONE, "whose owner is gone")
    notebook.finding = "the proxy answered for the workload that is there, and not for the one that is gone"


@edited(test_bound_rule_answers_only_for_who_is_there, because="whose owner is gone")
def proxy_answers_for_the_gone(recording: Recording) -> Recording:
    """A proxy that does not look whether the owner is there."""
    return _with_claim(recording, plan.CONTAINER_GONE)


@played(test_bound_rule_answers_only_for_who_is_there, because="whose owner is gone")
def proxy_with_a_static_rule() -> Broken:
    """The same addresses under a static rule."""
    return Broken(ContainersTalk(), {"neighbor-proxy": "ndppd"})
