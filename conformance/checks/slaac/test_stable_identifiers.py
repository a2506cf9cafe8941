"""Opaque interface identifiers that stay: the same at each boot, another in each prefix, another after a conflict."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from secrets import token_bytes
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.programs.base import Post
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.scenarios.slaac.stable_identifiers import ANOTHER, CONTESTED, LATE, STEADY, Contested, StableIdentifiers
from fixtures.stagecraft.marks import PowerOff
from fixtures.timers import RETRANS_TIMER
from topologies.stage import addressing as plan


def _probes(recording: Recording, network: IPv6Network) -> list[NeighborSolicitation]:
    """The guest's DAD probes for addresses of the network: when the wire hears of them first."""
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.dad and each.target in network]


def _answers(recording: Recording, target: IPv6Address) -> list[NeighborAdvertisement]:
    sent = ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.target == target]


def identifier(address: IPv6Address) -> int:
    """The last 64 bits of an address."""
    return int(address) & (1 << 64) - 1


@check("SLAAC-12", StableIdentifiers(), role="guest")
def test_identifiers_are_opaque_and_stay(recording: Recording, notebook: Notebook) -> None:
    """At both boots the guest forms the same address of a prefix, and no two prefixes have an identifier in common.

    None is made of the MAC address (RFC 7217 section 5, which RFC 8064 recommends). When an address turns out to be a
    duplicate, the guest tries another one after IDGEN_DELAY at most, and has it (RFC 7217 section 6).
    """
    off = notebook.stimulus(recording.marked(PowerOff), "the guest was not booted a second time")[0]
    seen: dict[int, IPv6Network] = {}
    for prefix in STEADY:
        probes = _probes(recording, prefix)
        first, again = ([each for each in probes if (each.frame.ns > off.ns) is later] for later in (False, True))
        notebook.stimulus(first, f"no address of {prefix} was formed")
        notebook.stimulus(again, f"no address of {prefix} was formed after the reboot")
        for probe in first:
            predictable = probe.target == plan.eui64(prefix, recording.mac("guest", "eth0"))
            notebook.expect(not predictable, f"the guest formed {probe.target} from its MAC address", probe)
            number = identifier(probe.target)
            other = seen.setdefault(number, prefix)
            notebook.expect(other == prefix,
                            f"the guest's addresses in {prefix} and {other} have an identifier in common", probe)
        for probe in again:
            same = probe.target in {each.target for each in first}
            otherwise = f"the guest formed {probe.target} after a reboot, and {first[0].target} before"
            notebook.expect(same, otherwise, *first, probe)
    _tries_another(recording, notebook)
    notebook.finding = "two prefixes, two opaque identifiers, the same after a reboot; after a conflict another one"


def _tries_another(recording: Recording, notebook: Notebook) -> None:
    """Of the contested prefix the guest takes a second address when the first is taken."""
    contested = notebook.stimulus(recording.marked(Contested), "no node contested an address of the guest")[0]
    target = IPv6Address(contested.what.target)
    heard = ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
    probe = notebook.stimulus([each for each in _probes(recording, CONTESTED) if each.target == target],
                              f"the guest did not probe for {target}")[0]
    in_time = [each for each in heard if each.target == target and 0 < each.time - probe.time < RETRANS_TIMER]
    contest = notebook.stimulus(in_time, f"{target} was not contested in time")[0]
    others = [each for each in _probes(recording, CONTESTED) if each.target != target]
    notebook.expect(others, f"the guest tried no other address when {target} was taken", probe, contest, *others[:1])
    notebook.in_time(others[0].time - contest.time, ANOTHER + LATE,
                     "the guest tried another address late", contest, others[0])
    answers = _answers(recording, others[0].target)
    notebook.expect(answers,
                    f"the guest probed for {others[0].target}, and never answered for it", others[0], *answers[:1])


@played(test_identifiers_are_opaque_and_stay, because="from its MAC address")
def guest_with_hardware_identifiers() -> Broken:
    """addr_gen_mode=0, EUI-64."""
    return Broken(StableIdentifiers(), {"guest": KernelGuest("linux:addr_gen_mode=0", {"addr_gen_mode": 0})})


@dataclass(frozen=True)
class ForgetfulGuest(KernelGuest):
    """A guest that makes up its secret at each boot, as one that never had a disk."""

    def prepare(self, post: Post) -> None:
        """As any, and with that secret."""
        super().prepare(post)
        for interface in post.interfaces:
            post.sysctl(f"net/ipv6/conf/{interface}/stable_secret", str(IPv6Address(token_bytes(16))))


@played(test_identifiers_are_opaque_and_stay, because="after a reboot")
def guest_with_another_secret_at_each_boot() -> Broken:
    return Broken(StableIdentifiers(), {"guest": ForgetfulGuest("linux:new-secret")})


@edited(test_identifiers_are_opaque_and_stay, because="have an identifier in common")
def guest_with_one_identifier(recording: Recording) -> Recording:
    """It is opaque, and the same everywhere, so the guest can be followed from network to network."""
    def change(packet: Any) -> None:
        message = packet[layer("inet6").ICMPv6ND_NS]
        prefix = int(IPv6Address(message.tgt)) >> 64
        message.tgt = str(IPv6Address(prefix << 64 | 0x5EC7))

    return editing.rewritten(recording, [each for prefix in STEADY for each in _probes(recording, prefix)], change)


@edited(test_identifiers_are_opaque_and_stay, because="tried no other address")
def guest_that_gives_up(recording: Recording) -> Recording:
    """A conflict leaves it without an address."""
    target = IPv6Address(recording.marked(Contested)[0].what.target)
    others = [each for each in _probes(recording, CONTESTED) if each.target != target]
    return editing.without(recording, frames=others)
