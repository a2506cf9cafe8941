"""Calico: what the Router Advertisements on a tap say, and what they make of a VM."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import OnLinkGuest
from conformance.clouds.reading.flows import flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten, rewritten_events, with_frame, without
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import neighbor_solicitations, router_advertisements
from fixtures.scenarios.clouds.calico.boot import ALLOCATED, CalicoVmBoots
from topologies.stage import addressing as plan

#: Seconds by which a configured lifetime may differ from the granted one.
ROUNDING = 2.0


@check("RA-06", CalicoVmBoots(), role="router", cloud="calico")
def test_tap_advertises_only_a_default_route(recording: Recording, notebook: Notebook) -> None:
    """On a tap, RAs have M=1, a router lifetime, and no prefix that is on-link or autonomous (Calico, IPv6 Support).

    So the VM has a default route to the tap's link-local address, and no route to the prefix itself.
    """
    tap = plan.link_local(recording.mac("host1", "tap1"))
    found = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    for ra in notebook.stimulus(found, "no Router Advertisement reached vm1"):
        notebook.expect(ra.source == tap, f"the RA comes from {ra.source}, not from the tap's {tap}", ra)
        notebook.expect(ra.managed, "dnsmasq's RA for vm1 has M=0", ra)
        notebook.expect(ra.lifetime > 0, "dnsmasq's RA for vm1 has a router lifetime of 0", ra)
        for prefix in ra.prefixes:
            notebook.expect(not prefix.on_link, f"dnsmasq's RA for vm1 has the prefix {prefix.network} with L=1", ra)
            notebook.expect(not prefix.autonomous, f"dnsmasq's RA for vm1 has the prefix {prefix.network} with A=1", ra)
    shots = [shot for shot in (recording.snapshot("booted", "vm1"),) if shot is not None]
    routes = notebook.stimulus(shots, "vm1's state was not recorded after its boot")[0].tables["route"]
    default = [row for row in routes if row["dst"] == "default" and row.get("gateway") == str(tap)]
    notebook.expect(default, f"vm1 has no default route to {tap}", shots[0])
    onlink = [row for row in routes if row["dst"] == str(plan.LAN) and not row.get("gateway")]
    notebook.expect(not onlink, f"vm1 has a route to {plan.LAN} on its link", shots[0])
    notebook.finding = "M=1, a router lifetime, neither L nor A; vm1 has the default route to its tap and none besides"


@played(test_tap_advertises_only_a_default_route, because="L=1")
def taps_served_as_a_lan() -> Broken:
    """A control plane that configures dnsmasq for the taps as for a LAN."""
    return Broken(CalicoVmBoots(on_link=True))


@edited(test_tap_advertises_only_a_default_route, because="A=1")
def autonomous_flag_set(recording: Recording) -> Recording:
    """A subnet that lets its VMs form addresses beside the allocated ones."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].A = 1

    return rewritten(recording, router_advertisements(recording.frames), turn)


@check("SLAAC-02", CalicoVmBoots(), role="guest", cloud="calico")
def test_tap_makes_no_address_by_itself(recording: Recording, notebook: Notebook) -> None:
    """From the prefix of a tap's RAs, which is not autonomous, a VM forms no address (RFC 4862 section 5.5.3 a).

    It has none of that prefix but the allocated one, if it asked for that, and uses the rest of the RA: it has the
    default route.
    """
    heard = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    offered = [ra for ra in heard if any(prefix.network == plan.LAN for prefix in ra.prefixes)]
    for ra in notebook.stimulus(offered, f"no RA with {plan.LAN} reached vm1"):
        autonomous = any(prefix.autonomous for prefix in ra.prefixes)
        notebook.stimulus([] if autonomous else [ra], "the RA allows vm1 to form an address")
        notebook.cite(ra)
    probes = [each for each in neighbor_solicitations(recording.at("vm1", "eth0", outgoing=True))
              if each.dad and each.target in plan.LAN and each.target != ALLOCATED]
    notebook.expect(not probes, f"vm1 formed {probes[0].target if probes else ''} from a prefix with A=0", *probes[:1])
    held = {event.fields["local"] for event in recording.happened("vm1", "address", "new", family="inet6")
            if IPv6Address(event.fields["local"]) in plan.LAN}
    notebook.expect(held <= {str(ALLOCATED)}, f"vm1 has {', '.join(sorted(held))}")
    routes = [event for event in recording.happened("vm1", "route", "new", dst="default")
              if event.fields.get("family") == "inet6"]
    notebook.expect(routes, "vm1 did not use the RA: it has no default route", *routes[:1])
    notebook.finding = "no address of its own making, and the default route from the same RAs"


@edited(test_tap_makes_no_address_by_itself, because="vm1 formed")
def vm_that_ignores_the_autonomous_flag(recording: Recording) -> Recording:
    """A VM that probes for an address of its own making."""
    target = plan.eui64(plan.LAN, recording.mac("vm1", "eth0"))
    inet6, ether = layer("inet6"), layer("l2").Ether
    probe = ether(src=recording.mac("vm1", "eth0"), dst="33:33:ff:00:00:01") / inet6.IPv6(
        src="::", dst="ff02::1:ff00:1", hlim=255) / inet6.ICMPv6ND_NS(tgt=str(target))
    return with_frame(recording, probe, time=recording.duration - 0.1, node="vm1", interface="eth0", outgoing=True)


@played(test_tap_makes_no_address_by_itself, because="vm1 formed")
def vm_with_an_address_of_its_own() -> Broken:
    """An image that takes an address in every prefix that it hears of."""
    taken = f"{plan.LAN_STATIC[6]}/128"
    return Broken(CalicoVmBoots(), {"guest": OnLinkGuest("linux:takes-an-address", address=taken)})


def sent_to_the_tap(recording: Recording, notebook: Notebook, to: str) -> None:
    """Expect that what vm1 sent to somebody had the tap's MAC address, and that it solicited nobody for it."""
    tap = recording.mac("host1", "tap1")
    for flow in notebook.stimulus(flows(recording, to=to), f"vm1 did not connect to {to}"):
        sent = passages(recording.at("vm1", "eth0", outgoing=True), flow, back=False)
        asked = [each for each in neighbor_solicitations(recording.at("vm1", "eth0", outgoing=True))
                 if each.target == flow.address]
        notebook.expect(not asked, f"vm1 solicited {flow.address} on its link", *asked[:1])
        for each in notebook.stimulus(sent, f"vm1 sent nothing to {flow.address}"):
            mac = each.headers.mac_destination
            notebook.expect(mac == tap, f"vm1 sent the packet for {flow.address} to {mac}, not to the tap", each.frame)


@check("RA-07", CalicoVmBoots(), role="guest", cloud="calico")
def test_tap_is_the_vms_router(recording: Recording, notebook: Notebook) -> None:
    """A VM takes its tap for a default router: a route to its link-local address, and off-link packets to its MAC."""
    tap = plan.link_local(recording.mac("host1", "tap1"))
    heard = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    offers = [ra for ra in heard if ra.lifetime]
    notebook.cite(*notebook.stimulus(offers, "no RA with a router lifetime reached vm1")[:1])
    routes = [event for event in recording.happened("vm1", "route", "new", dst="default")
              if str(tap) in [str(each.get("gateway")) for each in event.fields.get("nexthops") or [event.fields]]]
    notebook.expect(routes, f"vm1 made no default route to {tap}", *routes[:1])
    sent_to_the_tap(recording, notebook, "outside")
    notebook.finding = f"default route to {tap}, and packets to outside leave for the tap"


@edited(test_tap_is_the_vms_router, because="not to the tap")
def vm_that_sends_past_the_tap(recording: Recording) -> Recording:
    """A VM that has another way out."""
    return rewritten(recording, _flow_frames(recording, "outside"), _divert)


@edited(test_tap_is_the_vms_router, because="made no default route")
def vm_that_makes_no_route(recording: Recording) -> Recording:
    """A VM that does not heed the RA."""
    return without(recording, events=recording.happened("vm1", "route", "new", dst="default"))


@check("NDP-12", CalicoVmBoots(), role="guest", cloud="calico")
def test_tap_is_the_way_to_the_own_prefix(recording: Recording, notebook: Notebook) -> None:
    """Since no prefix is on-link, a VM sends what is for its own /64 to its tap, and solicits nobody for it.

    RFC 5942 section 4: that it has an address of the prefix does not make the prefix on-link.
    """
    heard = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    on_link = [ra for ra in heard if any(prefix.on_link for prefix in ra.prefixes)]
    notebook.stimulus([] if on_link else heard, "vm1 was told of a prefix on its link, or heard no RA")
    sent_to_the_tap(recording, notebook, "nobody")
    notebook.finding = f"packets for {plan.LAN_ABSENT} leave for the tap"


@edited(test_tap_is_the_way_to_the_own_prefix, because="not to the tap")
def vm_that_sends_to_its_link(recording: Recording) -> Recording:
    """A VM that takes its /64 to be on its link."""
    return rewritten(recording, _flow_frames(recording, "nobody"), _divert)


@played(test_tap_is_the_way_to_the_own_prefix, because="on its link")
def vm_that_invents_a_prefix() -> Broken:
    """An address with the historical prefix length of 64."""
    invents = OnLinkGuest("linux:invents-a-prefix", address=f"{plan.LAN_STATIC[6]}/64")
    return Broken(CalicoVmBoots(), {"guest": invents})


def _flow_frames(recording: Recording, to: str) -> list[Frame]:
    return [each.frame for flow in flows(recording, to=to)
            for each in passages(recording.at("vm1", "eth0", outgoing=True), flow, back=False)]


def _divert(packet: Any) -> None:
    packet.dst = "02:00:00:00:00:99"


@check("RA-05", CalicoVmBoots(), role="router", cloud="calico")
def test_tap_announces_stateful_dhcpv6(recording: Recording, notebook: Notebook) -> None:
    """RAs on a tap say what the mode dhcpv6-stateful is: M=1, and the subnet's prefix with A=0."""
    found = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    for ra in notebook.stimulus(found, "no Router Advertisement reached vm1"):
        notebook.expect(ra.managed, "the RA has M=0", ra)
        mine = [prefix for prefix in ra.prefixes if prefix.network == plan.LAN]
        notebook.expect(mine, f"the RA does not name {plan.LAN}", ra)
        notebook.expect(not any(prefix.autonomous for prefix in mine), f"{plan.LAN} has A=1", ra)
    notebook.finding = "M=1, and the subnet's prefix with A=0"


@edited(test_tap_announces_stateful_dhcpv6, because="M=0")
def tap_of_another_mode(recording: Recording) -> Recording:
    """RAs of a subnet whose addresses come by SLAAC."""

    def clear(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_RA].M = 0

    return rewritten(recording, router_advertisements(recording.frames), clear)


@check("DHCP6-04", CalicoVmBoots(), role="guest", cloud="calico", needs=("dhcpv6",))
def test_tap_leads_to_the_allocated_address(recording: Recording, notebook: Notebook) -> None:
    """On its tap a VM asks and is answered in four messages (RFC 8415 section 18.2), and takes the allocated address.

    Its lifetimes are the Reply's, within 2 s. With Rapid Commit, two messages are enough.
    """
    spoken = dhcpv6.messages(recording.at("vm1", "eth0"))
    replies = [each for each in spoken if each.name == "Reply" and each.addresses]
    solicits = notebook.stimulus([each for each in spoken if each.name == "Solicit"], "vm1 sent no Solicit")
    notebook.expect(replies, "vm1 was given no address", *solicits[:1])
    reply = replies[0]
    asked = [each for each in spoken if each.name in ("Request", "Solicit") and each.frame.ns < reply.frame.ns]
    names = [each.name for each in asked if each.transaction_id == reply.transaction_id]
    notebook.expect(names, "the Reply answers no message of vm1", reply)
    if names[-1] == "Request":
        request = next(each for each in reversed(asked) if each.name == "Request")
        offers = [each for each in spoken if each.name == "Advertise" and each.frame.ns < request.frame.ns]
        notebook.expect(offers, "vm1 requests an address that no server offered", request)
        known = request.server_duid in {each.server_duid for each in offers}
        notebook.expect(known, "vm1 requests from a server that offered nothing", request)
    notebook.expect(set(reply.addresses) == {ALLOCATED}, f"vm1 was given {reply.addresses[0]}", reply)
    held = [event for event in recording.happened("vm1", "address", "new", local=str(ALLOCATED))
            if "tentative" not in event.fields["flags"]]
    notebook.expect(held, f"vm1 did not take {ALLOCATED}", *held[:1])
    granted = reply.ia_na[0].addresses[0].valid
    differs = abs(held[0].fields["valid_life_time"] - granted)
    notebook.in_time(differs, ROUNDING + held[0].time - reply.time,
                     "vm1's address has another lifetime than the lease", held[0])
    notebook.finding = f"{', '.join(dict.fromkeys(each.name for each in spoken))}: vm1 has {ALLOCATED}"


@edited(test_tap_leads_to_the_allocated_address, because="did not take")
def vm_that_does_not_take_it(recording: Recording) -> Recording:
    """A client that does not configure what it was given."""
    return without(recording, events=recording.happened("vm1", "address", "new", local=str(ALLOCATED)))


@edited(test_tap_leads_to_the_allocated_address, because="another lifetime")
def vm_that_keeps_it_for_ever(recording: Recording) -> Recording:
    """A client that ignores lifetimes."""
    held = recording.happened("vm1", "address", "new", local=str(ALLOCATED))
    return rewritten_events(recording, list(held), valid_life_time=4294967295)
