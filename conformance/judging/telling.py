"""One frame in one line, with the fields that requirements are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6, mld, ndp


def told(frame: Frame) -> str:
    """What a frame is, from whom to whom, and what it says; frames of no known kind as Scapy sums them up."""
    way = "sent" if frame.outgoing else "received"
    for decode, tell in _KINDS:
        for view in decode([frame]):
            hops = f", hop limit {view.hop_limit}" if isinstance(view, ndp.NdMessage) and view.hop_limit != 255 else ""
            flaw = f", malformed: {view.malformed}" if view.malformed else ""
            return f"{way}: {view.source} > {view.destination}: {tell(view)}{hops}{flaw}"
    return f"{way}: {_summed_up(frame)}"


def _advertisement(ra: ndp.RouterAdvertisement) -> str:
    prefixes = "".join(
        f", prefix {each.prefix}/{each.length} L={each.on_link:d} A={each.autonomous:d} valid {each.valid} s"
        f" preferred {each.preferred} s" for each in ra.body.prefixes)
    return f"Router Advertisement M={ra.managed:d} O={ra.other:d} lifetime {ra.lifetime} s{prefixes}"


def _solicitation(rs: ndp.RouterSolicitation) -> str:
    return f"Router Solicitation{_link_layer('SLLAO', rs.sllao)}"


def _neighbour_solicitation(ns: ndp.NeighbourSolicitation) -> str:
    return f"Neighbour Solicitation for {ns.target}{_link_layer('SLLAO', ns.sllao)}"


def _neighbour_advertisement(na: ndp.NeighbourAdvertisement) -> str:
    flags = f"R={na.router:d} S={na.solicited:d} O={na.override:d}"
    return f"Neighbour Advertisement of {na.target} {flags}{_link_layer('TLLAO', na.tllao)}"


def _redirect(redirect: ndp.Redirect) -> str:
    return f"Redirect for {redirect.for_destination} to {redirect.target}"


def _dhcpv6(message: dhcpv6.Message) -> str:
    identities = "".join(f", IA_NA {ia.iaid:#x} T1 {ia.t1} s T2 {ia.t2} s" + "".join(
        f" {each.address} preferred {each.preferred} s valid {each.valid} s" for each in ia.addresses)
        for ia in message.ia_na)
    client = f", client {message.client_duid.hex(':')}" if message.client_duid else ""
    return f"DHCPv6 {message.name} {message.transaction_id:#08x}{client}{identities}"


def _report(report: mld.Report) -> str:
    what = "done" if report.done else f"report for {', '.join(map(str, report.groups)) or 'no group'}"
    return f"MLDv{report.version} {what}"


def _link_layer(name: str, address: str | None) -> str:
    return f", {name} {address}" if address else f", no {name}"


_KINDS: list[tuple[Callable[[Iterable[Frame]], list[Any]], Callable[[Any], str]]] = [
    (ndp.router_advertisements, _advertisement),
    (ndp.router_solicitations, _solicitation),
    (ndp.neighbour_solicitations, _neighbour_solicitation),
    (ndp.neighbour_advertisements, _neighbour_advertisement),
    (ndp.redirects, _redirect),
    (dhcpv6.messages, _dhcpv6),
    (mld.reports, _report),
]


def _summed_up(frame: Frame) -> str:
    # Scapy takes half a second to import: only where frames are described.
    from scapy.layers import dhcp6, inet, inet6  # noqa: F401, Ether knows the layers that are loaded
    from scapy.layers.l2 import Ether

    return str(Ether(frame.data).summary()).replace("Ether / ", "", 1)

